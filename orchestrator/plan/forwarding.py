"""Where a packet goes, hop by hop, as the plan has it: for `lab plan`, before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from orchestrator.plan.bgp import ControlPlane
from orchestrator.plan.model import Interface, Link, Node, Plan

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
            return self._to_gateway(here)
        if here.role == "router":
            return self._route(here, target)
        raise NoPath(f"{here.name} has no route to {target}")

    def _to_gateway(self, host: Node) -> list[Hop]:
        """A host that asks DHCP learns its default route from the gateway of its LAN."""
        gateways = {n.name for n in self.plan.with_role("gateway")}
        for port in host.interfaces:
            for switch_hop in self._links_of(host.name, port):
                for link in self._at[switch_hop.receiver].values():
                    other = next(name for name in _ends(link) if name != switch_hop.receiver)
                    if other in gateways:
                        return [switch_hop, Hop(link, switch_hop.receiver, other)]
        raise NoPath(f"{host.name} has no gateway")

    def _route(self, router: Node, target: IPv4Address) -> list[Hop]:
        """What BIRD would do: towards the border router, or to the neighbour behind it."""
        origin = next((s for s in self.plan.systems.values() if target in s.prefix), None)
        if origin is None:
            raise NoPath(f"no AS announces {target}")
        if origin.asn == router.asn:
            return self._step(router, self._last_router(origin.routers, target))
        route = self.control.best_routes(origin.asn).get(router.name)
        if route is None or route.session is None:
            raise NoPath(f"{router.name} has no route to {origin.prefix}")
        if route.border != router.name:
            return self._step(router, route.border)
        return self._towards(router, route.session.neighbour)

    def _last_router(self, routers: tuple[str, ...], target: IPv4Address) -> str:
        """The router of an AS that has ``target``, or is on the same link as it."""
        for name in routers:
            node = self.plan.nodes[name]
            networks = [a.network for port in node.interfaces for a in port.addresses]
            if _holds(node, target) or any(target in network for network in networks):
                return name
        raise NoPath(f"nobody in the AS has {target}")

    def _step(self, router: Node, towards: str) -> list[Hop]:
        """The first hop of OSPF's shortest path to another router of the AS."""
        _, first = self.control.distances(router.name).get(towards, (0, ""))
        for port in router.interfaces:
            for hop in self._links_of(router.name, port):
                if hop.receiver == first:
                    return [hop]
        raise NoPath(f"{router.name} cannot reach {towards}")

    def _links_of(self, node: str, port: Interface) -> list[Hop]:
        link = self._at[node][port.link]
        return [Hop(link, node, next(name for name in _ends(link) if name != node))]

    def _cross(self, here: Node, port: Interface, target: IPv4Address) -> list[Hop]:
        """Over a link to its other end; over a switch to whoever has ``target`` on it."""
        first = self._links_of(here.name, port)[0]
        if first.receiver not in self.plan.switches:
            return [first]
        for link in self._at[first.receiver].values():
            other = next(name for name in _ends(link) if name != first.receiver)
            if other in self.plan.nodes and _holds(self.plan.nodes[other], target):
                return [first, Hop(link, first.receiver, other)]
        raise NoPath(f"nobody on {first.receiver} has {target}")


def _ends(link: Link) -> tuple[str, str]:
    return link.a.node, link.b.node


def _holds(node: Node, address: IPv4Address) -> bool:
    """Whether a node has an address; a host's is the one it will be leased."""
    lease = getattr(node.settings, "lease", None)
    held = [entry.ip for port in node.interfaces for entry in port.addresses]
    return address in (*held, node.loopback, lease)


def round_trip_ms(plane: ForwardingPlane, source: str, target: IPv4Address) -> float:
    """The delay of all links there and back, in milliseconds; NAT's public side answers for a LAN.

    The way back is looked up by itself: it may be another.
    """
    there = plane.path(source, target)
    public = next(
        (plane.plan.nodes[hop.receiver] for hop in there if _is_gateway(plane.plan, hop.receiver)),
        plane.plan.nodes[source],
    )
    home = public.interfaces[0].address if public.role == "gateway" else public.address
    back = plane.path(there[-1].receiver, home)
    inside = [hop for hop in there if hop.link.name in _lan_links(plane.plan, source)]
    return sum(hop.delay_ms for hop in [*there, *back]) + sum(h.delay_ms for h in inside)


def _is_gateway(plan: Plan, name: str) -> bool:
    return name in plan.nodes and plan.nodes[name].role == "gateway"


def _lan_links(plan: Plan, source: str) -> set[str]:
    """The links of a home's LAN that a host's packets cross before they are translated."""
    return {port.link for port in plan.nodes[source].interfaces if port.dhcp}
