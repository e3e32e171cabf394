"""DNS queries of a probe, and the answers that count."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from orchestrator.probes import dnswire
from orchestrator.probes.dns import Dns
from orchestrator.probes.lookup import Target, of_family
from orchestrator.probes.question import Failed
from tests.unit.probes.servers import LOCAL, setting, tried

QUERY = dnswire.write_query("www.example.com", dnswire.A, 7)


def answer_to(query: bytes, *addresses: str, rcode: int = 0) -> bytes:
    """An answer whose records point at the question's name (RFC 1035, 4.1.4)."""
    head = struct.pack(
        "!6H", *struct.unpack("!H", query[:2]), 0x8180 | rcode, 1, len(addresses), 0, 0
    )
    records = b"".join(
        b"\xc0\x0c" + struct.pack("!2HIH", kind, 1, 60, len(packed)) + packed
        for packed in (ip_address(address).packed for address in addresses)
        for kind in [dnswire.A if len(packed) == 4 else dnswire.AAAA]
    )
    return head + query[12:] + records


def test_a_query_is_as_the_rfc_has_it() -> None:
    assert (
        bytes.fromhex("0007 0100 0001 0000 0000 0000")
        + (b"\3www\7example\3com\0" + bytes.fromhex("0001 0001"))
        == QUERY
    )


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64 + ".com"])
def test_what_is_no_name_is_not_asked_for(name: str) -> None:
    with pytest.raises(ValueError, match=r"not a name|label"):
        dnswire.write_query(name, dnswire.A, 7)


def test_an_answer_gives_its_addresses() -> None:
    read = dnswire.read_answer(answer_to(QUERY, "192.0.2.1", "2001:db8::1"))
    assert read == dnswire.Answer(7, 0, ("192.0.2.1", "2001:db8::1"))


@pytest.mark.parametrize("message", [b"", QUERY, answer_to(QUERY, "192.0.2.1")[:-2]])
def test_what_is_no_answer_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"answer|address"):
        dnswire.read_answer(message)


def test_addresses_of_a_family() -> None:
    both = ("192.0.2.1", "2001:db8::1")
    assert of_family(both, "") == ("2001:db8::1", "192.0.2.1")
    assert of_family(both, "4") == ("192.0.2.1",)


class Resolver(asyncio.DatagramProtocol):
    """Answers each query with what ``answers`` makes of it; with silence where that is b""."""

    def __init__(self, answers: Callable[[bytes], bytes]) -> None:
        self.answers, self.queries = answers, 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.queries += 1
        if answer := self.answers(data):
            self.transport.sendto(answer, addr)


@pytest.mark.parametrize(
    ("answers", "options", "failure"),
    [
        (lambda query: answer_to(query, "192.0.2.1"), {}, None),
        (lambda query: answer_to(query, "192.0.2.1"), {"expect": "192.0.2.1"}, None),
        (lambda query: answer_to(query, "192.0.2.66"), {"expect": "192.0.2.1"}, "wrong"),
        (lambda query: answer_to(query), {}, "wrong"),
        (lambda query: answer_to(query, rcode=3), {}, "dns"),
        (lambda query: b"", {}, "lost"),
        # Another identifier: the answer to somebody else's question.
        (lambda query: answer_to(b"\0\0" + query[2:], "192.0.2.1"), {}, "lost"),
    ],
)
def test_one_query_is_one_sample(
    answers: Callable[[bytes], bytes],
    options: dict[str, str],
    failure: str | None,
) -> None:
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        resolver = Resolver(answers)
        await loop.create_datagram_endpoint(lambda: resolver, local_addr=(LOCAL, 0))
        port = resolver.transport.get_extra_info("sockname")[1]
        chosen = {"server": "server", "port": str(port), **options}
        probe = Dns(setting("dns", "www.example.com", "", **chosen))
        question, failed = await tried(probe, within_s=0.1 if failure == "lost" else 5.0)
        assert failed == failure
        assert resolver.queries == 1, "a lost question is not asked again"
        assert (question.target, question.target_port) == (LOCAL, port)

    asyncio.run(scene())


def test_a_host_without_a_resolver_says_so() -> None:
    async def scene() -> None:
        with pytest.raises(Failed, match="no resolver"):
            await Target(setting("icmp", "www.example.com", ""), "www.example.com").address()

    asyncio.run(scene())


def test_nodes_and_addresses_need_no_lookup() -> None:
    async def scene() -> None:
        assert await Target(setting("icmp", "server", ""), "server").address() == LOCAL
        assert await Target(setting("icmp", LOCAL, ""), LOCAL).address() == LOCAL

    asyncio.run(scene())
