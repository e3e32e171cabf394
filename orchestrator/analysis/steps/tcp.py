"""The TCP handshake: SYN, SYN-ACK, ACK (RFC 9293, 3.5)."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.analysis.frames import ACK, SYN, Frame
from orchestrator.analysis.step import Step
from orchestrator.analysis.story import Connection, Story, proof
from orchestrator.analysis.teller import Teller
from orchestrator.plan.addresses import in_url

_SYN = "tcp.flags.syn == 1 && tcp.flags.ack == 0"
_SYN_ACK = "tcp.flags.syn == 1 && tcp.flags.ack == 1"
_ACK = "tcp.flags.syn == 0 && tcp.flags.ack == 1"


def _tell(story: Story) -> Iterator[Step]:
    for connection in story.connections:
        answers = [f for f in connection.frames if f.has(SYN, ACK)]
        if answers:
            yield _handshake(story, connection, answers[0])


def _handshake(story: Story, connection: Connection, answer: Frame) -> Step:
    first = connection.frames[0]
    after = connection.frames[connection.frames.index(answer) :]
    closing = next((f for f in after if f.outbound and f.has(ACK)), answer)
    server = f"{in_url(first.target_address)}:{first.target_port}"
    round_trip_ms = (answer.time_ns - first.time_ns) / 1e6
    told = (
        f"{story.client.name} and {server} shake hands: SYN, SYN-ACK, ACK. "
        f"The answer took {round_trip_ms:.1f} ms, one round trip."
    )
    return Step(
        kind="tcp",
        title=f"TCP connects to {server}",
        told=told,
        nodes=(story.client.name,),
        start_ns=first.time_ns,
        end_ns=closing.time_ns,
        proofs=(
            proof(first, _SYN, "SYN leaves"),
            proof(answer, _SYN_ACK, "SYN-ACK comes back"),
            proof(closing, _ACK, "ACK: the connection is open"),
        ),
        details={"round_trip_ms": round_trip_ms, "client_port": first.source_port},
        terms=("TCP", "handshake", "round trip"),
        milestone=f"SYN leaves {story.client.name}",
    )


TELLER = Teller("tcp", _tell)
