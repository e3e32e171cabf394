"""Who told whom what, as the sender saw it leave."""

from __future__ import annotations

import struct
from ipaddress import ip_address
from typing import Any

from orchestrator.analysis.failover.control import Told, read_control
from orchestrator.analysis.failover.ospf import list_originators
from orchestrator.analysis.packets.frames import FIN, TCP, UDP, Frame
from orchestrator.plan.model import Plan
from tests.unit.analysis.builders import Recording, minimal_plan
from tests.unit.analysis.failover.test_bgp_messages import WITHDRAWAL, message

ISP, CLOUD = "3fff:0:8000::1", "3fff:0:8000::"


def bfd_payload(state: int, diagnostic: int) -> bytes:
    return struct.pack("!BBBB", 0x20 | diagnostic, state << 6, 3, 24) + bytes(20)


class Talk:
    """Routers of the minimal lab that talk over the link between them."""

    def __init__(self, plan: Plan | None = None) -> None:
        self.run = Recording(plan or minimal_plan())
        self.frames: dict[str, list[Frame]] = {}

    def says(self, node: str, at_ms: float, payload: bytes, **headers: Any) -> Frame:
        """A packet of `isp` or `cloud` to the other, seen at both ends."""
        source, target = (ISP, CLOUD) if node == "isp" else (CLOUD, ISP)
        ends = (("isp", "eth0"), ("cloud", "eth0"))
        seen = [
            self.run.saw(
                name,
                at_ms,
                interface=port,
                out=name == node,
                source=source,
                target=target,
                payload=payload,
                **headers,
            )
            for name, port in ends
        ]
        for frame in seen:
            self.frames.setdefault(frame.node, []).append(frame)
        return next(frame for frame in seen if frame.outbound)

    def bfd(self, node: str, at_ms: float, state: int, diagnostic: int) -> Frame:
        payload = bfd_payload(state, diagnostic)
        return self.says(node, at_ms, payload, protocol=UDP, ports=(50000, 3784))

    def bgp(self, node: str, at_ms: float, payload: bytes, **headers: Any) -> Frame:
        ports = (40000, 179) if node == "isp" else (179, 40000)
        return self.says(node, at_ms, payload, protocol=TCP, ports=ports, **headers)

    def ospf(self, node: str, at_ms: float, originator: str) -> Frame:
        return self.says(node, at_ms, router_lsa(originator), protocol=89)

    def told(self) -> list[Told]:
        return read_control(self.frames, self.run.plan)

    def acts(self) -> list[tuple[str, str, str]]:
        return [(told.act, told.node, told.peer) for told in self.told()]


def router_lsa(originator: str, kind: int = 0x2001, before: bytes = b"") -> bytes:
    """A link state update of OSPFv3 (RFC 5340, A.3.5)."""
    lsa = struct.pack("!HHI", 1, kind, 0) + ip_address(originator).packed
    lsa += struct.pack("!IHH", 1, 0, 24) + bytes(4)
    count = 1 + bool(before)
    return struct.pack("!BBH", 3, 4, 44) + bytes(12) + struct.pack("!I", count) + before + lsa


def test_a_message_is_told_once_by_its_sender() -> None:
    talk = Talk()
    frame = talk.bgp("isp", 1, message(3, b"\4\0"), seq=1)
    (told,) = talk.told()
    assert (told.act, told.node, told.peer, told.reason) == (
        "notified",
        "isp",
        "cloud",
        "hold timer expired",
    )
    assert (told.frame, told.time_ns) == (frame, frame.time_ns)


def test_messages_stand_in_the_order_of_time() -> None:
    talk = Talk()
    talk.bgp("isp", 5, WITHDRAWAL, seq=1)
    talk.bfd("cloud", 3, 1, 1)
    talk.bgp("cloud", 7, message(1), seq=1)
    talk.bgp("isp", 9, b"", seq=100, flags=FIN)
    assert talk.acts() == [
        ("silent", "cloud", "isp"),
        ("update", "isp", "cloud"),
        ("opened", "cloud", "isp"),
        ("closed", "isp", "cloud"),
    ]


def test_a_session_that_goes_down_and_up_again() -> None:
    talk = Talk()
    for at_ms, state, diagnostic in ((0, 3, 0), (1, 1, 1), (2, 1, 1), (3, 2, 1), (4, 3, 0)):
        talk.bfd("isp", at_ms, state, diagnostic)
    assert [act for act, _, _ in talk.acts()] == ["silent", "heard"]


def test_a_session_is_down_for_a_reason() -> None:
    talk = Talk()
    talk.bfd("isp", 0, 3, 0)
    talk.bfd("isp", 1, 1, 3)
    talk.bfd("cloud", 0, 3, 0)
    talk.bfd("cloud", 1, 1, 0)
    assert talk.acts() == [("signalled", "isp", "cloud")]
    assert talk.told()[0].reason == "diagnostic 3, Neighbor Signaled Session Down"


def test_where_steady_sessions_are_not_captured_the_first_packet_is_a_change() -> None:
    talk = Talk()
    talk.bfd("isp", 1, 1, 1)
    talk.bfd("cloud", 1, 1, 0)  # a new session begins so
    talk.bfd("cloud", 2, 3, 0)
    assert talk.acts() == [("silent", "isp", "cloud"), ("heard", "cloud", "isp")]


def test_a_router_speaks_for_itself_and_passes_on_what_others_said() -> None:
    talk = Talk()
    talk.ospf("isp", 1, "198.18.4.1")
    talk.ospf("isp", 2, "198.18.0.1")
    assert talk.acts() == [("links", "isp", "")]


def test_what_a_router_forwards_is_not_its_own() -> None:
    talk = Talk()
    frame = talk.bgp("isp", 1, WITHDRAWAL, seq=1)
    talk.frames = {"cloud": [frame._replace(captured=frame.captured._replace(node="cloud"))]}
    assert talk.told() == []


def test_router_lsas_are_found_behind_others_and_in_version_2() -> None:
    other = struct.pack("!HHIIIHH", 1, 0x2009, 0, 5, 1, 0, 20)
    assert list(list_originators(router_lsa("198.18.0.1", before=other))) == [
        ip_address("198.18.0.1").packed
    ]
    assert list(list_originators(router_lsa("198.18.0.1", kind=0x2009))) == []
    head = bytes((2, 4)) + bytes(22) + struct.pack("!I", 1)
    lsa = struct.pack("!HBBIIIHH", 1, 0x22, 1, 0, 77, 1, 0, 20)
    assert list(list_originators(head + lsa)) == [(77).to_bytes(4, "big")]
    assert list(list_originators(bytes((2, 1)) + (head + lsa)[2:])) == []
    assert list(list_originators(b"")) == []
