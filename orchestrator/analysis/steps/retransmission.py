"""Segments that were lost, or taken for lost, and sent again. A step for each burst of them."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.analysis.connections.peers import find_peer, how_many, in_words
from orchestrator.analysis.connections.repeats import Repeat, find_repeats, group_bursts
from orchestrator.analysis.hops.tracks import Track
from orchestrator.analysis.packets.frames import Frame
from orchestrator.analysis.step import Proof, Step
from orchestrator.analysis.story import Story, proof
from orchestrator.analysis.teller import Teller

KIND = "retransmission"
# What is sent again within the shortest timeout of each other is told together.
_BURST_MS = 200.0
_PROVED = 3


def _tell(story: Story) -> Iterator[Step]:
    for connection in story.connections:
        peer = find_peer(story, connection)
        client, server = story.client.name, peer.short
        ways = ((client, server, connection.frames), (server, client, peer.frames))
        for sender, receiver, frames in ways:
            for burst in group_bursts(find_repeats(frames), _BURST_MS):
                yield _step(story, burst, sender, receiver)


def _step(story: Story, burst: list[Repeat], sender: str, receiver: str) -> Step:
    tracks = [story.tracks.of(repeat.before) for repeat in burst]
    places = tuple(dict.fromkeys(track.lost for track in tracks if track.lost))
    arrived = [t for t in tracks if not t.lost and t.last.node == receiver]
    causes = tuple(dict.fromkeys(repeat.cause.value for repeat in burst))
    later_ms = max(repeat.later_ms for repeat in burst)
    size = sum(len(repeat.again.payload) for repeat in burst)
    hidden = dict.fromkeys(filter(None, (_hidden(story, t) for t in tracks if t not in arrived)))
    became = _losses(burst, places, len(arrived), [*hidden])
    told = (
        f"{sender} sends {how_many(len(burst), 'segment')} of {size:,} bytes to {receiver} again, "
        f"{later_ms:.0f} ms after the first time. {became} What made it "
        f"do so was {in_words(causes)}."
    )
    return Step(
        kind=KIND,
        title=f"{sender} sends {how_many(len(burst), 'segment')} again",
        told=told,
        nodes=tuple(name for name in (sender, receiver) if name in story.plan.nodes),
        start_ns=min(repeat.first.time_ns for repeat in burst),
        end_ns=burst[-1].again.time_ns,
        proofs=tuple(_proofs(burst)),
        details={
            "segments": len(burst),
            "bytes": size,
            "later_ms": round(later_ms, 3),
            "lost": places,
            "arrived_anyway": len(arrived),
            "found_by": causes,
        },
        terms=("retransmission", "ACK", "SACK", "RTO"),
        milestone=f"{sender} sends a segment that has to be sent again",
    )


def _hidden(story: Story, track: Track) -> str:
    """The file that ends before it can show what became of a segment; "" if there is none."""
    node = "" if track.lost else story.tracks.hidden_at(track.last)
    return f"{node}.pcapng" if node else ""


def _losses(burst: list[Repeat], places: tuple[str, ...], arrived: int, hidden: list[str]) -> str:
    said = []
    lost = len(burst) - arrived
    if places:
        said.append(f"{_of(lost, len(burst))} lost {in_words(places)}.")
    if arrived:
        what = "Its ACK was late or lost" if len(burst) == 1 else "The ACKs were late or lost"
        said.append(f"{_of(arrived, len(burst))} not lost: it had arrived. {what}.")
    if hidden and not said:
        return f"Whether it arrived was not captured: {in_words(hidden)} ends before."
    return " ".join(said) or "Where it was lost cannot be seen."


def _of(count: int, total: int) -> str:
    """The subject of a sentence about some of several segments."""
    if total == 1:
        return "It was"
    return f"{'All' if count == total else count} of them {'was' if count == 1 else 'were'}"


def _proofs(burst: list[Repeat]) -> Iterator[Proof]:
    for repeat in burst[:_PROVED]:
        yield proof(repeat.first, _same(repeat.first), "sent for the first time")
        if repeat.before != repeat.first:
            yield proof(repeat.before, _same(repeat.before), "sent again before, in vain")
        yield proof(repeat.again, _same(repeat.again), "sent again")
    notices = [repeat.notice for repeat in burst if repeat.notice is not None]
    for notice in notices[:1]:
        shows = f"tcp.ack_raw == {notice.ack} && tcp.options.sack_le"
        yield proof(notice, shows, "an ACK that shows the hole")


def _same(frame: Frame) -> str:
    """The two have the same sequence number."""
    return f"tcp.seq_raw == {frame.seq} && tcp.len == {len(frame.payload)}"


TELLER = Teller(KIND, _tell, beside=True)
