"""What a role is: everything that is the same for each node of a kind.

To add a role: write a module beside this one with a ``ROLE``, name it in ``__init__.py``,
and give it an image in ``images/`` and templates in ``render/templates/``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.plan.health import HealthCheck
from orchestrator.plan.model import Node, Plan

# Where a node finds its own rendered files.
LAB = "/lab"
# The process of every BGP speaker.
BIRD = "bird"

# Servers bind their well-known ports as plain users, so none of them needs to start as root.
# Docker turns IPv6 off where it brings no network. Link-local addresses follow from the MAC and
# are good at once; no address changes for privacy's sake, and those of an interface outlive that
# it is set down, as IPv4's do. Only roles that ask for it listen to router advertisements.
COMMON_SYSCTLS = {
    "net.ipv4.ip_unprivileged_port_start": "0",
    "net.ipv6.conf.all.disable_ipv6": "0",
    "net.ipv6.conf.default.disable_ipv6": "0",
    "net.ipv6.conf.default.addr_gen_mode": "0",
    "net.ipv6.conf.all.accept_dad": "0",
    "net.ipv6.conf.default.accept_dad": "0",
    "net.ipv6.conf.default.use_tempaddr": "0",
    "net.ipv6.conf.default.accept_ra": "0",
    "net.ipv6.conf.all.keep_addr_on_down": "1",
}
# Routers see asymmetric paths (no reverse-path filter), spread flows over equal paths by their
# ports, leave a route as soon as its carrier goes, and answer every probe of traceroute: from the
# interface it came in by, and at any rate. Rates are limited for the types of error in a mask:
# none of IPv4's; of IPv6's, where a mask cannot be empty, 127, which nobody sends (RFC 4443).
FORWARDING_SYSCTLS = {
    "net.ipv4.ip_forward": "1",
    "net.ipv4.conf.all.rp_filter": "0",
    "net.ipv4.conf.default.rp_filter": "0",
    "net.ipv4.conf.all.ignore_routes_with_linkdown": "1",
    "net.ipv4.conf.default.ignore_routes_with_linkdown": "1",
    "net.ipv4.fib_multipath_hash_policy": "1",
    "net.ipv4.icmp_ratemask": "0",
    "net.ipv4.icmp_errors_use_inbound_ifaddr": "1",
    "net.ipv6.conf.all.forwarding": "1",
    "net.ipv6.conf.all.ignore_routes_with_linkdown": "1",
    "net.ipv6.conf.default.ignore_routes_with_linkdown": "1",
    "net.ipv6.fib_multipath_hash_policy": "1",
    "net.ipv6.icmp.ratemask": "127",
}


@dataclass(frozen=True)
class Template:
    """A file to render: the template's name, and what it knows beside node and plan."""

    name: str
    context: Mapping[str, Any] = field(default_factory=dict)


Files = Mapping[str, Template]


@dataclass(frozen=True)
class Limits:
    """What one node may take of the machine; generous, so that only what runs wild meets them.

    pids         processes and threads
    memory_mib   memory, what is in its file systems included
    files_mib    each file system in memory: /run, /tmp
    cpu_shares   its part of the processor while others want it too, Docker's default being 1,024
    """

    pids: int = 1024
    memory_mib: int = 1024
    files_mib: int = 256
    cpu_shares: int = 1024


# Who keeps time for others goes first: a BFD session ends when its packets come 900 ms late.
ROUTING = Limits(cpu_shares=4096)


def fixed(folder: str, *names: str, **others: str) -> Callable[[Node], Files]:
    """The files of a role whose every node has the same ones, named as their templates are;
    ``others`` maps a file to a template of another folder."""
    files = {name: Template(f"{folder}/{name}") for name in names}
    files |= {name: Template(template) for name, template in others.items()}
    return lambda node: files


def no_checks(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    """For roles that serve nothing."""
    return ()


@dataclass(frozen=True)
class Role:
    """How a kind of node is run, and what it is to those who break, draw and list nodes.

    Paths in ``files`` are relative to ``/lab``. The user and the command are the image's own,
    unless ``command`` says another. ``tmpfs`` maps a path to mount options, beside /run and /tmp;
    ``waits_for`` names roles that must be ready before this one's daemons are let go, because it
    asks them at once; ``offers`` are the checks that those who wait for this role go by, where
    not all matter.

    daemons      names of its processes (comm), the one that it is there for first; () for clients
    browser      whether visits can be made from it
    answers_dns  whether it can be asked for names
    network      what the map calls an AS with such a node: "CDN"; "" where it does not tell. Of
                 several, the first in ROLES is meant
    limits       what it may take of the machine
    lane         whether it has a lane in the sequence diagram, or only passes on what others say
    """

    image: str
    files: Callable[[Node], Files]
    checks: Callable[[Node, Plan], tuple[HealthCheck, ...]] = no_checks
    command: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    read_only: bool = True
    tmpfs: Mapping[str, str] = field(default_factory=dict)
    sysctls: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    waits_for: tuple[str, ...] = ()
    offers: Callable[[Node, Plan], tuple[HealthCheck, ...]] | None = None
    daemons: tuple[str, ...] = ()
    browser: bool = False
    answers_dns: bool = False
    network: str = ""
    limits: Limits = Limits()
    lane: bool = True

    @property
    def forwards(self) -> bool:
        """Whether it passes packets on."""
        return FORWARDING_SYSCTLS.items() <= self.sysctls.items()

    @property
    def speaks(self) -> bool:
        """Whether it runs BIRD: BGP or OSPF with its neighbours."""
        return BIRD in self.daemons

    @property
    def routes(self) -> bool:
        """Whether it has a part in where packets go, rather than sends, asks or serves."""
        return self.forwards or self.speaks
