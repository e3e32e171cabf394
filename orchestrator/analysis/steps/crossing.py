"""The networks that a packet crosses: each AS, router by router, and why each sent it on so."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from orchestrator.analysis.hops.forwarding import longest_match, planned_ways, reason_of
from orchestrator.analysis.hops.stays import Stay, at_interface, stays_of
from orchestrator.analysis.packets.frames import ACK, SYN, Frame
from orchestrator.analysis.step import Detail, Step
from orchestrator.analysis.story import Story
from orchestrator.analysis.teller import Teller
from orchestrator.analysis.web.fetch import find_fetches
from orchestrator.analysis.web.http import FIELDS
from orchestrator.plan.model import Node
from orchestrator.plan.routing import RouterSettings
from orchestrator.records.testimony import ForwardingEntry
from orchestrator.routes.bgp import control_plane

KIND = "crossing"
_NOWHERE = ("blackhole", "prohibit", "unreachable")  # ip-route(8)


def _tell(story: Story) -> Iterator[Step]:
    for packet, called in _packets(story):
        yield from _cross(story, packet, called)


def _packets(story: Story) -> Iterator[tuple[Frame, str]]:
    """The first packet of the document's connection and what answered it, and the same of what
    an edge had to ask its origin for."""
    if story.main_connection is not None:
        frames = story.main_connection.frames
        yield frames[0], "SYN"
        yield from [(frame, "SYN-ACK") for frame in frames if frame.has(SYN, ACK)][:1]
    for fetch in find_fetches(story).documents:
        if fetch.upstream is not None:
            yield fetch.upstream.request.first, f"request of {fetch.upstream.request.node}"
            if fetch.upstream.response is not None:
                yield fetch.upstream.response.first, "response of the origin"


def _cross(story: Story, packet: Frame, called: str) -> Iterator[Step]:
    routers = _routers(story)
    first, *_ = track = story.tracks.of(packet).sightings
    stays = [stay for stay in stays_of(track) if stay.node in routers]
    ways = planned_ways(story.plan, first.node, first.target_address)
    crossed = [(n, list(g)) for n, g in groupby(stays, key=lambda stay: routers[stay.node].asn)]
    for place, (asn, group) in enumerate(crossed, start=1):
        inside = [
            [name for name in way if name in routers and routers[name].asn == asn] for way in ways
        ]
        onward = [asn for asn, _ in crossed[place:]]
        yield _step(story, asn, group, called, inside, onward)


def _routers(story: Story) -> dict[str, Node]:
    nodes = story.plan.nodes.items()
    return {name: node for name, node in nodes if isinstance(node.settings, RouterSettings)}


def _step(
    story: Story,
    asn: int | None,
    stays: list[Stay],
    called: str,
    planned: list[list[str]],
    onward: list[int | None],
) -> Step:
    system = story.plan.systems[asn].name if asn in story.plan.systems else ""
    names = [stay.node for stay in stays]
    way = " → ".join(names)
    why = _why(story, stays[-1], onward)
    told = f"The {called} crosses {system} (AS {asn}) by {way}. {why}".strip()
    return Step(
        kind=KIND,
        title=f"{system} (AS {asn}): {way}",
        told=told,
        nodes=tuple(names),
        start_ns=stays[0].start_ns,
        end_ns=stays[-1].end_ns,
        proofs=tuple(
            at_interface(frame, f"{'leaves' if frame.outbound else 'reaches'} {stay.node}")
            for stay in stays
            for frame in stay.frames
        ),
        details={stay.node: _decision(story, stay) for stay in stays},
        expected=" or ".join(dict.fromkeys(" → ".join(names) for names in planned)),
        as_expected=names in planned if planned else None,
        terms=("AS", "router", "longest prefix match", "BGP"),
        milestone=f"{called} enters {system} (AS {asn})",
    )


def _entry(story: Story, stay: Stay) -> ForwardingEntry | None:
    """By which line of its FIB a router sent the packet on."""
    entries = story.evidence.forwarding.get(stay.node, ())
    return longest_match(entries, stay.frames[0].target_address)


def _decision(story: Story, stay: Stay) -> Detail:
    """Prefix, next hop and interface, as the router's FIB had them."""
    if stay.node not in story.evidence.forwarding:
        return "not known: no forwarding table was kept"
    entry = _entry(story, stay)
    if entry is None:
        return "no prefix matches"
    if stay.left is None:
        return f"{entry.prefix} ({entry.protocol}), {entry.kind}: the packet did not leave"
    interface = stay.left.captured.interface
    taken = [hop for hop in entry.next_hops if hop.interface == interface]
    via = f" via {taken[0].via}" if taken and taken[0].via else ""
    equal = len(entry.next_hops)
    spread = f", one of {equal} equal ways, chosen by the flow's ports" if equal > 1 else ""
    return f"{entry.prefix} ({entry.protocol}){via}, out by {interface}{spread}"


def _why(story: Story, stay: Stay, onward: list[int | None]) -> str:
    """Why the last router of an AS sent it where it did, by its FIB and by BGP.

    The FIB is as it was after the click. Where it leads elsewhere than the packet went, routes
    have changed in between, and where it leads nowhere, BGP's choice is not told: it was another.
    """
    entry = _entry(story, stay)
    if entry is None:
        return ""
    match = f"At {stay.node} the longest prefix that matches is {entry.prefix}"
    if entry.kind in _NOWHERE:
        return f"{match}, which is {entry.kind} there, from {entry.protocol}."
    if stay.left and stay.left.captured.interface not in {h.interface for h in entry.next_hops}:
        return f"{match} after the click, by then with another next hop."
    if stay.left is None:
        return f"{match}, from {entry.protocol}, but it did not leave."
    reason = reason_of(control_plane(story.plan), stay.node, entry.prefix, onward)
    return f"{match}: {reason}." if reason else f"{match}, from {entry.protocol}."


TELLER = Teller(KIND, _tell, FIELDS, alike=True)
