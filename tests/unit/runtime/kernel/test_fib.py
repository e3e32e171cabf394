"""Questions to the kernel about one packet, and its answers; the bytes are those of Linux 6.18."""

from __future__ import annotations

import errno
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from orchestrator.runtime.kernel.fib import (
    Flow,
    NextHop,
    Packet,
    Verdict,
    read_answer,
    refusal,
    write_question,
)
from orchestrator.runtime.kernel.netlink import (
    REQUEST,
    read_messages,
    refuse_error,
    write_message,
)

FORWARDED = Packet(ip_address("198.18.25.1"), ip_address("198.18.9.3"), Flow(), 194)
# The flags between them ask for the entry or for the way.
QUESTION = (
    "4c0000001a00010001000000000000000220200000000000",
    "08000100c612190108000200c6120903"
    "08000300c200000005001b000600000006001c009c40000006001d0001bb0000",
)
ENTRY = (
    "600000001800000001000000f071000002160000fe0c00010000000008000f00fe00000008000100c6121800"
    "080006002000000008000700c612080124000900100000007200000008000500c6120a03"
    "100000007400000008000500c6120a05"
)
WAY = (
    "700000001800000001000000f071000002202000fe0000010002000008000f00fe00000008000100c6121901"
    "08000200c6120903080004007400000008000500c6120a0508000300c200000024000c0001000000953a0000"
    "0000000000000000000000000000000000000000"
)
ENTRY6 = (
    "c40000001800000001000000f07100000a200000fe0c00010000000008000f00fe000000"
    "140001003fff000600000000000000000000000008000300c2000000"
    "140007003fff0002000000000000000000000001080006002000000"
    "03c0009001c0000007400000014000500fe80000000000000004c00fffe090000"
    "1c0000007200000014000500fe80000000000000004c00fffe080000"
    "24000c0000000000000000000000000000000000000000000000000000000000000000000500140000000000"
)
DEFAULT = (
    "340000001800000001000000f071000002000000fe0300010000000008000f00fe000000"
    "08000500c0a8010108000400c6000000"
)
LOCAL = (
    "3c0000001800000001000000f071000002200000fe02fe020000000008000f00fe000000"
    "08000100c612080608000700c61208060800040001000000"
)
REFUSED = "500000000200000001000000f07100008fffffff"


def body_of(message: str) -> bytes:
    return next(read_messages(bytes.fromhex(message))).body


def hop(via: str, interface: int) -> NextHop:
    return NextHop(ip_address(via), interface)


@pytest.mark.parametrize(("match", "flags"), [(True, "00300000"), (False, "00100000")])
def test_a_question_is_what_ip_route_get_asks(match: bool, flags: str) -> None:
    asked = write_message(26, REQUEST, write_question(FORWARDED, match))
    assert asked.hex() == flags.join(QUESTION)


def test_an_entry_has_all_its_next_hops() -> None:
    verdict = read_answer(body_of(ENTRY))
    assert (verdict.kind, verdict.prefix) == ("unicast", ip_network("198.18.24.0/22"))
    assert verdict.protocol == "bird"
    assert verdict.equal == (hop("198.18.10.3", 114), hop("198.18.10.5", 116))


def test_the_way_has_one() -> None:
    assert read_answer(body_of(WAY)).equal == (hop("198.18.10.5", 116),)


def test_ipv6_goes_over_link_local_neighbours() -> None:
    verdict = read_answer(body_of(ENTRY6))
    assert verdict.prefix == ip_network("3fff:6::/32")
    assert verdict.equal == (hop("fe80::4c:ff:fe09:0", 116), hop("fe80::4c:ff:fe08:0", 114))
    assert verdict.source == ip_address("3fff:2::1")


def test_a_next_hop_without_carrier_is_not_counted() -> None:
    unusable = ENTRY.replace("1000000074000000", "1000100074000000")
    assert read_answer(body_of(unusable)).equal == (hop("198.18.10.3", 114),)


def test_the_default_route_matches_everything() -> None:
    verdict = read_answer(body_of(DEFAULT))
    assert verdict.prefix == ip_network("0.0.0.0/0")
    assert verdict.equal == (hop("192.168.1.1", 198),)


def test_an_own_address_is_local() -> None:
    verdict = read_answer(body_of(LOCAL))
    assert (verdict.kind, verdict.prefix) == ("local", ip_network("198.18.8.6/32"))


def test_a_refusal_is_an_error_with_its_number() -> None:
    [message] = read_messages(bytes.fromhex(REFUSED))
    with pytest.raises(OSError, match="asked in vain") as caught:
        refuse_error(message, "asked in vain")
    assert caught.value.errno == errno.EHOSTUNREACH


class Route(dict[str, Any]):
    """As pyroute2 tells a route."""

    def get_attr(self, name: str) -> Any:
        return self.get(name)


ROUTES = [
    Route(RTA_DST=None, dst_len=0, family=2, type=1, proto=4),
    Route(RTA_DST="198.18.8.0", dst_len=22, family=2, type=7, proto=12),
    Route(RTA_DST="198.18.9.0", dst_len=24, family=2, type=1, proto=12),
]


def test_the_route_that_refuses_is_found_by_its_longest_match() -> None:
    verdict = refusal(errno.EHOSTUNREACH, ROUTES, ip_address("198.18.8.250"))
    assert verdict == Verdict("unreachable", ip_network("198.18.8.0/22"), "bird")


def test_a_refusal_that_no_route_explains_stands_alone() -> None:
    """A host that does not forward says the same as an unreachable route."""
    target = ip_address("198.18.9.1")
    assert refusal(errno.EHOSTUNREACH, ROUTES, target) == Verdict("unreachable")
    assert refusal(errno.ENETUNREACH, [], target) == Verdict("no route")


def test_an_answer_has_the_ports_the_other_way_round() -> None:
    assert Flow("udp", 40000, 53).turned == Flow("udp", 53, 40000)
