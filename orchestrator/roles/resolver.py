"""A recursive BIND resolver that walks the tree from its own root hints."""

from __future__ import annotations

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.probes import DnsProbe, Probe
from orchestrator.plan.services import ResolverSettings
from orchestrator.roles.base import Role, fixed

# rndc's key is made in the node at start and never leaves it.
_START = (
    "rndc-confgen -a -q -A hmac-sha256 -c /run/rndc.key && exec named -g -4 -n 1 -c /lab/named.conf"
)


def _probes(node: Node, plan: Plan) -> tuple[Probe, ...]:
    assert isinstance(node.settings, ResolverSettings)
    return (DnsProbe(node.address, node.settings.probe, "A", authoritative=False),)


ROLE = Role(
    image="dns",
    command=("sh", "-c", _START),
    files=fixed("resolver", "named.conf", "root.hints"),
    probes=_probes,
)
