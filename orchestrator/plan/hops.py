"""Who is at the other end: links crossed one by one, and switches with all behind them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from orchestrator.plan.addresses import Address
from orchestrator.plan.model import Endpoint, Interface, Link, Node, Plan
from orchestrator.plan.services import GatewaySettings, HostSettings


@dataclass(frozen=True)
class Hop:
    """One crossing of a link: from a node or switch to the next."""

    link: Link
    sender: str
    receiver: str

    @property
    def delay_ms(self) -> float:
        """The delay of the link in the direction that is crossed, in milliseconds."""
        there = self.link.ab if self.sender == self.link.a.node else self.link.ba
        return there.delay_ms

    @property
    def far_end(self) -> Endpoint:
        """The interface that it arrives at."""
        return self.link.b if self.link.a.node == self.sender else self.link.a

    @property
    def turned(self) -> Hop:
        """The same link in the other direction."""
        return Hop(self.link, self.receiver, self.sender)


# One hop of IP: a link, or two links with a switch between them.
Step = tuple[Hop, ...]


class NoPath(Exception):
    """The plan has no route; the message says where it ends."""


class Wires:
    """The links of a plan, looked up from their ends."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._at: dict[str, list[Link]] = defaultdict(list)
        for link in plan.links.values():
            self._at[link.a.node].append(link)
            self._at[link.b.node].append(link)

    def cross(self, node: str, port: Interface, target: Address) -> Step:
        """From a port to whoever has ``target`` on its link or LAN. Raises NoPath."""
        for step in self.neighbours(node, port):
            if self._has(step[-1].far_end, target):
                return step
        raise NoPath(f"nobody on {port.link} has {target}")

    def neighbours(self, node: str, port: Interface) -> list[Step]:
        """Every node that one hop leads to: one over a link, all others of a LAN."""
        link = self._plan.links[port.link]
        first = Hop(link, node, _other(link, node))
        if first.receiver not in self._plan.switches:
            return [(first,)]
        switch = first.receiver
        onwards = [Hop(other, switch, _other(other, switch)) for other in self._at[switch]]
        return [(first, hop) for hop in onwards if hop.link is not link]

    def _has(self, end: Endpoint, target: Address) -> bool:
        node = self._plan.nodes.get(end.node)
        if node is None:
            return False
        if target.is_link_local:
            return node.interface(end.interface).link_local == target
        return is_held(node, target)


def _other(link: Link, end: str) -> str:
    return link.b.node if link.a.node == end else link.a.node


def leased_to(node: Node) -> tuple[Address, ...]:
    """The addresses that a node will be given, those of a gateway's line first."""
    settings = node.settings
    if isinstance(settings, HostSettings):
        return settings.leases
    if isinstance(settings, GatewaySettings):
        return (settings.wan, settings.wan6, settings.address, settings.address6)
    return ()


def is_held(node: Node, address: Address) -> bool:
    """Whether a node answers at an address: its own, or one that it shares with others."""
    if address in node.loopbacks or address in node.anycast or address in leased_to(node):
        return True
    return any(address == entry.ip for port in node.interfaces for entry in port.addresses)
