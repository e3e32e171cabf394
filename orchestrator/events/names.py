"""Who is at the other end: of an interface, of an address, of a session of BIRD's. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import BgpSession, RouterSettings, RouteServerSettings


class Party(NamedTuple):
    """Whom a session of a node's BIRD is with. ``family`` is 0 where it is of none."""

    protocol: str
    neighbour: str
    family: int


@dataclass(frozen=True)
class Names:
    """``far_ends``: (node, interface) → the node or switch at the other end of the link;
    ``owners``: address → the node that holds it, link-local ones too;
    ``sessions``: (node, BIRD's name of it) → whom it is with."""

    far_ends: dict[tuple[str, str], str]
    owners: dict[str, str]
    sessions: dict[tuple[str, str], Party]

    def neighbour(self, node: str, via: str, interface: str) -> str:
        """Who a next hop is: a node's name, or the address where nobody is known to have it."""
        return self.owners.get(via) or (via if via else self.far_end(node, interface))

    def far_end(self, node: str, interface: str) -> str:
        """What is at the other end of an interface; the interface itself where that is unknown."""
        return self.far_ends.get((node, interface), interface)


def names_of(plan: Plan) -> Names:
    """All names of a lab."""
    ends = [(link.a, link.b) for link in plan.links.values()]
    both = [*ends, *((b, a) for a, b in ends)]
    return Names(
        {(here.node, here.interface): there.node for here, there in both},
        {address: node.name for node in plan.nodes.values() for address in _addresses(node)},
        {
            (node.name, name): party
            for node in plan.nodes.values()
            for name, party in _sessions(node)
        },
    )


def _addresses(node: Node) -> Iterable[str]:
    """Those that no other node has; anycast ones say nothing of who it is."""
    yield from map(str, node.loopbacks)
    for port in node.interfaces:
        yield str(port.link_local)
        yield from (str(entry.ip) for entry in port.addresses)


def bgp_sessions(node: Node) -> Sequence[BgpSession]:
    """The BGP sessions of a node's BIRD, if it has one."""
    if isinstance(node.settings, RouterSettings | RouteServerSettings):
        return node.settings.sessions
    return node.speaker.sessions if node.speaker else ()


def speaks(node: Node) -> bool:
    """Whether BIRD runs at the node."""
    return isinstance(node.settings, RouterSettings | RouteServerSettings) or bool(node.speaker)


def _sessions(node: Node) -> Iterable[tuple[str, Party]]:
    for session in bgp_sessions(node):
        yield session.name, Party("BGP", session.neighbour_node, session.family)
    if isinstance(node.settings, RouterSettings):
        for server in node.settings.rtr:
            yield server.protocol, Party("RTR", server.node, 0)


def listed(names: Iterable[str], most: int = 3) -> str:
    """``a, b and 4 more``: each name once, the first of them in full."""
    unique = list(dict.fromkeys(names))
    if len(unique) <= most + 1:
        return ", ".join(unique)
    return f"{', '.join(unique[:most])} and {len(unique) - most} more"


def counted(count: int, thing: str, plural: str = "") -> str:
    """``1 prefix``, ``14 prefixes``."""
    return f"{count} {thing if count == 1 else plural or f'{thing}s'}"
