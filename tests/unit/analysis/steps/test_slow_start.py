"""Flights of data as their sender saw them, and which of them its window ended."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.analysis.connections.rounds import after
from orchestrator.analysis.packets.frames import SYN
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import slow_start
from orchestrator.analysis.story import Story
from tests.unit.analysis.shopping import asks2, http2
from tests.unit.analysis.talking import Talk, shake_hands, talk

SEGMENT = 1400
REQUEST = {"tcp.stream": "0", **http2(*asks2())}
RESPONSE = {"tcp.stream": "0", **http2((":status", "200"), size=1000)}


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


def test_a_flight_that_the_window_held_is_slow_starts() -> None:
    (step,) = steps(growing().recording.story())
    assert step.nodes == ("edge", "laptop")
    assert step.title == "Slow start: 42 kB in 2 flights, 1 held by the window"
    assert step.details["flight_bytes"] == ("14000", "28000")
    assert step.details["flight_segments"] == ("10", "20")
    assert step.details["in_flight_bytes"] == ("14000", "28000")
    assert "(a round trip takes 10.0 ms)" in step.told
    assert "The window held flight 1: with 14,000 bytes under way, more had to wait" in step.told
    assert "at once was 28,000 bytes, in flight 2" in step.told


def test_each_flight_is_proved_by_its_first_segment() -> None:
    (step,) = steps(growing().recording.story())
    assert [p.shows for p in step.proofs] == [
        "tcp.seq_raw == 5000 && tcp.len == 1400",
        "tcp.seq_raw == 19000 && tcp.len == 1400",
    ]
    assert {p.file for p in step.proofs} == {"edge.pcapng"}
    assert step.proofs[1].says == "first segment of flight 2, held until an ACK made room"


def test_five_kilobytes_in_two_flights_are_no_slow_start() -> None:
    connection = talk()
    connection.open()
    seq = send(connection, 20, 5000, 2)
    connection.up(26, seq=1000, ack=seq)
    send(connection, 31, seq, 2)
    assert steps(connection.recording.story()) == []


def test_what_a_request_asked_for_did_not_wait_for_the_window() -> None:
    connection = talk()
    connection.open()
    seq = send(connection, 20, 5000, 10)
    connection.up(26, seq=1000, ack=seq, payload=b"GET")
    send(connection, 31, seq, 10)
    assert steps(connection.recording.story()) == []


def test_what_came_from_elsewhere_later_did_not_wait_for_the_window() -> None:
    connection = talk()
    connection.open()
    seq = send(connection, 20, 5000, 10)
    connection.up(26, seq=1000, ack=seq)
    send(connection, 60, seq, 10)
    assert steps(connection.recording.story()) == []


def test_what_is_sent_again_counts_once() -> None:
    connection = growing()
    send(connection, 45, 5000 + 29 * SEGMENT, 1)
    (step,) = steps(connection.recording.story())
    assert step.details["bytes"] == 42_000


def test_behind_a_loss_it_is_recovery_and_no_slow_start() -> None:
    connection = talk()
    connection.open()
    seq = send(connection, 20, 5000, 2)
    send(connection, 22, 5000, 1)
    connection.up(26, seq=1000, ack=seq)
    seq = send(connection, 31, seq, 10)
    connection.up(37, seq=1000, ack=seq)
    send(connection, 42, seq, 10)
    assert steps(connection.recording.story()) == []


def test_handshake_and_tickets_are_not_counted() -> None:
    connection = talk()
    connection.open()
    shake_hands(connection, 20)
    connection.down(46, {"tls.handshake.type": "4"}, seq=7000, ack=1570, payload=b"t" * 500)
    connection.up(50, REQUEST, seq=1570, ack=7500, payload=b"q" * 100)
    connection.down(56, RESPONSE, seq=7500, ack=1670, payload=b"d" * SEGMENT)
    seq = send(connection, 56.1, 7500 + SEGMENT, 9)
    connection.up(63, seq=1670, ack=seq)
    send(connection, 68, seq, 2)
    (step,) = steps(connection.recording.story())
    assert step.details["flight_bytes"] == ("14000", "2800")


def test_without_the_server_nobody_knows_what_it_waited_for() -> None:
    whole = growing().recording.story().evidence
    alone = replace(whole, frames={"laptop": whole.frames["laptop"]})
    assert steps(Story(alone)) == []


def test_a_connection_that_carried_nothing_is_not_told() -> None:
    connection = talk()
    connection.up(0, flags=SYN, seq=999, arrives=False)
    assert steps(connection.recording.story()) == []


def test_sequence_numbers_wrap_around() -> None:
    assert after(10, 2**32 - 10) == 20
    assert after(2**32 - 10, 10) == -20
