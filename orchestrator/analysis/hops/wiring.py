"""What a plan says of the way of a frame: where it can go next, and where it ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.analysis.packets.frames import Frame
from orchestrator.plan.model import Endpoint, Node, Plan
from orchestrator.plan.routing import RouterSettings, RouteServerSettings
from orchestrator.plan.services import GatewaySettings

_FORWARDING = (RouterSettings, RouteServerSettings, GatewaySettings)

Port = tuple[str, str]


class Wiring:
    """A plan's wires, looked up by (node, interface); a node may be a switch.

    peers      the other end of the link there
    delays_ns  the plan's delay for what leaves there
    switches, gateways  the names of such nodes
    """

    def __init__(self, plan: Plan) -> None:
        self.switches = frozenset(plan.switches)
        self.gateways = frozenset(_named(plan, GatewaySettings))
        self.peers: dict[Port, Endpoint] = {}
        self.delays_ns: dict[Port, int] = {}
        for link in plan.links.values():
            for here, there, impairment in ((link.a, link.b, link.ab), (link.b, link.a, link.ba)):
                self.peers[here.node, here.interface] = there
                self.delays_ns[here.node, here.interface] = round(impairment.delay_ms * 1e6)
        self._macs = {
            (node.name, port.name): bytes.fromhex(port.mac.replace(":", ""))
            for node in plan.nodes.values()
            for port in node.interfaces
        }
        forwarding = _named(plan, _FORWARDING)
        self._owned = {name: frozenset(_addresses(plan.nodes[name])) for name in forwarding}

    def forwards(self, node: str) -> bool:
        """Whether a node passes packets of others on: routers and gateways do."""
        return node in self._owned

    def takes(self, frame: Frame) -> bool:
        """Whether a node hears a frame that came in: it is for its MAC address, or for many."""
        if frame.outbound or frame.node in self.switches:
            return False
        target = frame.captured.data[:6]
        mac = self._macs.get((frame.node, frame.captured.interface))
        return target == mac or bool(target and target[0] & 1)

    def ends(self, frame: Frame) -> bool:
        """Whether a packet that came in is at its end: it is for this node, which may be a host,
        or was not for this node at all (a switch sent it everywhere)."""
        if frame.node in self.switches:
            return False
        owned = self._owned.get(frame.node)
        if owned is None or not self.takes(frame):
            return True
        return frame.target in owned or _stays_on_link(frame.target)


def _named(plan: Plan, kinds: Any) -> list[str]:
    return [name for name, node in plan.nodes.items() if isinstance(node.settings, kinds)]


def _addresses(node: Node) -> Iterator[bytes]:
    held = [entry.ip for port in node.interfaces for entry in port.addresses]
    for address in (*held, *node.loopbacks, *node.anycast):
        yield address.packed
    settings = node.settings
    if isinstance(settings, GatewaySettings):
        for own in (settings.address, settings.address6, settings.wan, settings.wan6):
            yield own.packed


def _stays_on_link(target: bytes) -> bool:
    """Multicast, broadcast and link-local addresses (RFC 4291, 2.4; RFC 919)."""
    if len(target) == 4:
        return target[0] >= 0xE0 or target[3] == 0xFF
    return target[:1] == b"\xff" or (target[:1] == b"\xfe" and target[1] & 0xC0 == 0x80)
