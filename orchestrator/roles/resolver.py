"""A recursive BIND resolver that walks the tree from its own root hints."""

from __future__ import annotations

from orchestrator.plan.health import DnsCheck, HealthCheck
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import ResolverSettings
from orchestrator.roles.base import Files, Role, Template
from orchestrator.roles.speaking import speaker_checks, speaker_files

# A zone that BIND has of itself (RFC 6303): asking for it asks nobody else.
BUILT_IN = "127.in-addr.arpa."
# rndc's key is made in the node at start and never leaves it.
_START = (
    "rndc-confgen -a -q -A hmac-sha256 -c /run/rndc.key && exec named -g -n 1 -c /lab/named.conf"
)


def _checks(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    assert isinstance(node.settings, ResolverSettings)
    name = node.settings.probe
    checks = (DnsCheck(address, name, "A", authoritative=False) for address in node.served)
    return (*checks, *speaker_checks(node))


def _files(node: Node) -> Files:
    named = {name: Template(f"resolver/{name}") for name in ("named.conf", "root.hints")}
    return {**named, **speaker_files(node, "health-dns", zone=BUILT_IN)}


ROLE = Role(
    image="dns",
    command=("lab-serve", "sh", "-c", _START),
    files=_files,
    checks=_checks,
    daemons=("named",),
    answers_dns=True,
    network="resolver",
)
