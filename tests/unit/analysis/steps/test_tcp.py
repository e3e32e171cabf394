"""Handshakes that succeed, are refused, or are never answered."""

from __future__ import annotations

from ipaddress import ip_address

from orchestrator.analysis.packets.frames import ACK, ICMP, RST, SYN, TCP
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import icmp_error, tcp
from orchestrator.analysis.story import Story
from tests.unit.analysis.builders import at
from tests.unit.analysis.talking import EDGE, LAPTOP, OPTIONS, Talk, stamped, talk


def steps(story: Story) -> list[Step]:
    return list(tcp.TELLER.tell(story))


def test_a_handshake_names_the_server_by_where_the_syn_arrived() -> None:
    connection = talk()
    connection.open()
    (step,) = steps(connection.recording.story())
    assert step.title == "TCP connects to edge"
    assert step.nodes == ("laptop", "edge")
    assert "The answer took 10.0 ms, one round trip." in step.told
    assert (step.start_ns, step.end_ns) == (at(0), at(10))
    arrival = step.proofs[-1]
    assert (arrival.file, arrival.number) == ("edge.pcapng", 1)


def test_the_options_of_both_are_told() -> None:
    connection = talk()
    connection.up(0, {**OPTIONS, "tcp.options.mss_val": "1440"}, flags=SYN, seq=999)
    bare = {"tcp.options.mss_val": "1460"}
    connection.down(5, bare, flags=SYN | ACK, seq=4999, ack=1000)
    (step,) = steps(connection.recording.story())
    assert step.details["mss_client"] == 1440
    assert step.details["mss_server"] == 1460
    assert step.details["window_scale_client"] == 10
    assert step.details["sack"] is False
    assert "not SACK, timestamps and ECN" in step.told


def test_ecn_is_agreed_where_one_asks_and_the_other_grants() -> None:
    connection = talk()
    connection.up(0, OPTIONS, flags=SYN | 0x40 | 0x80, seq=999)
    connection.down(5, OPTIONS, flags=SYN | ACK | 0x40, seq=4999, ack=1000)
    (step,) = steps(connection.recording.story())
    assert step.details["ecn"] is True
    assert "both use SACK, timestamps and ECN" in step.told


def test_without_dissections_nothing_is_said_of_options() -> None:
    connection = talk()
    connection.up(0, flags=SYN, seq=999)
    connection.down(5, flags=SYN | ACK, seq=4999, ack=1000)
    (step,) = steps(connection.recording.story())
    assert "MSS" not in step.told
    assert "sack" not in step.details


def test_a_syn_that_was_lost_is_told_with_what_it_cost() -> None:
    connection = talk()
    connection.up(0, flags=SYN, seq=999, arrives=False)
    connection.up(1000, flags=SYN, seq=999, data=stamped(1000, 0))
    connection.down(1005, flags=SYN | ACK, seq=4999, ack=1000, data=stamped(7, 1000))
    (step,) = steps(connection.recording.story())
    assert "The answer took 10.0 ms, one round trip." in step.told
    assert "The SYN had to be sent 2 times, which cost 1.0 s." in step.told
    assert step.details["round_trip_ms"] == 10.0
    assert [p.says for p in step.proofs][:2] == ["SYN leaves", "SYN is sent again"]


def test_without_timestamps_a_syn_sent_again_gives_no_round_trip() -> None:
    connection = talk()
    connection.up(0, flags=SYN, seq=999, arrives=False)
    connection.up(1000, flags=SYN, seq=999)
    connection.down(1005, flags=SYN | ACK, seq=4999, ack=1000)
    (step,) = steps(connection.recording.story())
    assert "The answer came 1010.0 ms after the first SYN. That is no round trip" in step.told
    assert "round_trip_ms" not in step.details


def test_a_lost_syn_ack_makes_no_round_trip_of_a_second() -> None:
    connection = talk()
    connection.up(0, flags=SYN, seq=999, data=stamped(1, 0))
    answer = {"flags": SYN | ACK, "seq": 4999, "ack": 1000}
    connection.down(5, **answer, data=stamped(7, 1), arrives=False)
    connection.down(1029, **answer, data=stamped(1031, 1))
    connection.up(1034, seq=1000, ack=5000)
    connection.up(1040, seq=1000, ack=5000, payload=b"q" * 70)
    connection.down(1045, seq=5000, ack=1070)
    (step,) = steps(connection.recording.story())
    assert "one round trip." not in step.told
    assert "nobody knows which was answered (Karn's rule). Later ones took 10.0 ms." in step.told
    assert step.details["round_trip_ms"] == 10.0


def test_a_syn_ack_that_waited_on_its_way_is_no_measure_of_it() -> None:
    """As one waits at a home's gateway, which first asks who has the host's address."""
    connection = talk()
    connection.up(0, flags=SYN, seq=999)
    connection.down(8, flags=SYN | ACK, seq=4999, ack=1000)
    connection.up(13, seq=1000, ack=5000)
    connection.up(20, seq=1000, ack=5000, payload=b"q" * 70)
    connection.down(25, seq=5000, ack=1070)
    (step,) = steps(connection.recording.story())
    said = "The answer took 13.0 ms, one round trip and some waiting on the way: a later one took"
    assert f"{said} 10.0 ms." in step.told
    assert step.details["round_trip_ms"] == 10.0


def test_a_host_that_a_router_cannot_reach_is_not_told_as_silent() -> None:
    connection = talk()
    connection.up(0, {}, flags=SYN, seq=999, arrives=False)
    unreachable(connection, 12.5)
    (step,) = steps(connection.recording.story())
    assert step.title == "TCP: edge is unreachable, says 198.18.0.254"
    assert "after 12.5 ms 198.18.0.254 says by ICMP that the host is unreachable." in step.told
    assert step.proofs[0].shows == "icmp.type == 3 && icmp.code == 1"
    (error,) = icmp_error.TELLER.tell(connection.recording.story())
    assert error.details["about"] == f"{EDGE}:443"
    assert "It quotes the packet that laptop had sent 12.5 ms before (frame 1)." in error.told


def unreachable(connection: Talk, at_ms: float) -> None:
    """A router's ICMP error about the SYN (RFC 792): host unreachable."""
    ends = ip_address(LAPTOP).packed + ip_address(EDGE).packed
    quoted = b"\x45" + bytes(8) + bytes([TCP]) + bytes(2) + ends
    ports = b"".join(port.to_bytes(2) for port in connection.up_ports)
    body = b"\x03\x01" + bytes(6) + quoted + ports + (999).to_bytes(4)
    connection.recording.saw(
        *("laptop", at_ms),
        out=False,
        source="198.18.0.254",
        target=LAPTOP,
        protocol=ICMP,
        payload=body,
    )


def test_a_refused_connection() -> None:
    connection = talk(server_port=444)
    connection.up(0, flags=SYN, seq=999)
    connection.down(5, flags=RST | ACK, ack=1000)
    (step,) = steps(connection.recording.story())
    assert step.title == "TCP: edge refuses"
    assert "nothing listens at port 444" in step.told
    assert step.proofs[0].shows == "tcp.flags.reset == 1 && tcp.srcport == 444"


def test_a_connection_that_is_never_answered_tells_when_it_was_tried() -> None:
    connection = talk()
    for at_ms in (0, 1000, 3000):
        connection.up(at_ms, flags=SYN, seq=999, arrives=False)
    (step,) = steps(connection.recording.story())
    assert step.title == "TCP: no answer from edge"
    assert "It is sent again 1.0 s and 3.0 s after the first, in vain." in step.told
    assert step.details["syns_sent"] == 3
    assert len(step.proofs) == 3


def test_a_syn_that_is_not_sent_again_is_given_up() -> None:
    connection = talk()
    connection.up(0, flags=SYN, seq=999, arrives=False)
    (step,) = steps(connection.recording.story())
    assert "It is given up." in step.told
