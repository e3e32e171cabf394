"""What BIRD knows about an address: `show route for … all`, read into values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network

from orchestrator.errors import DeployError
from orchestrator.plan.addresses import Address, Prefix
from orchestrator.refusals import why
from orchestrator.runtime.daemons.health import bird
from orchestrator.runtime.engine.containers import Container

TABLES = {4: "master4", 6: "master6"}
# An answer's lines follow a code and a dash, or a space where the code is as before.
_LINE = re.compile(r"^(?:\d{4}[- ]| )(.*)$", re.MULTILINE)
_ROUTE = re.compile(
    r"^(?P<prefix>\S+/\d+)?\s+(?P<kind>\w+) "
    r"\[(?P<session>\S+) (?P<since>\S+)(?: from (?P<teller>\S+))?\](?P<best> \*)?"
    r".*?\((?P<preference>\d+)-?(?:/(?P<metric>\d+|\?))?(?:/\d+)?\)"
)
_VIA = re.compile(r"^\t(?:via (?P<via>\S+) on|dev) (?P<interface>\S+)")
_ATTRIBUTE = re.compile(r"^\t(?P<name>[\w.]+): ?(?P<value>.*)$")
_NUMBERS = re.compile(r"\(([\d, ]+)\)")

Community = tuple[int, ...]


@dataclass(frozen=True)
class RibHop:
    """A next hop of a route, with BIRD's name of the interface; None where it is on the link."""

    via: Address | None
    interface: str


@dataclass(frozen=True)
class RibRoute:
    """One route of a router, as BIRD has it.

    ``source`` is "BGP", "OSPF", "static", …; ``session`` the protocol it came over, ``teller`` the
    neighbour's address where that is not the next hop; ``metric`` the interior cost to the next
    hop, or OSPF's own. ``communities`` are the plain (RFC 1997) and the large ones (RFC 8092).
    """

    prefix: Prefix
    kind: str
    source: str
    session: str
    since: str
    best: bool
    teller: Address | None
    hops: tuple[RibHop, ...]
    preference: int
    metric: int | None
    as_path: tuple[int, ...]
    next_hop: Address | None
    local_pref: int | None
    med: int | None
    communities: tuple[Community, ...]
    originator: IPv4Address | None
    clusters: tuple[IPv4Address, ...]


def routes_to(container: Container, address: Address) -> list[RibRoute]:
    """All routes of a router to the longest prefix around an address; none where it has none.

    Raises DeployError where BIRD does not answer.
    """
    table = TABLES[address.version]
    try:
        return read_routes(bird(container, f"show route for {address} all table {table}"))
    except OSError as error:
        hint = f"what it said: lab logs {container.node}"
        raise DeployError(f"{container.node}: BIRD does not answer: {why(error)}", hint) from None


def lines_of(answer: str) -> list[str]:
    """The lines of BIRD's answer without its codes."""
    return _LINE.findall(answer)


def read_routes(answer: str) -> list[RibRoute]:
    """The routes of `show route … all`, in BIRD's order: the best one first."""
    routes: list[RibRoute] = []
    prefix, blocks = "", list(_blocks(lines_of(answer)))
    for head, rest in blocks:
        prefix = head["prefix"] or prefix
        routes.append(_route(prefix, head, rest))
    return routes


def _blocks(lines: Iterable[str]) -> Iterator[tuple[re.Match[str], list[str]]]:
    """Each route's first line and those that belong to it."""
    head: re.Match[str] | None = None
    rest: list[str] = []
    for line in lines:
        found = _ROUTE.match(line)
        if found is None:
            rest.append(line)
            continue
        if head is not None:
            yield head, rest
        head, rest = found, []
    if head is not None:
        yield head, rest


def _route(prefix: str, head: re.Match[str], lines: list[str]) -> RibRoute:
    said = {found["name"]: found["value"] for line in lines if (found := _ATTRIBUTE.match(line))}
    metric = head["metric"] if head["metric"] not in (None, "?") else None
    next_hop, clusters = said.get("BGP.next_hop", ""), said.get("BGP.cluster_list", "")
    plain, large = said.get("BGP.community", ""), said.get("BGP.large_community", "")
    return RibRoute(
        prefix=ip_network(prefix),
        kind=head["kind"],
        source=said.get("Type", "").partition(" ")[0],
        session=head["session"],
        since=head["since"],
        best=bool(head["best"]),
        teller=ip_address(head["teller"]) if head["teller"] else None,
        hops=tuple(
            RibHop(ip_address(found["via"]) if found["via"] else None, found["interface"])
            for line in lines
            if (found := _VIA.match(line))
        ),
        preference=int(head["preference"]),
        metric=int(metric) if metric else None,
        as_path=tuple(int(asn) for asn in said.get("BGP.as_path", "").split() if asn.isdigit()),
        # Of IPv6 the neighbour's link-local address may follow (RFC 2545).
        next_hop=ip_address(next_hop.split()[0]) if next_hop else None,
        local_pref=_number(said.get("BGP.local_pref")),
        med=_number(said.get("BGP.med")),
        communities=tuple(_communities(plain + large)),
        originator=_router_id(said.get("BGP.originator_id")),
        clusters=tuple(IPv4Address(each) for each in clusters.split()),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text else None


def _router_id(text: str | None) -> IPv4Address | None:
    return IPv4Address(text) if text else None


def _communities(text: str) -> Iterator[Community]:
    for found in _NUMBERS.findall(text):
        yield tuple(int(number) for number in found.split(","))
