"""Rounds of data, as the sender or else the receiver saw them."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.analysis.connections.rounds import after
from orchestrator.analysis.packets.frames import SYN
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import slow_start
from orchestrator.analysis.story import Story
from tests.unit.analysis.talking import Talk, talk

SEGMENT = 1400


def steps(story: Story) -> list[Step]:
    return list(slow_start.TELLER.tell(story))


def send(connection: Talk, at_ms: float, seq: int, count: int) -> int:
    for place in range(count):
        number = seq + place * SEGMENT
        connection.down(at_ms + place / 10, seq=number, ack=1000, payload=b"d" * SEGMENT)
    return seq + count * SEGMENT


def growing() -> Talk:
    connection = talk()
    connection.open()
    seq = send(connection, 20, 5000, 10)
    connection.up(26, seq=1000, ack=seq)
    seq = send(connection, 31, seq, 20)
    connection.up(38, seq=1000, ack=seq)
    return connection


def test_a_round_ends_when_its_first_segment_is_acknowledged() -> None:
    (step,) = steps(growing().recording.story())
    assert step.nodes == ("edge", "laptop")
    assert step.title == "Slow start: 42 kB in 2 rounds"
    assert step.details["round_bytes"] == ("14000", "28000")
    assert step.details["round_segments"] == ("10", "20")
    assert step.details["in_flight_bytes"] == ("14000", "28000")
    assert "(a round trip takes 10.0 ms)" in step.told


def test_each_round_is_proved_by_its_first_segment() -> None:
    (step,) = steps(growing().recording.story())
    assert [p.shows for p in step.proofs] == [
        "tcp.seq_raw == 5000 && tcp.len == 1400",
        "tcp.seq_raw == 19000 && tcp.len == 1400",
    ]
    assert {p.file for p in step.proofs} == {"edge.pcapng"}


def test_a_sender_that_never_needs_its_window_is_told_so() -> None:
    connection = talk()
    connection.open()
    send(connection, 20, 5000, 3)
    (step,) = steps(connection.recording.story())
    assert "no round needed as many" in step.told
    assert "congestion window" not in step.told


def test_the_round_with_most_under_way_is_named() -> None:
    connection = growing()
    send(connection, 45, 5000 + 30 * SEGMENT, 2)
    (step,) = steps(connection.recording.story())
    assert "so much was under way at once in round 2, and no later round had as much" in step.told


def test_without_the_server_it_is_as_the_client_saw_it() -> None:
    connection = talk()
    connection.open()
    seq = send(connection, 20, 5000, 2)
    send(connection, 40, seq, 4)
    whole = connection.recording.story().evidence
    alone = replace(whole, frames={"laptop": whole.frames["laptop"]})
    (step,) = steps(Story(alone))
    assert "The server was not watched" in step.told
    assert step.details["round_segments"] == ("2", "4")


def test_a_connection_that_carried_nothing_is_not_told() -> None:
    connection = talk()
    connection.up(0, flags=SYN, seq=999, arrives=False)
    assert steps(connection.recording.story()) == []


def test_a_small_connection_beside_the_main_one_is_not_told() -> None:
    connection = growing()
    other = Talk(connection.recording, port=40001)
    other.open(100)
    send(other, 120, 5000, 2)
    assert len(steps(connection.recording.story())) == 1


def test_sequence_numbers_wrap_around() -> None:
    assert after(10, 2**32 - 10) == 20
    assert after(2**32 - 10, 10) == -20
