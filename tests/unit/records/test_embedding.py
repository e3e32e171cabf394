"""TLS keys and names of addresses, put into pcapng made here byte by byte."""

from __future__ import annotations

import struct
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest

from orchestrator.errors import LabError
from orchestrator.plan.addresses import Address
from orchestrator.records.embedding import TLS_KEY_LOG, embed_names, embed_secrets, embedding
from orchestrator.records.pcapng import (
    DECRYPTION_SECRETS,
    ENHANCED_PACKET,
    INTERFACE_DESCRIPTION,
    INTERFACE_STATISTICS,
    NAME_RESOLUTION,
    SECTION_HEADER,
    Block,
    read_blocks,
    read_packets,
)
from tests.unit.capture.texts import interface, packet, section

KEYS = b"CLIENT_RANDOM 00 11\n"
NAMES: dict[Address, str] = {
    ip_address("192.0.2.1"): "laptop",
    ip_address("2001:db8::1"): "edge-fra",
}
TIME_NS = 1_700_000_000_123_456_789
CAPTURE = (
    section()
    + interface("home:eth0")
    + interface("home:wan")
    + packet(0, TIME_NS, b"first", flags=1 | 3 << 2)
    + packet(1, TIME_NS + 1, b"second", flags=2)
    + Block(INTERFACE_STATISTICS, bytes(12)).encode()
    + packet(1, TIME_NS + 2, b"")
)


def types(data: bytes) -> list[int]:
    return [block.type for block in read_blocks(data)]


def test_secrets_stand_after_the_interfaces_and_before_the_packets() -> None:
    assert types(embed_secrets(CAPTURE, KEYS)) == [
        SECTION_HEADER,
        INTERFACE_DESCRIPTION,
        INTERFACE_DESCRIPTION,
        DECRYPTION_SECRETS,
        ENHANCED_PACKET,
        ENHANCED_PACKET,
        INTERFACE_STATISTICS,
        ENHANCED_PACKET,
    ]


def test_secrets_hold_their_type_and_length_and_the_key_log() -> None:
    [secrets] = [b for b in read_blocks(embed_secrets(CAPTURE, KEYS)) if b.type == 0x0A]
    kind, length = struct.unpack_from("<II", secrets.body)
    assert (kind, length) == (TLS_KEY_LOG, len(KEYS))
    assert secrets.body[8 : 8 + length] == KEYS


def test_secrets_follow_the_byte_order_of_the_section() -> None:
    data = section(">") + interface("a:eth0", order=">")
    *_, secrets = read_blocks(embed_secrets(data, KEYS))
    assert struct.unpack_from(">II", secrets.body) == (TLS_KEY_LOG, len(KEYS))


def test_embedding_again_replaces_the_keys() -> None:
    once = embed_secrets(CAPTURE, KEYS)
    assert embed_secrets(once, KEYS) == once
    assert embed_secrets(embed_secrets(CAPTURE, b"OLD 1 2\n"), KEYS) == once
    assert embed_secrets(once, b"") == CAPTURE


def test_secrets_of_another_kind_stay() -> None:
    wireguard = Block(DECRYPTION_SECRETS, struct.pack("<II", 0x57474B4C, 0)).encode()
    data = section() + wireguard + interface("a:eth0")
    assert wireguard in embed_secrets(embed_secrets(data, KEYS), KEYS)


def test_embedding_changes_no_packet_and_keeps_a_cut_tail() -> None:
    cut = CAPTURE[:-5]
    embedded = embed_secrets(cut, KEYS)
    assert list(read_packets(embedded)) == list(read_packets(cut))
    assert embedded.endswith(cut[-40:])


def test_a_file_without_a_whole_section_header_stays_and_what_is_no_pcapng_is_refused() -> None:
    cut = section()[:20]
    assert embed_secrets(cut, KEYS) == cut
    with pytest.raises(LabError, match="not a pcapng file"):
        embed_secrets(b"<html>", KEYS)


def test_a_section_length_that_would_become_wrong_is_left_open() -> None:
    rest = interface("a:eth0") + packet(0, 1, b"x")
    header, *_ = read_blocks(embed_secrets(section(length=len(rest)) + rest, KEYS))
    assert struct.unpack_from("<q", header.body, 8) == (-1,)


def test_names_are_records_of_octets_and_text_each_padded_and_an_end() -> None:
    [block] = [b for b in read_blocks(embed_names(CAPTURE, NAMES)) if b.type == NAME_RESOLUTION]
    assert block.body == (
        struct.pack("<HH", 1, 11)
        + bytes([192, 0, 2, 1])
        + b"laptop\0\0"
        + struct.pack("<HH", 2, 25)
        + ip_address("2001:db8::1").packed
        + b"edge-fra\0\0\0\0"
        + bytes(4)
    )


def test_a_name_that_no_record_can_hold_is_cut() -> None:
    named = embed_names(CAPTURE, {ip_address("2001:db8::1"): "x" * 70_000})
    [block] = [b for b in read_blocks(named) if b.type == NAME_RESOLUTION]
    assert struct.unpack_from("<HH", block.body) == (2, 65_535)
    assert block.body[-5:] == bytes(5)


def test_names_follow_the_byte_order_of_the_section() -> None:
    data = section(">") + interface("a:eth0", order=">")
    *_, block = read_blocks(embed_names(data, NAMES))
    assert struct.unpack_from(">HH", block.body) == (1, 11)


def test_names_and_secrets_stand_together_and_each_is_replaced_alone() -> None:
    both = embed_names(embed_secrets(CAPTURE, KEYS), NAMES)
    assert types(both)[:6] == [
        SECTION_HEADER,
        INTERFACE_DESCRIPTION,
        INTERFACE_DESCRIPTION,
        DECRYPTION_SECRETS,
        NAME_RESOLUTION,
        ENHANCED_PACKET,
    ]
    assert embed_names(both, NAMES) == both
    assert embed_names(both, {}) == embed_secrets(CAPTURE, KEYS)
    assert embed_secrets(both, b"") == embed_names(CAPTURE, NAMES)
    assert list(read_packets(both)) == list(read_packets(CAPTURE))


def test_tshark_resolves_by_the_names(tmp_path: Path) -> None:
    four = bytes(12) + b"\x08\x00\x45\x00\x00\x14" + bytes(4) + b"\x40\x3b\x00\x00"
    four += ip_address("192.0.2.1").packed + ip_address("192.0.2.9").packed
    six = bytes(12) + b"\x86\xdd\x60\x00\x00\x00\x00\x00\x3b\x40"
    six += ip_address("2001:db8::1").packed + ip_address("2001:db8::9").packed
    file = tmp_path / "named.pcapng"
    head = section() + interface("a:eth0")
    file.write_bytes(embed_names(head + packet(0, 1, four) + packet(0, 2, six), NAMES))
    argv = ["tshark", "-N", "n", "-r", str(file), "-T", "fields", "-e", "ip.src_host"]
    argv += ["-e", "ip.dst_host", "-e", "ipv6.src_host", "-e", "ipv6.dst_host"]
    read = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert read.split() == ["laptop", "192.0.2.9", "edge-fra", "2001:db8::9"]


def test_names_and_secrets_at_once_are_what_they_are_one_after_the_other() -> None:
    embed = embedding(KEYS, NAMES)
    for data in (CAPTURE, section(">") + interface("a:eth0", order=">"), embed(CAPTURE)):
        assert embed(data) == embed_names(embed_secrets(data, KEYS), NAMES)
