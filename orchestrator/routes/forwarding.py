"""Where a packet goes, hop by hop, as the plan has it: for `lab plan`, before anything runs."""

from __future__ import annotations

from orchestrator.plan.addresses import Address, Family, Prefix, holds, of_family
from orchestrator.plan.hops import Hop, NoPath, Step, Wires, is_held, leased_to
from orchestrator.plan.kept import kept
from orchestrator.plan.model import AnycastService, Interface, Link, Node, Plan
from orchestrator.plan.services import GatewaySettings, HostSettings
from orchestrator.routes.bgp import ControlPlane, control_plane
from orchestrator.routes.fib import Tables

__all__ = ["ForwardingPlane", "Hop", "NoPath", "Step", "catchment", "round_trip_ms", "way_back"]


class ForwardingPlane:
    """The plan's links and routes, looked up by the question "which way from here?".

    ``outcome`` is the number of one of BGP's outcomes, where there are several.
    """

    def __init__(self, plan: Plan, outcome: int = 0) -> None:
        self.plan = plan
        self.control = ControlPlane(plan, outcome) if outcome else control_plane(plan)
        self._wires = Wires(plan)
        self._tables = Tables(plan, self.control, self._wires)

    def path(self, source: str, target: Address) -> list[Hop]:
        """The hops from a node to whoever has an address, the first of equal ways each time.

        Raises NoPath.
        """
        return self.paths(source, target, most=1)[0]

    def paths(self, source: str, target: Address, most: int = 16) -> list[list[Hop]]:
        """The equal ways, depth first and best first, ``most`` at most.

        Raises NoPath where one of them ends elsewhere.
        """
        found: list[list[Hop]] = []
        waiting: list[tuple[Hop, ...]] = [()]
        while waiting and len(found) < most:
            hops = waiting.pop()
            here = hops[-1].receiver if hops else source
            if is_held(self.plan.nodes[here], target):
                found.append(list(hops))
            elif any(hop.sender == here for hop in hops):
                raise NoPath(f"packets to {target} go in circles at {here}")
            else:
                steps = self.next_hops(here, target)
                waiting += [(*hops, *step) for step in reversed(steps)]
        return found

    @kept
    def next_hops(self, node: str, target: Address) -> tuple[Step, ...]:
        """The equal ways out of a node, best first; none where the node has the address.

        A way is a link, or two with a switch between them. Raises NoPath.
        """
        here, router = self.plan.nodes[node], self.control.routers.get(node)
        if is_held(here, target):
            return ()
        if router is None:
            return (self._from_server(here, target),)
        return tuple(self._tables.look_up(here, target))

    def steps_to(self, router: str, prefix: Prefix) -> list[Step]:
        """The equal ways of a router's BGP routes to an announced prefix, best first; none to
        its own. Raises NoPath."""
        return self._tables.to_prefix(self.plan.nodes[router], prefix)

    def _from_server(self, here: Node, target: Address) -> Step:
        """By links and static routes, else as DHCP and router advertisements will have it."""
        settings, steps = here.settings, self._tables.look_up_static(here, target)
        if steps:
            return steps[0]
        if isinstance(settings, GatewaySettings):
            return self._from_gateway(here, settings, target)
        asking = [port for port in here.interfaces if port.dhcp]
        if not isinstance(settings, HostSettings) or not asking:
            raise NoPath(f"{here.name} has no route to {target}")
        return self._on_lan(here, asking[0], settings.gateway, target)

    def _from_gateway(self, here: Node, settings: GatewaySettings, target: Address) -> Step:
        """A home gateway: to its LAN, else over its line."""
        outside = next(port for port in here.interfaces if port.dhcp)
        if holds(settings.lan6, target):
            inside = next(port for port in here.interfaces if not port.dhcp)
            return self._wires.cross(here.name, inside, target)
        if holds(settings.delegated, target):
            raise NoPath(f"nobody behind {here.name} has {target}")
        return self._wires.neighbours(here.name, outside)[0]

    def _on_lan(self, host: Node, port: Interface, gateway: str, target: Address) -> Step:
        """Over its LAN to whoever has ``target`` there, else to the gateway."""
        steps = self._wires.neighbours(host.name, port)
        holders = [s for s in steps if is_held(self.plan.nodes[s[-1].receiver], target)]
        gateways = [s for s in steps if s[-1].receiver == gateway]
        if not (holders or gateways):
            raise NoPath(f"{host.name} has no route to {target}")
        return (holders or gateways)[0]


def round_trip_ms(plane: ForwardingPlane, source: str, target: Address) -> float:
    """The delay of all links there and back, in milliseconds; 0 to the node itself.

    Raises NoPath, for the way back as well.
    """
    there = plane.path(source, target)
    return sum(hop.delay_ms for hop in (*there, *way_back(plane, source, target)))


def way_back(plane: ForwardingPlane, source: str, target: Address) -> list[Hop]:
    """The hops of the answer to a packet; none from the node itself.

    The way back is looked up by itself: it may be another. It leads to the address that the
    target sees: behind NAT, which IPv6 has none of, that is the gateway's, which then turns to
    its LAN. Raises NoPath.
    """
    there = plane.path(source, target)
    if not there:
        return []
    inside = _before_translation(plane.plan.nodes[source], there) if target.version == 4 else []
    seen, outside = inside[-1].receiver if inside else source, there[len(inside) :]
    turned = [hop.turned for hop in reversed(inside)]
    if not outside:
        return turned
    address = source_address(plane.plan.nodes[seen], outside[0].link, target.version)
    return [*plane.path(there[-1].receiver, address), *turned]


def source_address(node: Node, link: Link, family: Family) -> Address:
    """The address that a node sends from over a link: a loopback, else that of its port there,
    else what it was leased. Raises NoPath where it has none of that family."""
    port = next(port for port in node.interfaces if port.link == link.name)
    held = tuple(entry.ip for entry in port.addresses)
    usable = of_family((*node.loopbacks, *held, *leased_to(node)), family)
    if not usable:
        raise NoPath(f"{node.name} has no IPv{family} address")
    return usable[0]


def _before_translation(source: Node, there: list[Hop]) -> list[Hop]:
    """The hops of a path up to the gateway that translates its packets; none if none does."""
    gateway = getattr(source.settings, "gateway", "")
    at = next((n for n, hop in enumerate(there, 1) if hop.receiver == gateway), 0)
    return there[:at]


def catchment(plane: ForwardingPlane, service: AnycastService, family: Family) -> dict[str, str]:
    """The instance of an anycast service that answers each router; none where none is reached."""
    found: dict[str, str] = {}
    address = of_family(service.addresses, family)[0]
    for router in plane.control.routers:
        try:
            hops = plane.path(router, address)
        except NoPath:
            continue
        found[router] = hops[-1].receiver if hops else router
    return found
