"""An Internet-like graph in the topology language."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import TextWrapper

from orchestrator.generate.draw import Internet, Ixp, System

ROUTE_SERVER_MEMBERS = 8  # from here on bilateral sessions become a burden
# Private use, RFC 6996. AS n of a graph has the number base + n; the small base has room for 1022.
SMALL_BASE, LARGE_BASE, MOST_SMALL = 64512, 4_200_000_000, 1000
_WIDTH = 100
_NO_BREAK = "\N{NO-BREAK SPACE}"
_TIERS = {
    1: "buys from nobody, peers with its like",
    2: "regional transit",
    3: "stubs: access, content, enterprises",
}


def write_topology(
    internet: Internet, name: str = "", places: bool = False, route_servers: bool = False
) -> str:
    """A topology as YAML: the same graph, the same bytes.

    ``places`` says where everybody stands, which gives the links delays. ``route_servers`` puts
    one at each of the larger IXPs.
    """
    count = len(internet.systems)
    lines = [
        *_opening(internet, places),
        f"name: {name or f'internet-{count}'}",
        f"about: An Internet-like graph of {count} ASes",
        "",
        "as:",
        *_systems(internet, places),
    ]
    if internet.ixps:
        lines += ["", "ixps:"]
    for ixp in internet.ixps:
        lines += _ixp(internet, ixp, places, route_servers)
    return "\n".join(lines) + "\n"


def _opening(internet: Internet, places: bool) -> list[str]:
    tiers = [sum(s.tier == tier for s in internet.systems.values()) for tier in _TIERS]
    command = f"lab generate {sum(tiers)} --seed {internet.seed} --ixps {len(internet.ixps)}"
    words = (
        f"An Internet-like graph of {sum(tiers)} ASes, drawn with seed {internet.seed} by "
        f"`{command}{' --places' * places}`: "
        f"tier 1 ({tiers[0]}) is a clique of peers, tier 2 ({tiers[1]}) resells its transit, and "
        f"tier 3 ({tiers[2]}) are stubs, mostly with two providers; who has many customers "
        "attracts more."
    )
    return TextWrapper(_WIDTH, initial_indent="# ", subsequent_indent="# ").wrap(words)


def _systems(internet: Internet, places: bool) -> Iterator[str]:
    base = SMALL_BASE if len(internet.systems) <= MOST_SMALL else LARGE_BASE
    tier = 0
    for system in internet.systems.values():
        if system.tier != tier:
            tier = system.tier
            yield f"  # tier {tier}: {_TIERS[tier]}"
        entries = [f"asn: {base + system.number}"]
        if places:
            entries.append(f"at: {system.city}")
        for key, others in (("providers", system.providers), ("peers", system.peers)):
            if others:
                entries.append(f"{key}: [{', '.join(map(_name, others))}]")
        yield f"  {_name(system.number)}: {{{', '.join(entries)}}}"


def _ixp(internet: Internet, ixp: Ixp, places: bool, route_servers: bool) -> Iterator[str]:
    yield f"  ix{ixp.number}:"
    if places:
        yield f"    at: {ixp.city}"
    if route_servers and len(ixp.members) >= ROUTE_SERVER_MEMBERS:
        yield "    route_server: true"
    systems = [internet.systems[number] for number in ixp.members]
    members = ", ".join(_member(system, ixp.city if places else "") for system in systems)
    wrapper = TextWrapper(_WIDTH, initial_indent="    ", subsequent_indent="      ")
    for line in wrapper.wrap(f"members: [{members}]"):
        yield line.replace(_NO_BREAK, " ")


def _member(system: System, city: str) -> str:
    """A member of an IXP in ``city``; from elsewhere it names the router it comes with."""
    name = _name(system.number)
    if city in ("", system.city):
        return name
    # Lines are folded between members, not within one.
    return f"{{as: {name}, router: {name}}}".replace(" ", _NO_BREAK)


def _name(number: int) -> str:
    return f"as{number}"
