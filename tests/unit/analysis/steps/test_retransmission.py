"""What was sent twice: found at the sender, with the cause as far as it shows."""

from __future__ import annotations

from orchestrator.analysis.connections.options import sack_blocks
from orchestrator.analysis.packets.frames import ACK, FIN, SYN
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import retransmission
from orchestrator.analysis.story import Story
from tests.unit.analysis.builders import at
from tests.unit.analysis.talking import Talk, sack, stamped, talk


def steps(story: Story) -> list[Step]:
    return list(retransmission.TELLER.tell(story))


def lossy() -> Talk:
    """The second of three segments of the edge is lost; the laptop's SACK shows the hole."""
    connection = talk()
    connection.open()
    connection.down(20, seq=5000, ack=1000, payload=b"a" * 1000)
    connection.down(20.1, seq=6000, ack=1000, payload=b"b" * 1000, arrives=False)
    connection.down(20.2, seq=7000, ack=1000, payload=b"c" * 1000)
    connection.up(25, seq=1000, ack=6000)
    connection.up(25.2, seq=1000, ack=6000, data=sack(7000, 8000))
    connection.down(30.2, seq=6000, ack=1000, payload=b"b" * 1000)
    return connection


def test_a_hole_that_the_receiver_shows_is_a_fast_retransmission() -> None:
    (step,) = steps(lossy().recording.story())
    assert step.title == "edge sends 1 segment again"
    assert step.nodes == ("edge", "laptop")
    assert "of 1,000 bytes to laptop again, 10 ms after the first time" in step.told
    assert step.details["found_by"] == ("ACKs that show a hole (SACK, fast retransmission)",)
    assert (step.start_ns, step.end_ns) == (at(20.1), at(30.2))
    same = "tcp.seq_raw == 6000 && tcp.len == 1000"
    assert [p.shows for p in step.proofs][:2] == [same, same]
    assert step.proofs[2].shows == "tcp.ack_raw == 6000 && tcp.options.sack_le"


def test_nothing_is_told_where_nothing_was_lost() -> None:
    connection = talk()
    connection.open()
    connection.down(20, seq=5000, ack=1000, payload=b"a" * 1000)
    connection.up(26, seq=1000, ack=6000)
    assert steps(connection.recording.story()) == []


def test_without_such_acks_it_was_a_probe_or_a_timer() -> None:
    connection = talk()
    connection.open()
    connection.up(20, seq=1000, ack=5000, payload=b"q" * 70, arrives=False)
    connection.up(70, seq=1000, ack=5000, payload=b"q" * 70)
    connection.up(500, seq=1070, ack=5000, payload=b"r" * 70, arrives=False)
    connection.up(730, seq=1070, ack=5000, payload=b"r" * 70)
    probe, timer = steps(connection.recording.story())
    assert probe.details["found_by"] == ("a probe of the tail (TLP)",)
    assert timer.details["later_ms"] == 230.0
    assert "its timer" in timer.told


def test_repeats_close_to_each_other_are_one_step() -> None:
    connection = lossy()
    connection.down(32, seq=8000, ack=1000, payload=b"d" * 500, arrives=False)
    connection.down(60, seq=8000, ack=1000, payload=b"d" * 500)
    (step,) = steps(connection.recording.story())
    assert step.title == "edge sends 2 segments again"
    assert step.details["bytes"] == 1500


def test_a_fin_that_is_sent_again_counts() -> None:
    connection = talk()
    connection.open()
    connection.up(20, seq=1000, ack=5000, flags=FIN | 0x10, arrives=False)
    connection.up(250, seq=1000, ack=5000, flags=FIN | 0x10)
    (step,) = steps(connection.recording.story())
    assert step.nodes == ("laptop", "edge")


def test_repeated_syns_and_keepalives_are_left_out() -> None:
    connection = talk()
    connection.up(0, flags=SYN, seq=999, arrives=False)
    connection.open(1000)
    connection.up(1020, seq=1000, ack=5000, payload=b"q" * 70)
    connection.down(1030, seq=5000, ack=1070)
    connection.up(46000, seq=1069, ack=5000, payload=b"\0")
    assert steps(connection.recording.story()) == []


def test_sack_blocks_are_read_from_the_options() -> None:
    connection = talk()
    frame = connection.up(0, data=sack(7000, 8000))
    assert sack_blocks(frame) == [(7000, 8000)]
    assert sack_blocks(connection.up(1)) == []


def test_later_counts_from_the_first_sending() -> None:
    """Told as 6,912 ms, and was 13,711."""
    connection = talk()
    connection.open()
    for at_ms in (20, 250, 710):
        connection.up(at_ms, seq=1000, ack=5000, payload=b"q" * 70, arrives=at_ms == 710)
    first, second = steps(connection.recording.story())
    assert (first.details["later_ms"], second.details["later_ms"]) == (230.0, 690.0)
    assert "690 ms after the first time" in second.told
    assert [p.says for p in second.proofs] == [
        "sent for the first time",
        "sent again before, in vain",
        "sent again",
    ]


def test_a_copy_that_a_link_made_was_not_sent_again() -> None:
    connection = talk()
    connection.open()
    sent = {"seq": 1000, "ack": 5000, "payload": b"q" * 70, "identity": 7}
    data = stamped(20, 7005) + b"q" * 70
    connection.up(20, **sent, data=data)
    connection.up(20.01, **sent, data=data)
    connection.up(250, **{**sent, "identity": 8}, data=stamped(250, 7005) + b"q" * 70)
    (step,) = steps(connection.recording.story())
    assert step.details["later_ms"] == 230.0


def test_an_answer_to_a_syn_that_came_twice_is_no_probe_of_the_tail() -> None:
    connection = talk()
    connection.up(0, flags=SYN, seq=999)
    connection.down(5, flags=SYN | ACK, seq=4999, ack=1000)
    connection.up(0.1, flags=SYN, seq=999)
    connection.down(5.2, flags=SYN | ACK, seq=4999, ack=1000)
    (step,) = steps(connection.recording.story())
    assert "What made it do so was another SYN (the answer is given again)." in step.told
