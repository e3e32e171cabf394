"""What is worth saying of a packet's way, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from orchestrator.analysis.hops.handoff import HandOff, question
from orchestrator.analysis.hops.passage import NOISE_MS, Leg
from orchestrator.analysis.hops.tracks import Track
from orchestrator.analysis.packets.frames import ACK, ARP, DNS_PORT, ICMPV6, SYN, TCP, UDP, Frame
from orchestrator.analysis.story import Story
from orchestrator.plan.addresses import Address, in_url

_WORTH_TELLING_MS = 0.5
_RESOLVED = "It had to ask for the MAC address of its next neighbour first."
_OPENED = "It had to open a connection first."
_NEIGHBOUR_SOLICITATION = b"\x87"


def tell_notes(
    story: Story,
    there: Sequence[Track],
    back: Sequence[Track],
    legs: Sequence[Leg],
    hand_offs: Sequence[HandOff],
) -> Iterator[str]:
    """NAT, hand-offs, waits, another way back, losses, and what the times do not tell."""
    for track in (*there, *back):
        yield from _translations(track)
        yield from _resolutions(story, track)
    starts = {track.first.captured for track in there}
    for hand_off in hand_offs:
        if hand_off.asks.question.captured in starts:
            yield _hand_on(story, hand_off)
    for hand_off in reversed(hand_offs):
        yield from _hand_back(hand_off)
    yield from _compare_ways(story, there, back)
    yield from _losses(story, there, back)
    for leg in legs:
        yield from _doubt(leg)


def _translations(track: Track) -> Iterator[str]:
    for before, after in pairwise(track.sightings):
        for name in ("source", "target"):
            was, now = _end(before, name), _end(after, name)
            if was != now:
                yield f"{after.node} changes the {name} {was} to {now} (NAT)."


def _end(frame: Frame, name: str) -> str:
    if frame.ethertype in (0, ARP) or not frame.source:
        return ""
    ends: dict[str, tuple[Address, int]] = {
        "source": (frame.source_address, frame.source_port),
        "target": (frame.target_address, frame.target_port),
    }
    address, port = ends[name]
    return f"{in_url(address)}:{port}" if port else str(address)


def _resolutions(story: Story, track: Track) -> Iterator[str]:
    """Where it waited until a neighbour had told its MAC address (RFC 826, RFC 4861)."""
    for came, left in pairwise(track.sightings):
        held_ms = (left.time_ns - came.time_ns) / 1e6
        held = came.node == left.node and held_ms > _WORTH_TELLING_MS
        if held and _resolved(story, came.time_ns, left):
            yield f"{left.node} held it for {held_ms:.1f} ms. {_RESOLVED}"


def _resolved(story: Story, start_ns: int, left: Frame) -> bool:
    """Whether a node asked for a MAC address since, on the link where a frame left it then."""
    return any(
        _asks_for_mac(frame) and frame.endpoint == left.endpoint
        for frame in story.frames_of(left.node)
        if start_ns < frame.time_ns < left.time_ns
    )


def _asks_for_mac(frame: Frame) -> bool:
    solicits = frame.protocol == ICMPV6 and frame.payload[:1] == _NEIGHBOUR_SOLICITATION
    return frame.outbound and (frame.ethertype == ARP or solicits)


def _hand_on(story: Story, hand_off: HandOff) -> str:
    asked, asks = hand_off.asked, hand_off.asks
    held_ms = (asks.question.time_ns - asked.question.time_ns) / 1e6
    first = f" {_OPENED}" if _opened(story, hand_off) else ""
    if held_ms > _WORTH_TELLING_MS and _resolved(story, asked.question.time_ns, asks.question):
        first += f" {_RESOLVED}"
    return (
        f"{hand_off.node} goes on with a packet of its own to {_end(asks.question, 'target')}, "
        f"{held_ms:.1f} ms after it was asked (known by {hand_off.known_by}).{first}"
    )


def _opened(story: Story, hand_off: HandOff) -> bool:
    """Whether the connection was opened for the sake of what was asked."""
    asks, start_ns = hand_off.asks.question, hand_off.asked.question.time_ns
    ends = (asks.source, asks.source_port, asks.target, asks.target_port)
    return any(
        (frame.source, frame.source_port, frame.target, frame.target_port) == ends
        and frame.flags & (SYN | ACK) == SYN
        for frame in story.frames_of(hand_off.node)
        if start_ns <= frame.time_ns <= asks.time_ns
    )


def _hand_back(hand_off: HandOff) -> Iterator[str]:
    asked, asks = hand_off.asked, hand_off.asks
    if asked.answer is None or asks.answer is None:
        return
    waited_ms = (asks.answer.time_ns - asks.question.time_ns) / 1e6
    held_ms = (asked.answer.time_ns - asks.answer.time_ns) / 1e6
    yield (
        f"{hand_off.node} waits {waited_ms:.1f} ms for the answer, and answers in turn "
        f"{held_ms:.1f} ms after that."
    )


def _compare_ways(story: Story, there: Sequence[Track], back: Sequence[Track]) -> Iterator[str]:
    """Packets and their answers between the same two nodes, by the nodes that they crossed."""
    same = 0
    for to in there:
        ends = (to.nodes[-1], to.nodes[0])
        for fro in back:
            if (fro.nodes[0], fro.nodes[-1]) == ends and to.arrived and fro.arrived:
                same += fro.nodes == to.nodes[::-1]
                if fro.nodes != to.nodes[::-1]:
                    yield _other_way(story, to.nodes, fro.nodes[::-1])
    if there and same == len(there):
        yield "The way back is the same."


def _other_way(story: Story, there: tuple[str, ...], back: tuple[str, ...]) -> str:
    """``back`` is turned round, to be read beside the way there."""
    alone = [
        f"only the way {way} crosses {', '.join(nodes)}"
        for way, nodes in (("there", _without(there, back)), ("back", _without(back, there)))
        if nodes
    ]
    ways = (_systems(story, there), _systems(story, back))
    systems = f"Both cross {', '.join(ways[0])}."
    if ways[0] != ways[1]:
        systems = f"The way there crosses the ASes {', '.join(ways[0])}; "
        systems += f"the way back {', '.join(reversed(ways[1]))}."
    which = "; ".join(alone) or "the same nodes are crossed in another order"
    return (
        f"The way back from {there[-1]} to {there[0]} is another one: {which}. "
        f"{systems if ways[0] else ''}"
    ).strip()


def _without(nodes: Sequence[str], others: Sequence[str]) -> list[str]:
    return [node for node in nodes if node not in others]


def _systems(story: Story, nodes: Sequence[str]) -> tuple[str, ...]:
    """The ASes, by name, in which these nodes are."""
    plan = story.plan
    numbers = [plan.nodes[name].asn for name in nodes if name in plan.nodes]
    known = [plan.systems[number].name for number in numbers if number in plan.systems]
    return tuple(dict.fromkeys(known))


def _losses(story: Story, there: Sequence[Track], back: Sequence[Track]) -> Iterator[str]:
    for track in there:
        yield from _lost_copies(story, track)
    for track in (*there, *back):
        if track.copied:
            yield f"It is a copy, made {track.copied}: what it was made of went on as well."
        if track.lost:
            yield f"It was lost {track.lost}."
        elif not track.arrived and (node := story.tracks.hidden_at(track.last)):
            yield f"What became of it was not captured: {node}.pcapng ends before."
    cut = bool(there) and story.is_cut_before(there[0].first.node, there[-1].last.time_ns)
    if there and there[-1].arrived and not (back or cut) and _wants_answer(there[0].first):
        yield f"Nothing that answers it came back to {there[0].first.node}."
    if story.evidence.drops:
        yield "Packets are missing from this capture: what seems lost may have arrived."


def _wants_answer(frame: Frame) -> bool:
    """Whether an answer is to be expected: an ACK alone gets none."""
    return frame.protocol != TCP or bool(frame.payload) or frame.flags & SYN == SYN


def _lost_copies(story: Story, track: Track) -> Iterator[str]:
    """Of the same segment or question, sent before by the same node."""
    sent = track.first
    if not sent.outbound or not _wants_answer(sent):
        return
    for frame in story.frames_of(sent.node):
        if frame.time_ns >= sent.time_ns:
            return
        lost = story.tracks.of(frame).lost if _repeats(sent, frame) else ""
        if lost:
            sooner_ms = (sent.time_ns - frame.time_ns) / 1e6
            yield (
                f"{sent.node} had sent it {sooner_ms:.1f} ms before (frame "
                f"{frame.captured.journey}): lost {lost}."
            )


def _repeats(sent: Frame, before: Frame) -> bool:
    same = before.outbound and before.protocol == sent.protocol
    if not same or before.target_port != sent.target_port:
        return False
    if sent.protocol == UDP and sent.target_port == DNS_PORT:
        return question(before) == question(sent)
    ends = (before.source, before.source_port, before.target, before.seq)
    return ends == (sent.source, sent.source_port, sent.target, sent.seq) and (
        before.payload == sent.payload
    )


def _doubt(leg: Leg) -> Iterator[str]:
    if leg.queueing_ms < -NOISE_MS:
        planned_ms = leg.propagation_ms + leg.serialisation_ms
        yield (
            f"{leg.name} took {leg.duration_ms:.3f} ms, less than the {planned_ms:.3f} ms it has "
            "in the plan: it was changed while the lab ran."
        )
    if leg.kind == "node" and leg.propagation_ms:
        yield (
            f"The kernel's netem delays what leaves {leg.name}, and the capture sees it after "
            f"that: {leg.propagation_ms:.3f} ms of the link's delay are in the time at the node."
        )
