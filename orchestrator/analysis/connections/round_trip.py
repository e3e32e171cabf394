"""The round-trip time of a connection, by the packets of its client.

Karn's rule (RFC 6298, 3): what was sent more than once gives no sample, for nobody knows which of
the sendings was answered. Timestamps tell of SYNs which it was (RFC 7323, 4.1); but a SYN-ACK that
its sender sends again has the timestamp of the first.
"""

from __future__ import annotations

from orchestrator.analysis.connections.options import timestamps
from orchestrator.analysis.connections.peers import answers_of, find_peer, is_syn
from orchestrator.analysis.connections.rounds import after, end_of
from orchestrator.analysis.packets.frames import ACK, SYN, Frame
from orchestrator.analysis.story import Connection, Story


def round_trip_ms(story: Story, connection: Connection) -> float | None:
    """The least sample, of the handshake and the data; None without any. What others take longer
    is not the way: the first SYN-ACK to a home waits there for ARP, others in a queue."""
    samples = (handshake_trip_ms(story, connection), _data_trip_ms(connection))
    return min((sample for sample in samples if sample is not None), default=None)


def handshake_trip_ms(story: Story, connection: Connection) -> float | None:
    """From the SYN to the SYN-ACK that answers it; None where Karn's rule takes no sample."""
    answer = next(iter(answers_of(connection)), None)
    if answer is None:
        return None
    tried = [f for f in connection.frames if is_syn(f) and f.time_ns <= answer.time_ns]
    answered = [f for f in tried if _echo(answer) in (None, _clock(f))]
    sent = [f for f in find_peer(story, connection).frames if f.outbound and f.has(SYN, ACK)]
    alike = [f for f in sent if _echo(f) == _echo(answer) and f.time_ns <= answer.time_ns]
    is_first = not alike or alike[0].identity == answer.identity
    # Where the server was not watched, its SYN-ACK to any but the last SYN may be one sent again.
    is_sure = bool(sent) or answered[-1:] == tried[-1:]
    if len(answered) != 1 or not is_first or not is_sure:
        return None
    return (answer.time_ns - answered[0].time_ns) / 1e6


def _clock(frame: Frame) -> int | None:
    found = timestamps(frame)
    return found[0] if found else None


def _echo(frame: Frame) -> int | None:
    found = timestamps(frame)
    return found[1] if found else None


def _data_trip_ms(connection: Connection) -> float | None:
    """The least time from a segment of the client's, sent once, to the first ACK of it."""
    waiting: list[Frame] = []
    trips: list[float] = []
    end: int | None = None
    for frame in connection.frames:
        if frame.outbound and frame.payload:
            if end is not None and after(frame.seq, end) < 0:
                waiting = [f for f in waiting if after(end_of(f), frame.seq) <= 0]
            else:
                waiting, end = [*waiting, frame], end_of(frame)
        elif not frame.outbound and frame.has(ACK):
            done = [f for f in waiting if after(frame.ack, end_of(f)) >= 0]
            # Of what one ACK covers, the last may have drawn it.
            trips += [(frame.time_ns - f.time_ns) / 1e6 for f in done[-1:]]
            waiting = waiting[len(done) :]
    return min(trips, default=None)
