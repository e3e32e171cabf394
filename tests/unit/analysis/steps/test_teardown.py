"""How connections end, and that some do not."""

from __future__ import annotations

from orchestrator.analysis.packets.frames import ACK, FIN, RST, SYN
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import teardown
from orchestrator.analysis.story import Story
from tests.unit.analysis.builders import at
from tests.unit.analysis.talking import Talk, talk


def steps(story: Story) -> list[Step]:
    return list(teardown.TELLER.tell(story))


def closed() -> Talk:
    connection = talk()
    connection.open()
    connection.up(1500, flags=FIN | ACK, seq=1000, ack=5000)
    connection.down(1506, flags=FIN | ACK, seq=5000, ack=1001)
    connection.up(1511, flags=ACK, seq=1001, ack=5001)
    return connection


def test_who_closes_first_and_when() -> None:
    (step,) = steps(closed().recording.story())
    assert step.title == "laptop closes the connection with edge"
    assert "by FIN, 500 ms after the page had loaded" in step.told
    assert "In order: FIN from laptop and FIN from edge." in step.told
    assert "Both ends have said that they send no more." in step.told
    assert step.nodes == ("laptop", "edge")
    assert (step.start_ns, step.end_ns) == (at(1500), at(1511))
    assert step.proofs[0].shows == "tcp.flags.fin == 1 && tcp.port == 40000"


def test_goaway_and_close_notify_come_before_fin() -> None:
    connection = talk()
    connection.open()
    connection.up(1500, {"http2.goaway.error": "0"}, seq=1000)
    connection.up(1501, {"tls.alert_message.desc": "0"}, seq=1030)
    connection.up(1502, {}, flags=FIN | ACK, seq=1060)
    (step,) = steps(connection.recording.story())
    says = ("GOAWAY from laptop", "close_notify from laptop", "FIN from laptop")
    assert step.details["how"] == says
    assert "The rest of the farewell was not seen." in step.told


def test_a_reset_cuts_off() -> None:
    connection = talk()
    connection.open()
    connection.down(1500, flags=RST)
    (step,) = steps(connection.recording.story())
    assert step.title == "edge closes the connection with laptop"
    assert "That cuts it off" in step.told


def test_a_reset_after_fin_refuses_what_still_comes() -> None:
    connection = talk()
    connection.open()
    connection.up(1500, flags=FIN | ACK)
    connection.up(1520, flags=RST)
    (step,) = steps(connection.recording.story())
    assert "what it still sends is not wanted" in step.told


def test_connections_that_end_alike_are_told_together() -> None:
    connection = closed()
    other = Talk(connection.recording, port=40001)
    other.open(1512)
    other.up(1530, flags=FIN | ACK)
    other.down(1536, flags=FIN | ACK)
    (step,) = steps(connection.recording.story())
    assert step.title == "laptop closes 2 connections with edge"
    assert step.details["client_ports"] == ("40000", "40001")


def test_one_that_stays_open_is_told_as_such() -> None:
    connection = talk()
    connection.open()
    (step,) = steps(connection.recording.story())
    assert step.title == "A connection stays open"
    assert step.proofs[0].shows.endswith("tcp.flags.fin == 0")


def test_one_that_was_never_open_does_not_end() -> None:
    connection = talk()
    connection.up(0, flags=SYN, seq=999, arrives=False)
    assert steps(connection.recording.story()) == []
