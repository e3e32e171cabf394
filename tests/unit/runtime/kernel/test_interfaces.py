"""What the kernel says of interfaces and their addresses, read from its messages (rtnetlink(7))."""

from __future__ import annotations

import struct
from ipaddress import ip_address, ip_interface

from orchestrator.runtime.kernel.interfaces import read_address, read_link


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def link(flags: int, *attributes: bytes) -> bytes:
    return struct.pack("=BxHiII", 0, 1, 105, flags, 0) + b"".join(attributes)


def test_an_interface_that_runs() -> None:
    message = link(
        0x11043, attribute(3, b"eth1\0"), attribute(6, b"noqueue\0"), attribute(33, b"\1")
    )
    index, seen = read_link(message)
    assert (index, seen.name, seen.qdisc) == (105, "eth1", "noqueue")
    assert seen.is_up
    assert seen.carrier


def test_an_interface_that_is_down_tells_no_carrier() -> None:
    _, seen = read_link(link(0x1002, attribute(3, b"eth1\0"), attribute(6, b"blackhole\0")))
    assert (seen.is_up, seen.carrier, seen.qdisc) == (False, False, "blackhole")


def test_addresses_of_both_families() -> None:
    body = struct.pack("=BBBBI", 2, 31, 0, 0, 105)
    # Of a point-to-point interface: the far end's, then its own.
    far, own = ip_address("198.18.2.5").packed, ip_address("198.18.2.4").packed
    message = body + attribute(1, far) + attribute(2, own)
    assert read_address(message) == (105, ip_interface("198.18.2.4/31"))
    message = struct.pack("=BBBBI", 10, 64, 0, 0, 7) + attribute(1, ip_address("fd00::1").packed)
    assert read_address(message) == (7, ip_interface("fd00::1/64"))
