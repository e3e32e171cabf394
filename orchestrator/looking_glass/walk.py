"""One packet's way, hop by hop, put together from what each node's kernel says it would do.

The walk sends nothing. At each node it asks for the verdict on the packet as it is there: with
the address that NAT gave it, from the interface it came in by. The plan says who is at the other
end of a link. The way back is a walk of its own, from where the first one ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address

from orchestrator.errors import LabError
from orchestrator.plan.addresses import Address, holds
from orchestrator.plan.hops import Hop as Crossing
from orchestrator.plan.hops import NoPath, Step, Wires
from orchestrator.plan.model import Interface, Node, Plan
from orchestrator.plan.services import GatewaySettings
from orchestrator.runtime.kernel.fib import Flow, Packet, Verdict
from orchestrator.runtime.links.state import LinkState

# A node's verdict on a packet. May raise LabError: the node does not run.
Ask = Callable[[str, Packet], Verdict]
_LOOPBACK = "lo"


@dataclass(frozen=True)
class Hop:
    """A node on the way, and what it does with the packet; ``notes`` say what else happens."""

    node: str
    asn: int | None
    packet: Packet
    verdict: Verdict
    interface: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Way:
    """The hops from a node to an address; ``problem`` is "" if the packet arrives."""

    hops: tuple[Hop, ...]
    problem: str = ""

    @property
    def reached(self) -> bool:
        """Whether the last node takes the packet for itself."""
        return not self.problem

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of the nodes, first to last."""
        return tuple(hop.node for hop in self.hops)

    @property
    def systems(self) -> tuple[int, ...]:
        """The ASes crossed, each once; what stands behind NAT has none."""
        numbers = [hop.asn for hop in self.hops if hop.asn is not None]
        return tuple(dict.fromkeys(numbers))

    @property
    def last(self) -> Hop:
        """The node where the way ends."""
        return self.hops[-1]


@dataclass(frozen=True)
class Walker:
    """Walks the ways of one lab. ``links`` tells those that were cut."""

    plan: Plan
    ask: Ask
    links: Mapping[str, LinkState] = field(default_factory=dict)

    def there(self, start: str, target: Address, flow: Flow) -> Way:
        """The way from a node to an address, sent from the address that its kernel picks."""
        packet = Packet(target, None, flow)
        source = self.ask(start, packet).source
        return self._walk(start, replace(packet, source=source))

    def back(self, there: Way) -> Way:
        """The way of the answer: from where a way ended to the address that is seen there.

        Where that is a gateway's, which translated the packet, it goes on to who sent it.
        """
        first, last = there.hops[0].packet, there.last.packet
        assert first.source is not None
        assert last.source is not None
        answer = Packet(last.source, last.target, last.flow.turned)
        way = self._walk(there.last.node, answer)
        if not way.reached or last.source == first.source:
            return way
        turned = replace(way.last.packet, target=first.source)
        inside = self._walk(way.last.node, turned)
        note = f"NAT: to {last.source} becomes to {first.source}"
        turning = replace(inside.hops[0], notes=(note, *inside.hops[0].notes))
        return Way((*way.hops[:-1], turning, *inside.hops[1:]), inside.problem)

    def _walk(self, start: str, packet: Packet) -> Way:
        hops: list[Hop] = []
        try:
            for hop in self._hops(start, packet):
                hops.append(hop)
        except (NoPath, LabError) as problem:
            return Way(tuple(hops), str(problem).partition("\n")[0])
        return Way(tuple(hops))

    def _hops(self, start: str, packet: Packet) -> Iterator[Hop]:
        """Each node on the way. Raises NoPath, or what ``ask`` raises, where it breaks off."""
        here, wires, seen = self.plan.nodes[start], Wires(self.plan), set[str]()
        while True:
            verdict = self.ask(here.name, packet)
            port = _port(here, verdict)
            sent = self._translated(here, port, packet)
            notes = () if sent is packet else (f"NAT: from {packet.source} to {sent.source}",)
            yield Hop(here.name, here.asn, packet, verdict, port.name if port else "", notes)
            if verdict.kind == "local":
                return
            if verdict.kind != "unicast" or port is None or verdict.chosen is None:
                raise NoPath(_refused(here, verdict, packet.target))
            if here.name in seen:
                raise NoPath(f"packets to {packet.target} go in circles at {here.name}")
            seen.add(here.name)
            step = wires.cross(here.name, port, verdict.chosen.via or packet.target)
            self._refuse_cut(step)
            here = self.plan.nodes[step[-1].receiver]
            packet = replace(sent, interface=_entrance(here, step[-1]).index)

    def _translated(self, here: Node, port: Interface | None, packet: Packet) -> Packet:
        """The packet as it leaves a node: a home gateway puts its own address in (RFC 3022)."""
        settings = here.settings
        if not isinstance(settings, GatewaySettings) or port is None or not port.dhcp:
            return packet
        inside = packet.source is not None and holds(settings.lan, packet.source)
        if not inside or not isinstance(packet.target, IPv4Address):
            return packet
        # The address of the line, as the kernel picks it for what is sent from here.
        born_here = replace(packet, source=None, interface=0)
        return replace(packet, source=self.ask(here.name, born_here).source)

    def _refuse_cut(self, step: Step) -> None:
        for crossing in step:
            state = self.links.get(crossing.link.name)
            direction = "ab" if crossing.sender == crossing.link.a.node else "ba"
            if state is not None and (state.down or direction in state.blackholes):
                how = "is down" if state.down else "swallows frames"
                raise NoPath(f"{crossing.link.name} {how} on the way to {crossing.receiver}")


def _port(node: Node, verdict: Verdict) -> Interface | None:
    """The interface that a verdict chose, None for the loopback."""
    chosen = verdict.chosen
    return next((p for p in node.interfaces if chosen and p.index == chosen.interface), None)


def _entrance(node: Node, crossing: Crossing) -> Interface:
    """The interface by which a packet comes in."""
    return next(port for port in node.interfaces if port.link == crossing.link.name)


def _refused(here: Node, verdict: Verdict, target: Address) -> str:
    if verdict.prefix is None:
        return f"{here.name} has no route to {target}"
    who = f"{verdict.prefix} of {verdict.protocol}"
    return f"{here.name} drops packets to {target}: {verdict.kind} ({who})"


def difference(there: Way, back: Way) -> str:
    """How the way back differs from the way there; "" if it is the same, turned round."""
    if back.nodes == there.nodes[::-1]:
        return ""
    if back.systems == there.systems[::-1]:
        others = [name for name in back.nodes if name not in there.nodes]
        if not others:
            return "the way back crosses the same nodes in another order"
        return f"the way back is another inside the same ASes: by {', '.join(others)}"
    path = " ".join(map(str, back.systems))
    return f"the way back is another: it crosses the ASes {path}"
