"""The TCP handshake, or what came of it: answered, refused, or never answered (RFC 9293, 3.5)."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.analysis.connections.agreement import FIELDS, find_agreement, tell_agreement
from orchestrator.analysis.connections.peers import (
    Peer,
    answers_of,
    find_peer,
    in_words,
    is_syn,
)
from orchestrator.analysis.connections.refusals import Refusal, find_refusals
from orchestrator.analysis.connections.round_trip import handshake_trip_ms, round_trip_ms
from orchestrator.analysis.packets.frames import ACK, RST, SYN, Frame
from orchestrator.analysis.step import Detail, Proof, Step
from orchestrator.analysis.story import Connection, Story, proof
from orchestrator.analysis.teller import Teller, one_unless_saved

KIND = "tcp"
_SYN = "tcp.flags.syn == 1 && tcp.flags.ack == 0"
_SYN_ACK = "tcp.flags.syn == 1 && tcp.flags.ack == 1"
_ACK = "tcp.flags.syn == 0 && tcp.flags.ack == 1"
_RST = "tcp.flags.reset == 1"
_TERMS = ("TCP", "handshake", "round trip")
# Round trips of one connection differ by less where nothing waits.
_ALIKE = 0.9


def _tell(story: Story) -> Iterator[Step]:
    told = tuple(find_refusals(story, story.client.name))
    for connection in story.connections:
        peer = find_peer(story, connection)
        answers = answers_of(connection)
        resets = [f for f in connection.frames if f.has(RST) and not f.outbound]
        errors = [e for e in told if e.sent in connection.frames]
        if answers:
            yield _handshake(story, connection, peer, answers[0])
        elif resets:
            yield _refusal(story, connection, peer, resets[0])
        elif errors:
            yield _unreachable(story, connection, peer, errors)
        else:
            yield _silence(story, connection, peer)


def _handshake(story: Story, connection: Connection, peer: Peer, answer: Frame) -> Step:
    first, tried = connection.frames[0], _tries(connection, answer)
    after = connection.frames[connection.frames.index(answer) :]
    closing = next((f for f in after if f.outbound and f.has(ACK)), answer)
    took_ms = handshake_trip_ms(story, connection)
    options = find_agreement(story, connection)
    told = (
        f"{story.client.name} and {peer.called} shake hands: SYN, SYN-ACK, ACK. "
        f"{_took(story, connection, took_ms)}{_repeated(story, peer, tried)}"
        f"{tell_agreement(options)}"
    )
    return Step(
        kind=KIND,
        title=f"TCP connects to {peer.short}",
        told=told,
        nodes=_nodes(story, peer),
        start_ns=first.time_ns,
        end_ns=closing.time_ns,
        proofs=(
            *_syn_proofs(tried),
            proof(answer, f"{_SYN_ACK} && {_to(answer)}", "SYN-ACK comes back"),
            proof(closing, f"{_ACK} && {_to(closing)}", "ACK: the connection is open"),
            *_arrival(peer),
        ),
        details={
            **_trip(story, connection),
            **_ends(first, peer, len(tried)),
            **options,
        },
        terms=(*_TERMS, "MSS", "window scale", "SACK") if options else _TERMS,
        milestone=f"SYN leaves {story.client.name}",
    )


def _trip(story: Story, connection: Connection) -> dict[str, Detail]:
    took_ms = round_trip_ms(story, connection)
    return {} if took_ms is None else {"round_trip_ms": round(took_ms, 3)}


def _took(story: Story, connection: Connection, took_ms: float | None) -> str:
    trip_ms = round_trip_ms(story, connection)
    if took_ms is not None and trip_ms is not None:
        told = f"The answer took {took_ms:.1f} ms, one round trip"
        if trip_ms >= took_ms * _ALIKE:
            return f"{told}."
        return f"{told} and some waiting on the way: a later one took {trip_ms:.1f} ms."
    waited_ms = (answers_of(connection)[0].time_ns - connection.opened_ns) / 1e6
    told = (
        f"The answer came {waited_ms:.1f} ms after the first SYN. That is no round trip: SYN or "
        "SYN-ACK was sent more than once, and nobody knows which was answered (Karn's rule)."
    )
    return told if trip_ms is None else f"{told} Later ones took {trip_ms:.1f} ms."


def _refusal(story: Story, connection: Connection, peer: Peer, refusal: Frame) -> Step:
    first, tried = connection.frames[0], _tries(connection, refusal)
    took_ms = (refusal.time_ns - tried[-1].time_ns) / 1e6
    told = (
        f"{story.client.name} sends a SYN to {peer.called}. The answer comes after "
        f"{took_ms:.1f} ms, and it is RST: nothing listens at port {first.target_port}, the "
        "connection is refused."
    )
    return Step(
        kind=KIND,
        title=f"TCP: {peer.short} refuses",
        told=told,
        nodes=_nodes(story, peer),
        start_ns=first.time_ns,
        end_ns=refusal.time_ns,
        proofs=(
            proof(refusal, f"{_RST} && tcp.srcport == {first.target_port}", "RST: refused"),
            *_syn_proofs(tried),
            *_arrival(peer),
        ),
        details={"answered_after_ms": round(took_ms, 3), **_ends(first, peer, len(tried))},
        terms=("TCP", "RST", "port"),
        milestone=f"{peer.short} refuses the connection",
        moment_ns=refusal.time_ns,
    )


def _unreachable(story: Story, connection: Connection, peer: Peer, errors: list[Refusal]) -> Step:
    first, error = connection.frames[0], errors[0]
    tried = _tries(connection, error.frame)
    took_ms = (error.frame.time_ns - first.time_ns) / 1e6
    told = (
        f"{story.client.name} sends a SYN to {peer.called}. No answer comes from there: after "
        f"{took_ms:.1f} ms {error.called} says by ICMP that {error.error.says}."
    )
    return Step(
        kind=KIND,
        title=f"TCP: {peer.short} is unreachable, says {error.by or error.called}",
        told=told,
        nodes=_nodes(story, peer),
        start_ns=first.time_ns,
        end_ns=error.frame.time_ns,
        proofs=(error.proof(), *_syn_proofs(tried)),
        details={
            "answered_after_ms": round(took_ms, 3),
            "icmp": error.error.says,
            **_ends(first, peer, len(tried)),
        },
        terms=("TCP", "SYN", "ICMP"),
        milestone=f"{error.by or error.called}: {error.error.says}",
        moment_ns=error.frame.time_ns,
    )


def _silence(story: Story, connection: Connection, peer: Peer) -> Step:
    tried = [frame for frame in connection.frames if is_syn(frame)]
    after = [(f.time_ns - tried[0].time_ns) / 1e9 for f in tried[1:]]
    waits = in_words(f"{seconds:.1f} s" for seconds in after)
    again = f"It is sent again {waits} after the first, in vain." if after else "It is given up."
    where = _vanished(story, peer, tried)
    told = (
        f"{story.client.name} sends a SYN to {peer.called}. No answer comes before the capture "
        f"ends. {again}{where}"
    )
    return Step(
        kind=KIND,
        title=f"TCP: no answer from {peer.short}",
        told=told,
        nodes=_nodes(story, peer),
        start_ns=tried[0].time_ns,
        end_ns=connection.frames[-1].time_ns,
        proofs=_syn_proofs(tried),
        details={
            **_ends(tried[0], peer, len(tried)),
            "sent_again_after_s": tuple(f"{seconds:.3f}" for seconds in after),
        },
        terms=("TCP", "SYN", "retransmission"),
        milestone="SYN that is never answered",
    )


def _tries(connection: Connection, answer: Frame) -> list[Frame]:
    return [f for f in connection.frames if is_syn(f) and f.time_ns <= answer.time_ns]


def _nodes(story: Story, peer: Peer) -> tuple[str, ...]:
    return (story.client.name, peer.node) if peer.node else (story.client.name,)


def _ends(first: Frame, peer: Peer, tries: int) -> dict[str, Detail]:
    named: dict[str, Detail] = {"server_node": peer.node} if peer.node else {}
    return {**named, "server": peer.place, "client_port": first.source_port, "syns_sent": tries}


def _to(frame: Frame) -> str:
    return f"tcp.dstport == {frame.target_port}"


def _syn_proofs(tried: list[Frame]) -> tuple[Proof, ...]:
    says = ("SYN leaves", "SYN is sent again")
    return tuple(
        proof(frame, f"{_SYN} && {_to(frame)} && tcp.seq_raw == {frame.seq}", says[place > 0])
        for place, frame in enumerate(tried)
    )


def _arrival(peer: Peer) -> tuple[Proof, ...]:
    """Where the SYN came to: of an anycast address, that tells which instance it was."""
    came = peer.frames[:1]
    return tuple(proof(f, f"{_SYN} && {_to(f)}", f"SYN arrives at {peer.node}") for f in came)


def _repeated(story: Story, peer: Peer, tried: list[Frame]) -> str:
    if len(tried) == 1:
        return _answered_again(story, peer)
    waited_s = (tried[-1].time_ns - tried[0].time_ns) / 1e9
    told = f" The SYN had to be sent {len(tried)} times, which cost {waited_s:.1f} s."
    return told + _vanished(story, peer, tried[:-1])


def _answered_again(story: Story, peer: Peer) -> str:
    answers = [f for f in peer.frames if f.outbound and f.has(SYN, ACK)]
    places = dict.fromkeys(filter(None, (story.tracks.of(f).lost for f in answers)))
    if not places:
        return ""
    return f" {peer.node} sent its SYN-ACK {len(answers)} times: one was lost {in_words(places)}."


def _vanished(story: Story, peer: Peer, tried: list[Frame]) -> str:
    """What became of SYNs that had no answer, and of answers that had none."""
    came = [f for f in peer.frames if not f.outbound and is_syn(f)]
    answers = [f for f in peer.frames if f.outbound and f.has(SYN, ACK)]
    if answers and story.is_cut_before(story.client.name, answers[-1].time_ns):
        return f" {story.client.name}.pcapng ends before an answer could be in it."
    if came and answers:
        lost = dict.fromkeys(filter(None, (story.tracks.of(f).lost for f in answers)))
        where = f": it was lost {in_words(lost)}" if lost else ""
        return f" A SYN reached {peer.node}; what it answered did not come back{where}."
    tracks = [story.tracks.of(frame) for frame in tried]
    places = dict.fromkeys(track.lost for track in tracks if track.lost)
    if places:
        return f" It was lost {in_words(places)}."
    last = dict.fromkeys(track.last.node for track in tracks)
    seen = [node for node in last if node not in (story.client.name, peer.node)]
    return f" It was last seen at {in_words(seen)}." if seen else ""


TELLER = Teller(KIND, _tell, FIELDS, answered=True, round_trips=one_unless_saved)
