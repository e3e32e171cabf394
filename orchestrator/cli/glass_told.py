"""A round trip as tables, and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.cli.layout import Output
from orchestrator.cli.lines import glued, styled
from orchestrator.cli.tables import Column
from orchestrator.looking_glass.choice import Candidate, Choice, name_community
from orchestrator.looking_glass.walk import Hop, Way, difference
from orchestrator.verbs.route import RoundTrip

# Beside the first, which is called as the way is.
_COLUMNS = (
    Column("AS"),
    Column("matches"),
    Column("by"),
    Column("goes to", least=1),
    Column("AS path", least=1),
    Column("why", least=24),
)


def print_round_trip(output: Output, trip: RoundTrip, verbose: bool) -> None:
    """Both ways, a row for each node, and in a line how they differ."""
    _print_way(output, "there", trip.there, trip.there_choices, verbose)
    if trip.back is None:
        return
    _print_way(output, "back", trip.back, trip.back_choices, verbose)
    if trip.back.reached:
        output.say(difference(trip.there, trip.back) or "the way back is the same")
    else:
        output.say("no way back: the packet arrives, and nobody sees an answer")


def _print_way(
    output: Output, title: str, way: Way, choices: Mapping[str, Choice], verbose: bool
) -> None:
    output.table((Column(title), *_COLUMNS), _rows(way, choices))
    if way.problem:
        output.say(styled(way.problem, "red"))
    if verbose:
        for node, choice in choices.items():
            _print_candidates(output, node, choice)


def _rows(way: Way, choices: Mapping[str, Choice]) -> Iterator[tuple[str, ...]]:
    known: int | None = None
    for hop in way.hops:
        system = "" if hop.asn in (None, known) else str(hop.asn)
        known = hop.asn
        yield hop.node, system, *_cells(hop, choices.get(hop.node))


def _cells(hop: Hop, choice: Choice | None) -> tuple[str, ...]:
    verdict = hop.verdict
    best = choice.best if choice is not None else None
    path = " ".join(map(str, best.as_path)) if best is not None and _is_birds(hop) else ""
    notes = "; ".join((*_reasons(hop, choice), *hop.notes))
    return str(verdict.prefix or "–"), verdict.protocol, _next_hop(hop), path, notes


def _reasons(hop: Hop, choice: Choice | None) -> Iterator[str]:
    """Why a router sends the packet where it does, as far as that is BIRD's doing."""
    if choice is None or not _is_birds(hop):
        return
    best = choice.best
    if best is not None and hop.verdict.prefix not in (None, best.prefix):
        yield f"BIRD: {best.prefix}"
    yield from filter(None, (choice.why, choice.planned))


def _is_birds(hop: Hop) -> bool:
    """Whether BIRD put the entry there that matches, or could have where none does."""
    return hop.verdict.protocol in ("bird", "")


def _next_hop(hop: Hop) -> str:
    """The neighbour and the interface towards it, and how many more there are as good."""
    verdict = hop.verdict
    if verdict.kind != "unicast" or verdict.chosen is None:
        return "here" if verdict.kind == "local" else verdict.kind
    via = f"{verdict.chosen.via} " if verdict.chosen.via else ""
    equal = f" (1 of {len(verdict.equal)} equal)" if len(verdict.equal) > 1 else ""
    return f"{via}{glued(f'→ {hop.interface}')}{equal}"


def _print_candidates(output: Output, node: str, choice: Choice) -> None:
    """All routes of a router, the one in use marked."""
    output.say(f"{node}:" if choice.candidates else f"{node}: no route")
    for candidate in choice.candidates:
        route = candidate.route
        parts = [
            f"{route.prefix} {route.source} {route.session}",
            f"path {' '.join(map(str, route.as_path)) or 'inside the AS'}",
            f"next hop {route.next_hop}" if route.next_hop else "",
            f"local preference {route.local_pref}" if route.local_pref is not None else "",
            f"MED {route.med}" if route.med is not None else "",
            f"cost {route.metric}" if route.metric is not None else "",
            "communities " + " + ".join(map(name_community, route.communities))
            if route.communities
            else "",
            f"lost: {candidate.reason}" if candidate.reason else "",
        ]
        output.say(", ".join(filter(None, parts)), f"  {'*' if route.best else ' '} ")
    if choice.planned:
        output.say(choice.planned, "    ")


def round_trip_to_plain(trip: RoundTrip) -> dict[str, Any]:
    """A round trip for JSON. ``symmetric`` says that the way back is the same, turned round."""
    back = trip.back
    return {
        "address": str(trip.target),
        "forward": _to_plain(trip.there, trip.there_choices),
        "return": _to_plain(back, trip.back_choices) if back is not None else [],
        "symmetric": back is not None and back.reached and not difference(trip.there, back),
        "reached": trip.reached,
        "returned": trip.returned,
        "problem": trip.there.problem or (back.problem if back is not None else ""),
        "difference": difference(trip.there, back) if back is not None and back.reached else "",
    }


def _to_plain(way: Way, choices: Mapping[str, Choice]) -> list[dict[str, Any]]:
    return [_hop_to_plain(hop, choices.get(hop.node)) for hop in way.hops]


def _hop_to_plain(hop: Hop, choice: Choice | None) -> dict[str, Any]:
    verdict, best = hop.verdict, choice.best if choice is not None else None
    chosen = verdict.chosen
    return {
        "node": hop.node,
        "asn": hop.asn,
        "kind": verdict.kind,
        "prefix": str(verdict.prefix) if verdict.prefix else None,
        "protocol": verdict.protocol,
        "via": str(chosen.via) if chosen is not None and chosen.via else None,
        "interface": hop.interface,
        "equal": len(verdict.equal),
        "source": str(hop.packet.source),
        "destination": str(hop.packet.target),
        "as_path": list(best.as_path) if best is not None else [],
        "communities": [name_community(c) for c in best.communities] if best is not None else [],
        "why": choice.why if choice is not None else "",
        "planned": choice.planned if choice is not None else "",
        "notes": list(hop.notes),
        "routes": [_candidate_to_plain(c) for c in choice.candidates] if choice else [],
    }


def _candidate_to_plain(candidate: Candidate) -> dict[str, Any]:
    route = candidate.route
    return {
        "prefix": str(route.prefix),
        "best": route.best,
        "source": route.source,
        "session": route.session,
        "as_path": list(route.as_path),
        "next_hop": str(route.next_hop) if route.next_hop else None,
        "local_preference": route.local_pref,
        "med": route.med,
        "cost": route.metric,
        "communities": [name_community(community) for community in route.communities],
        "lost": candidate.reason,
    }
