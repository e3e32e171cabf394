"""Where each node of a lab stands on the map: in the row of its network, in the column of its city.

Rows go from the home of the one who clicked over its provider and the transit in between to the
servers; columns from the home's side of the world to the other. A switch has no city of its own and
stands where its neighbours are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from orchestrator.plan.model import Node, Plan, Switch
from orchestrator.roles import ROLES
from orchestrator.spec.places import CITIES, Coordinates

# Up to so many nodes the map shows all of them.
MOST_NODES = 60
# The key of the area where all exchange points stand.
_IXPS = "ixps"
# Rows from top to bottom; what is not among them comes after.
_ROWS = (
    *("the home", "the provider", "transit", "where networks peer", "names", "resolver"),
    *("CDN", "data centre"),
)


@dataclass(frozen=True)
class Area:
    """A network: its name, what kind it is, and its nodes by city."""

    name: str
    about: str
    cells: dict[str, tuple[str, ...]]

    @property
    def height(self) -> int:
        """How many nodes stand in its fullest cell."""
        return max(len(names) for names in self.cells.values())


@dataclass(frozen=True)
class Atlas:
    """Cities from left to right, areas from top to bottom, and pairs of nodes with a link."""

    cities: tuple[str, ...]
    areas: tuple[Area, ...]
    links: tuple[tuple[str, str], ...]


def draw_atlas(
    plan: Plan, client: str, involved: Collection[str], *, most: int = MOST_NODES
) -> Atlas:
    """The lab, seen from ``client``; of one with more than ``most`` nodes only the networks that
    were ``involved``."""
    drawn = {name: _area_of(plan, name) for name in plan.nodes}
    exchanges = [s for s in plan.switches.values() if s.is_ixp]
    drawn |= {switch.name: _IXPS for switch in exchanges}
    if len(drawn) > most:
        wanted = {drawn[name] for name in (client, *involved) if name in drawn}
        drawn = {name: area for name, area in drawn.items() if area in wanted}
    cities = {name: _city(plan, name) for name in drawn}
    areas = [
        Area(_name(plan, area), _about(plan, area, client), _cells(plan, area, drawn, cities))
        for area in sorted(dict.fromkeys(drawn.values()), key=lambda a: _rank(plan, a, client))
    ]
    return Atlas(_columns(plan, cities, client), tuple(areas), tuple(_links(plan, drawn)))


def _area_of(plan: Plan, name: str) -> str:
    """The key of a node's area: its AS, or the home, site or exchange whose switch it is on.

    A route server's AS has no network of its own.
    """
    node = plan.nodes[name]
    if node.asn in plan.systems:
        return f"as{node.asn}"
    switch = next((s for s in _switches_of(plan, node)), None)
    if switch is None:
        return f"node {name}"
    if switch.is_ixp:
        return _IXPS
    members = [plan.nodes[m] for m in _members(plan, switch)]
    numbers = [m.asn for m in members if m.asn is not None]
    return f"as{numbers[0]}" if numbers else f"home {switch.name}"


def _switches_of(plan: Plan, node: Node) -> Iterator[Switch]:
    for port in node.interfaces:
        link = plan.links[port.link]
        for end in (link.a, link.b):
            if end.node in plan.switches:
                yield plan.switches[end.node]


def _members(plan: Plan, switch: Switch) -> list[str]:
    links = [plan.links[port.link] for port in switch.ports]
    return [end.node for link in links for end in (link.a, link.b) if end.node in plan.nodes]


def _city(plan: Plan, name: str) -> str:
    if name in plan.nodes:
        return plan.nodes[name].place
    places = Counter(plan.nodes[m].place for m in _members(plan, plan.switches[name]))
    return places.most_common(1)[0][0] if places else ""


def _cells(
    plan: Plan, area: str, drawn: dict[str, str], cities: dict[str, str]
) -> dict[str, tuple[str, ...]]:
    cells: dict[str, list[str]] = {}
    for name in (name for name, of in drawn.items() if of == area):
        cells.setdefault(cities[name], []).append(name)
    order = {city: sorted(names, key=lambda n: is_leaf(plan, n)) for city, names in cells.items()}
    return {city: tuple(names) for city, names in order.items()}


def is_leaf(plan: Plan, name: str) -> bool:
    """Whether a node serves or asks: it stands behind what routes."""
    return name in plan.nodes and not ROLES[plan.nodes[name].role].routes


def _name(plan: Plan, area: str) -> str:
    if area == _IXPS:
        return "Exchange points"
    if area.startswith("as"):
        system = plan.systems[int(area[2:])]
        return f"{system.name} (AS {system.asn})"
    return area.partition(" ")[2].removesuffix("-lan")


def _roles(plan: Plan, area: str) -> set[str]:
    return {node.role for name, node in plan.nodes.items() if _area_of(plan, name) == area}


def _about(plan: Plan, area: str, client: str) -> str:
    if area == _IXPS:
        return "where networks peer"
    if area.startswith("home"):
        return "the home" if area == _area_of(plan, client) else "another home"
    roles = _roles(plan, area)
    made = (role.network for name, role in ROLES.items() if name in roles)
    return next(filter(None, made), "transit")


def _rank(plan: Plan, area: str, client: str) -> tuple[int, str]:
    about = _about(plan, area, client)
    if area == _provider_of(plan, client):
        about = "the provider"
    return (_ROWS.index(about) if about in _ROWS else len(_ROWS)), about


def _provider_of(plan: Plan, client: str) -> str:
    """The area beyond the gateway of a client's home."""
    home = _area_of(plan, client)
    inside = {name for name in plan.nodes if _area_of(plan, name) == home}
    for link in plan.links.values():
        for here, there in ((link.a.node, link.b.node), (link.b.node, link.a.node)):
            if here in inside and there in plan.nodes and there not in inside:
                return _area_of(plan, there)
    return home


def _columns(plan: Plan, cities: dict[str, str], client: str) -> tuple[str, ...]:
    """By longitude, beginning at the client's side; what is not on the list of cities last."""
    east = {city: _coordinates(city)[1] for city in dict.fromkeys(cities.values()) if city}
    middle = sum(east.values()) / len(east) if east else 0.0
    from_east = east.get(plan.nodes[client].place, 0.0) >= middle
    columns = sorted(east, key=lambda city: -east[city] if from_east else east[city])
    return (*columns, *([""] if "" in cities.values() else []))


def _coordinates(place: str) -> Coordinates:
    """Of a city; a place may be written as coordinates too. (0, 0) where neither is known."""
    if place in CITIES:
        return CITIES[place]
    try:
        north, east = (float(part) for part in place.replace(",", " ").split())
    except ValueError:
        return 0.0, 0.0
    return north, east


def _links(plan: Plan, drawn: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Links between what is drawn; through a LAN's switch, between its router and the rest."""
    for link in plan.links.values():
        if link.a.node in drawn and link.b.node in drawn:
            yield link.a.node, link.b.node
    for switch in plan.switches.values():
        if not switch.is_ixp:
            members = sorted(_members(plan, switch), key=lambda n: is_leaf(plan, n))
            yield from ((members[0], member) for member in members[1:])
