"""Which of the raw frames are looked at."""

from __future__ import annotations

import struct
from ipaddress import ip_address

from orchestrator.analysis.failover.choice import choose_questions
from orchestrator.analysis.failover.sieve import Sieve
from orchestrator.analysis.packets.frames import ICMP, ICMPV6, SYN, TCP, UDP
from orchestrator.records.study import ProbeRun, Sample
from tests.unit.analysis.builders import at
from tests.unit.analysis.failover.trying import TARGET, fault, row, trial

_MACS = bytes(12)
ROUTERS = ("3fff::1", "3fff:1::1")


def raw(protocol: int, ends: tuple[str, str], body: bytes) -> bytes:
    source, target = (ip_address(end).packed for end in ends)
    if len(source) == 16:
        head = struct.pack("!IHBB", 0x60000000, len(body), protocol, 64)
        return _MACS + b"\x86\xdd" + head + source + target + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 1, 0, 64, protocol, 0)
    return _MACS + b"\x08\x00" + head + source + target + body


def echo(sequence: int, kind: int = 128, ends: tuple[str, str] = ("3fff::5", TARGET)) -> bytes:
    return raw(ICMPV6, ends, struct.pack("!BBHHH", kind, 0, 0, 7, sequence))


def tcp(ports: tuple[int, int], flags: int, ends: tuple[str, str] = ROUTERS) -> bytes:
    return raw(TCP, ends, struct.pack("!HHIIBBHHH", *ports, 1, 1, 0x50, flags, 9, 0, 0))


def bfd(state: int, diagnostic: int, ends: tuple[str, str] = ROUTERS, port: int = 3784) -> bytes:
    control = struct.pack("!BBBB", 0x20 | diagnostic, state << 6, 3, 24) + bytes(20)
    return raw(UDP, ends, struct.pack("!HHHH", 50000, port, 32, 0) + control)


def keep(*frames: bytes, at_ms: float = 0) -> list[bool]:
    sieve = Sieve(())
    return [sieve.keeps(0, at(at_ms), frame) for frame in frames]


def test_of_bfd_what_changes_is_kept() -> None:
    frames = [bfd(3, 0), bfd(3, 0), bfd(1, 1), bfd(1, 1), bfd(1, 3), bfd(2, 3), bfd(3, 0)]
    assert keep(*frames) == [True, False, True, False, True, True, True]


def test_the_two_ways_and_other_sessions_are_told_apart() -> None:
    back = bfd(3, 0, (ROUTERS[1], ROUTERS[0]))
    other = bfd(3, 0, ("198.18.0.1", "198.18.4.1"), port=4784)
    assert keep(bfd(3, 0), back, other, bfd(3, 0), back, other) == [True] * 3 + [False] * 3


def test_one_session_is_followed_at_each_interface() -> None:
    sieve = Sieve(())
    assert [sieve.keeps(port, at(0), bfd(1, 1)) for port in (0, 1, 0)] == [True, True, False]


def test_bgp_and_link_state_updates_are_kept() -> None:
    hello, link_state = bytes((3, 1)) + bytes(14), bytes((3, 4)) + bytes(14)
    ospf = [raw(89, ROUTERS, packet) for packet in (hello, link_state)]
    assert keep(tcp((179, 40000), 0), tcp((40000, 179), 0), *ospf) == [True, True, False, True]


def test_other_packets_and_short_ones_are_not() -> None:
    web = tcp((40000, 443), SYN)
    assert not any(keep(web, echo(1), b"", _MACS + b"\x08\x06", raw(UDP, ROUTERS, b"")))


def test_the_chosen_questions_are_kept_both_ways() -> None:
    samples = row("." * 20 + "xx" + "." * 58)
    questions = choose_questions(trial(samples, [fault()]))
    assert [(q.phase, q.sequence) for q in questions] == [
        ("before", 19),
        ("during", 49),
        ("after", 79),
    ]
    sieve = Sieve(questions)
    reply = echo(19, 129, (TARGET, "3fff::5"))
    assert sieve.keeps(0, at(1901), echo(19))
    assert sieve.keeps(0, at(1905), reply)
    assert not sieve.keeps(0, at(1901), echo(18))
    assert not sieve.keeps(0, at(2500), echo(19))
    assert not sieve.keeps(0, at(1901), echo(19, ends=("3fff::5", "3fff::9")))


def test_a_question_is_known_beyond_nat_by_the_end_that_stays() -> None:
    probe = ProbeRun("call", "tcp", "laptop", "www.example.com", 100.0, 500.0)
    asked = Sample(
        "call", 0, at(0), at(0), 5.0, None, "", "192.168.1.100", 40000, "198.18.5.9", 443
    )
    sieve = Sieve(choose_questions(trial([asked], probes=[probe])))
    assert sieve.keeps(0, at(1), tcp((61000, 443), 0, ("198.18.1.3", "198.18.5.9")))
    assert sieve.keeps(0, at(1), tcp((443, 61000), 0, ("198.18.5.9", "198.18.1.3")))
    assert not sieve.keeps(0, at(1), tcp((61000, 80), 0, ("198.18.1.3", "198.18.5.9")))


def test_of_a_page_only_handshakes_are_kept() -> None:
    probe = ProbeRun("page", "visit", "laptop", "https://www.example.com/", 4000.0, 20_000.0)
    visit = Sample("page", 0, at(0), at(0), 900.0, None, "", "", 0, TARGET, 443)
    sieve = Sieve(choose_questions(trial([visit], probes=[probe])))
    ends = ("3fff::5", TARGET)
    assert [sieve.keeps(0, at(500), tcp((40000, 443), flags, ends)) for flags in (SYN, 0)] == [
        True,
        False,
    ]


def test_the_last_question_of_a_phase_in_which_all_failed_is_chosen() -> None:
    questions = choose_questions(trial(row("." * 20 + "x" * 30 + "." * 30), [fault()]))
    assert [q.sequence for q in questions if q.phase == "during"] == [49]


def test_an_echo_over_ipv4_without_octets_to_repeat_is_known() -> None:
    asked = Sample("ping", 3, at(0), at(0), 5.0, None, "", "192.168.1.9", 7, "198.18.5.9", 3)
    sieve = Sieve(choose_questions(trial([asked])))
    request = struct.pack("!BBHHH", 8, 0, 0, 7, 3)
    assert sieve.keeps(0, at(1), raw(ICMP, ("192.168.1.9", "198.18.5.9"), request))
