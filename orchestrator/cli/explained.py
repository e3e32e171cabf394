"""`lab plan --path FROM TO` and `--anycast NAME`: why a packet will go where it will go."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from orchestrator.cli.layout import Output
from orchestrator.cli.planned import system_of
from orchestrator.cli.tables import Column
from orchestrator.errors import unknown
from orchestrator.plan.addresses import FAMILIES, Address, of_family
from orchestrator.plan.model import Plan
from orchestrator.routes.bgp import control_plane
from orchestrator.routes.forwarding import ForwardingPlane, Hop, NoPath, catchment, way_back

# Of the routes a router did not choose, this many are told.
MOST_REJECTED = 3


def print_path(output: Output, plan: Plan, source: str, target: str) -> None:
    """The path from one node or AS to another, of each family, with what decides at each router."""
    start, addresses = _start(plan, source), _addresses(plan, target)
    plane = ForwardingPlane(plan)
    for family in FAMILIES:
        for address in of_family(addresses, family)[:1]:
            output.say(f"{start} to {target} over IPv{family}, {address}:")
            try:
                path = plane.path(start, address)
            except NoPath as reason:
                output.say(f"no path: {reason}", "  ")
                continue
            for margin, line in _told(plan, path, address):
                output.say(line, margin)
            for line in _told_back(plane, start, address, path):
                output.say(line, "  ")


def _told_back(
    plane: ForwardingPlane, start: str, target: Address, there: list[Hop]
) -> Iterator[str]:
    """Where the answer goes, if by another way than the packet came, or nowhere."""
    try:
        back = way_back(plane, start, target)
    except NoPath as reason:
        yield f"no way back, so nobody sees an answer: {reason}"
        return
    if [hop.receiver for hop in back] != [hop.sender for hop in reversed(there)]:
        nodes = [hop.receiver for hop in back if hop.receiver in plane.plan.nodes]
        yield f"back by another way: {' '.join(nodes)}"


def _start(plan: Plan, name: str) -> str:
    system = system_of(plan, name)
    if name not in plan.nodes and system is None:
        known = [*plan.nodes, *(s.name for s in plan.systems.values())]
        hint = "see 'lab plan' for the nodes and ASes there are"
        raise unknown("node or AS", name, known, hint=hint)
    return name if name in plan.nodes or system is None else system.routers[0]


def _addresses(plan: Plan, name: str) -> tuple[Address, ...]:
    """What a target is reached by: an anycast service, a node, an AS, or an address itself."""
    if name in plan.anycast:
        return plan.anycast[name].addresses
    try:
        return (ip_address(name),)
    except ValueError:
        node = plan.nodes[_start(plan, name)]
    leases: tuple[Address, ...] = getattr(node.settings, "leases", ())
    return leases or node.addresses


def _told(plan: Plan, path: list[Hop], target: Address) -> Iterator[tuple[str, str]]:
    """What stands in the margin, and what is told."""
    milliseconds, control = 0.0, control_plane(plan)
    for hop in path:
        node = plan.nodes.get(hop.sender)
        if node is not None:
            where = f"AS {node.asn}" if node.asn else node.role
            yield f"  {milliseconds:7.2f} ms  ", f"{node.name} ({where})"
            prefix = control.lookup(node.name, target) if node.name in control.routers else None
            if prefix is not None:
                for mark, line in _decision(plan, node.name, prefix):
                    yield f"{'':14}{mark} ", line
        milliseconds += hop.delay_ms
    if path:
        yield f"  {milliseconds:7.2f} ms  ", path[-1].receiver


def _decision(plan: Plan, router: str, prefix: Any) -> Iterator[tuple[str, str]]:
    candidates = control_plane(plan).explain(router, prefix)
    for candidate in candidates[: MOST_REJECTED + 1]:
        route = candidate.route
        path = " ".join(map(str, route.as_path)) or "inside the AS"
        mark = "→" if candidate.used else " "
        why = f"; lost by {candidate.reason}" if candidate.reason else ""
        yield mark, f"{prefix} from {candidate.told_by}: {path} ({route.relation}){why}"
    if len(candidates) > MOST_REJECTED + 1:
        yield " ", f"and {len(candidates) - MOST_REJECTED - 1} more"


def print_catchment(output: Output, plan: Plan, name: str) -> None:
    """Which instance of an anycast service the routers of each AS reach."""
    if name not in plan.anycast:
        raise unknown("anycast service", name, plan.anycast)
    columns = [Column(name) for name in ("AS", "router", *(f"IPv{f}" for f in FAMILIES))]
    rows = catchment_rows(plan, name)
    output.table(columns, [(str(asn), router, *answers) for asn, router, answers in rows])


def catchment_rows(plan: Plan, name: str) -> Iterator[tuple[int, str, list[str]]]:
    """ASN, router, and the instance that answers it over IPv4 and IPv6, "–" where none does."""
    plane, service = ForwardingPlane(plan), plan.anycast[name]
    caught = [catchment(plane, service, family) for family in FAMILIES]
    for system in plan.systems.values():
        for router in system.routers:
            yield system.asn, router, [answers.get(router, "–") for answers in caught]
