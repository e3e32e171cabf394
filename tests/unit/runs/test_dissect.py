from __future__ import annotations

import struct
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest

from orchestrator.analysis.packets.frames import ACK, IPV4, IPV6, PSH, TCP, Captured, Frame, decode
from orchestrator.analysis.steps import TELLERS, fields
from orchestrator.runs.dissect import dissect, share_out, strangers, unknown_fields
from orchestrator.verbs.doctor import examine_tshark
from tests.unit.analysis.builders import Recording, minimal_plan


def seen(node: str, *identities: int) -> list[Frame]:
    run = Recording()
    return [run.saw(node, place, identity=i, protocol=TCP) for place, i in enumerate(identities)]


def test_nodes_that_saw_the_same_packet_are_read_apart() -> None:
    frames = {
        "laptop": seen("laptop", 1, 2, 3),
        "edge": seen("edge", 2, 4),
        "shop-db": seen("shop-db", 5),
    }
    assert strangers(frames) == [["laptop", "shop-db"], ["edge"]]


def test_frames_without_identity_keep_nobody_apart() -> None:
    frames = {"laptop": seen("laptop", 0), "edge": seen("edge", 0)}
    assert strangers(frames) == [["laptop", "edge"]]


def test_a_text_with_our_separator_in_it_is_passed_over(tmp_path: Path) -> None:
    """Tshark writes it as it is; the frames before and after are read all the same."""
    run = Recording()
    for port, uri in enumerate((b"/a", b"/b\x1ec", b"/d"), start=40_000):
        asked = b"GET " + uri + b" HTTP/1.1\r\n\r\n"
        run.saw("laptop", 1, data=tcp_segment(port, asked), protocol=TCP, identity=1)
    frames = {"laptop": run.story().frames_of("laptop")}
    found = dissect(frames, ["http.request.uri"], minimal_plan(), tmp_path / "none")["laptop"]
    assert [entry.one("http.request.uri") for entry in found] == ["/a", "", "/d"]


def tcp_segment(port: int, payload: bytes) -> bytes:
    """To port 80, in IPv4, in Ethernet, with no checksum."""
    tcp = struct.pack(">HHIIBBHHH", port, 80, 1, 1, 0x50, 0x18, 65535, 0, 0) + payload
    total = 20 + len(tcp)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, total, 1, 0, 64, TCP, 0) + bytes([10, 0, 0, 1] * 2)
    return bytes(12) + b"\x08\x00" + ip + tcp


def test_tshark_knows_every_field_that_is_asked_for() -> None:
    """One that it does not know makes it refuse them all."""
    assert unknown_fields(fields()) == []


def test_a_field_that_tshark_does_not_know() -> None:
    assert unknown_fields(["tcp.port", "tcp.harbour", "dns"]) == ["tcp.harbour"]


def test_the_doctor_asks_tshark_for_the_fields(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert examine_tshark(["tcp.port"]).verdict == "good"
    strange = examine_tshark(["tcp.port", "tcp.harbour"])
    assert (strange.verdict, "tcp.harbour" in strange.detail) == ("note", True)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert examine_tshark(["tcp.port"]).detail == "tshark is not there (it reads captures)"


def test_every_kind_of_step_is_told_by_one_teller() -> None:
    kinds = [teller.kind for teller in TELLERS]
    assert len(kinds) == len(set(kinds))


def request(node: str, number: int, ends: Sequence[str], port: int = 40000) -> Frame:
    """A GET for /NUMBER on its way, as ``node`` sees it."""
    source, target = (ip_address(end).packed for end in ends)
    body = f"GET /{number} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    tcp = struct.pack("!HHIIBBHHH", port, 80, 5, 9, 5 << 4, PSH | ACK, 512, 0, 0) + body
    if len(source) == 4:
        words = (0x45, 0, 20 + len(tcp), 7, 0, 64, TCP, 0)
        ethertype, packet = IPV4, struct.pack("!BBHHHBBH", *words) + source + target + tcp
    else:
        head = struct.pack("!IHBB", 6 << 28, len(tcp), TCP, 63)
        ethertype, packet = IPV6, head + source + target + tcp
    data = bytes(12) + struct.pack("!H", ethertype) + packet
    return decode(Captured(node, "eth0", number, number, number, True, data, len(data)))


@pytest.mark.parametrize(
    "ends", [("10.0.0.1", "198.18.0.1"), ("2001:db8::1", "2001:db8:1::1")], ids=["IPv4", "IPv6"]
)
def test_a_packet_seen_at_many_nodes_is_read_at_each(ends: Sequence[str], tmp_path: Path) -> None:
    nodes = [f"proxy{place}" for place in range(10)]
    frames = {node: [request(node, 1, ends), request(node, 2, ends, 40001)] for node in nodes}
    read = dissect(frames, ["http.request.uri"], minimal_plan(), tmp_path / "no.keys")
    assert [[d.one("http.request.uri") for d in read[n]] for n in nodes] == [["/1", "/2"]] * 10


def test_few_frames_are_read_by_one_tshark_and_many_by_two() -> None:
    few = {"laptop": seen("laptop", 1, 2), "edge": seen("edge", 2), "shop-db": seen("shop-db", 3)}
    assert share_out(few) == [[["laptop", "shop-db"], ["edge"]]]
    many = few | {"edge": seen("edge", *range(1, 9_000))}
    assert share_out(many) == [[["edge"]], [["laptop", "shop-db"]]]


def test_one_tshark_tells_no_more_than_eight_sights_of_a_packet_apart() -> None:
    frames = {f"proxy{place}": seen("laptop", 1) for place in range(9)}
    assert sorted(map(len, share_out(frames))) == [4, 5]
