"""What a role is: everything that is the same for each node of a kind.

To add a role: write a module beside this one with a ``ROLE``, name it in ``__init__.py``,
and give it an image in ``images/`` and templates in ``render/templates/``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.probes import Probe

# Where a node finds its own rendered files.
LAB = "/lab"

# Servers bind their well-known ports as plain users, so none of them needs to start as root.
# IPv6 is off until the plan hands out IPv6 addresses: link-local chatter would fill captures.
COMMON_SYSCTLS = {
    "net.ipv4.ip_unprivileged_port_start": "0",
    "net.ipv6.conf.all.disable_ipv6": "1",
    "net.ipv6.conf.default.disable_ipv6": "1",
}
# Routers see asymmetric paths (no reverse-path filter), answer every traceroute probe (no
# rate limit), from the interface it came in by, and leave a route as soon as its carrier goes.
FORWARDING_SYSCTLS = {
    "net.ipv4.ip_forward": "1",
    "net.ipv4.conf.all.rp_filter": "0",
    "net.ipv4.conf.default.rp_filter": "0",
    "net.ipv4.conf.all.ignore_routes_with_linkdown": "1",
    "net.ipv4.conf.default.ignore_routes_with_linkdown": "1",
    "net.ipv4.icmp_ratelimit": "0",
    "net.ipv4.icmp_errors_use_inbound_ifaddr": "1",
}


@dataclass(frozen=True)
class Template:
    """A file to render: the template's name, and what it knows beside node and plan."""

    name: str
    context: Mapping[str, Any] = field(default_factory=dict)


Files = Mapping[str, Template]


def fixed(folder: str, *names: str) -> Callable[[Node], Files]:
    """The files of a role whose every node has the same ones, named as their templates are."""
    files = {name: Template(f"{folder}/{name}") for name in names}
    return lambda node: files


def no_probes(node: Node, plan: Plan) -> tuple[Probe, ...]:
    """For roles that serve nothing."""
    return ()


@dataclass(frozen=True)
class Role:
    """How a kind of node is run. Paths in ``files`` are relative to ``/lab``.

    The user and the command are the image's own, unless ``command`` says another.
    ``tmpfs`` maps a path to mount options, beside /run and /tmp; ``waits_for`` names roles
    that must be ready before this one's daemons are let go, because it asks them at once.
    """

    image: str
    files: Callable[[Node], Files]
    probes: Callable[[Node, Plan], tuple[Probe, ...]] = no_probes
    command: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    read_only: bool = True
    tmpfs: Mapping[str, str] = field(default_factory=dict)
    sysctls: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    waits_for: tuple[str, ...] = ()
    browser: bool = False
