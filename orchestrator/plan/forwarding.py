"""Where a packet goes, hop by hop, as the plan has it: for `lab plan`, before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from orchestrator.plan.bgp import ControlPlane
from orchestrator.plan.model import Interface, Link, Node, Plan
from orchestrator.plan.services import HostSettings

_LOOPBACK = "lo"
_MOST_HOPS = 64


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
    def turned(self) -> Hop:
        """The same link in the other direction."""
        return Hop(self.link, self.receiver, self.sender)


class NoPath(Exception):
    """The plan has no route; the message says where it ends."""


class ForwardingPlane:
    """The plan's links and routes, looked up by the question "which way from here?"."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.control = plan, ControlPlane(plan)
        self._at = {
            end.node: {link.name: link for link in plan.links.values() if end.node in _ends(link)}
            for link in plan.links.values()
            for end in (link.a, link.b)
        }

    def path(self, source: str, target: IPv4Address) -> list[Hop]:
        """The hops from a node to an address. Raises NoPath."""
        hops: list[Hop] = []
        here = self.plan.nodes[source]
        while not _holds(here, target):
            hops += self._towards(here, target)
            here = self.plan.nodes[hops[-1].receiver]
            if len(hops) > _MOST_HOPS:
                raise NoPath(f"packets to {target} go in circles at {here.name}")
        return hops

    def _towards(self, here: Node, target: IPv4Address) -> list[Hop]:
        """One hop of IP: a link, or two links with a switch between them."""
        for port in here.interfaces:
            if any(target in address.network for address in port.addresses):
                return self._cross(here, port, target)
        for route in here.routes:
            if target in route.destination:
                return self._towards(here, route.via)
        if here.role == "host":
            return self._on_lan(here, target)
        if here.role == "router":
            return self._route(here, target)
        raise NoPath(f"{here.name} has no route to {target}")

    def _on_lan(self, host: Node, target: IPv4Address) -> list[Hop]:
        """A host that asks DHCP: over its LAN to whoever has ``target`` there, else the gateway."""
        assert isinstance(host.settings, HostSettings)
        for port in host.interfaces:
            if port.dhcp:
                first = self._link_of(host.name, port)
                over = [Hop(link, first.receiver, o) for link, o in self._beyond(first.receiver)]
                holders = [hop for hop in over if self._is_at(hop.receiver, target)]
                gateways = [hop for hop in over if hop.receiver == host.settings.gateway]
                return [first, (holders or gateways)[0]]
        raise NoPath(f"{host.name} has no route to {target}")

    def _route(self, router: Node, target: IPv4Address) -> list[Hop]:
        """What BIRD would do: OSPF inside the AS; else towards the border router of the best
        BGP route, or to the neighbour behind it."""
        assert router.asn is not None
        inside = self._interior_holder(router, target)
        if inside is not None:
            return self._step(router, inside)
        origin = next((s for s in self.plan.systems.values() if target in s.prefix), None)
        if origin is None:
            raise NoPath(f"no AS announces {target}")
        if origin.asn == router.asn:
            raise NoPath(f"nobody in the AS has {target}")
        route = self.control.best_routes(origin.asn).get(router.name)
        if route is None or route.session is None:
            raise NoPath(f"{router.name} has no route to {origin.prefix}")
        if route.border != router.name:
            return self._step(router, route.border)
        return self._towards(router, route.session.neighbour)

    def _interior_holder(self, router: Node, target: IPv4Address) -> str | None:
        """The nearest router of the AS whose OSPF has ``target``, as its own or on a link of it.

        A link to another AS is not in OSPF: its addresses are known to the two at its ends.
        """
        costs = {
            (self.control.distances(router.name)[name][0] + port.cost, name)
            for name in self.plan.systems[self.control.routers[router.name].asn].routers
            for port in self.control.routers[name].ospf
            if self._is_behind(self.plan.nodes[name], port.interface, target)
        }
        return min(costs)[1] if costs else None

    def _is_behind(self, router: Node, interface: str, target: IPv4Address) -> bool:
        if interface == _LOOPBACK:
            return router.loopback == target
        return any(target in address.network for address in router.interface(interface).addresses)

    def _step(self, router: Node, towards: str) -> list[Hop]:
        """The first hop of OSPF's shortest path to another router of the AS."""
        _, first = self.control.distances(router.name).get(towards, (0, ""))
        for port in router.interfaces:
            hop = self._link_of(router.name, port)
            if hop.receiver == first:
                return [hop]
        raise NoPath(f"{router.name} cannot reach {towards}")

    def _link_of(self, node: str, port: Interface) -> Hop:
        link = self._at[node][port.link]
        return Hop(link, node, _other(link, node))

    def _beyond(self, switch: str) -> list[tuple[Link, str]]:
        """The links of a switch, each with the node at its other end."""
        return [(link, _other(link, switch)) for link in self._at[switch].values()]

    def _is_at(self, name: str, target: IPv4Address) -> bool:
        return name in self.plan.nodes and _holds(self.plan.nodes[name], target)

    def _cross(self, here: Node, port: Interface, target: IPv4Address) -> list[Hop]:
        """Over a link to its other end; over a switch to whoever has ``target`` on it."""
        first = self._link_of(here.name, port)
        if self._is_at(first.receiver, target):
            return [first]
        if first.receiver in self.plan.switches:
            for link, other in self._beyond(first.receiver):
                if self._is_at(other, target):
                    return [first, Hop(link, first.receiver, other)]
        raise NoPath(f"nobody on {port.link} has {target}")


def _ends(link: Link) -> tuple[str, str]:
    return link.a.node, link.b.node


def _other(link: Link, end: str) -> str:
    return link.b.node if link.a.node == end else link.a.node


def _holds(node: Node, address: IPv4Address) -> bool:
    """Whether a node has an address; a host's is the one it will be leased."""
    lease = getattr(node.settings, "lease", None)
    held = [entry.ip for port in node.interfaces for entry in port.addresses]
    return address in (*held, node.loopback, lease)


def round_trip_ms(plane: ForwardingPlane, source: str, target: IPv4Address) -> float:
    """The delay of all links there and back, in milliseconds; 0 to the node itself.

    The way back is looked up by itself: it may be another. It leads to the address that the
    target sees: behind NAT that is the gateway's, which then turns to its LAN. Raises NoPath.
    """
    there = plane.path(source, target)
    if not there:
        return 0.0
    inside = _before_translation(plane.plan.nodes[source], there)
    seen, outside = inside[-1].receiver if inside else source, there[len(inside) :]
    back = [hop.turned for hop in inside]
    if outside:
        address = _address(plane.plan.nodes[seen], outside[0].link)
        back += plane.path(there[-1].receiver, address)
    return sum(hop.delay_ms for hop in (*there, *back))


def _address(node: Node, link: Link) -> IPv4Address:
    """The address that a node sends from when it sends over a link."""
    if node.loopback is not None:
        return node.loopback
    port = next(port for port in node.interfaces if port.link == link.name)
    lease: IPv4Address | None = getattr(node.settings, "lease", None)
    return lease if port.dhcp and lease is not None else port.address


def _before_translation(source: Node, there: list[Hop]) -> list[Hop]:
    """The hops of a path up to the gateway that translates its packets; none if none does."""
    gateway = getattr(source.settings, "gateway", "")
    at = next((n for n, hop in enumerate(there, 1) if hop.receiver == gateway), 0)
    return there[:at]
