"""Routing that moves while the page loads is told, with who said so first."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from orchestrator.analysis.packets.frames import ACK, FIN, RST, SYN, TCP, UDP
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import rerouting
from tests.unit.analysis.builders import Recording
from tests.unit.analysis.failover.test_bgp_messages import message
from tests.unit.analysis.failover.test_control import CLOUD, ISP, bfd_payload, router_lsa
from tests.unit.analysis.talking import Talk

# 198.18.5.0/24, where the edge of the minimal lab is, and a prefix of nobody's.
EDGES, OTHERS = b"\x18\xc6\x12\x05", b"\x18\xc6\x12\x63"


def withdrawal(prefix: bytes) -> bytes:
    return message(2, struct.pack("!H", len(prefix)) + prefix + b"\0\0")


class Routers:
    """isp and cloud of the minimal lab, while the laptop talks to the edge."""

    def __init__(self) -> None:
        self.recording = Recording()
        Talk(self.recording).open(0)

    def says(self, node: str, at_ms: float, payload: bytes, **headers: Any) -> None:
        source, target = (ISP, CLOUD) if node == "isp" else (CLOUD, ISP)
        self.recording.saw(
            node, at_ms, source=source, target=target, payload=payload, out=True, **headers
        )

    def bgp(self, node: str, at_ms: float, payload: bytes, **headers: Any) -> None:
        ports = (40000, 179) if node == "isp" else (179, 40000)
        self.says(node, at_ms, payload, protocol=TCP, ports=ports, **headers)

    def bfd(self, node: str, at_ms: float, state: int, diagnostic: int = 0) -> None:
        payload = bfd_payload(state, diagnostic)
        self.says(node, at_ms, payload, protocol=UDP, ports=(50000, 3784))

    def steps(self) -> list[Step]:
        return list(rerouting.TELLER.tell(self.recording.story()))


def test_a_session_that_bfd_ends() -> None:
    routers = Routers()
    for at_ms, state, diagnostic in ((1, 3, 0), (100, 1, 1), (200, 1, 1)):
        routers.bfd("isp", at_ms, state, diagnostic)
    (step,) = routers.steps()
    assert step.title == "isp hears cloud no more (BFD)"
    assert (step.proofs[0].file, step.proofs[0].shows) == ("isp.pcapng", "bfd")
    assert step.nodes == ("isp", "cloud")


def test_a_router_whose_links_changed_says_so_once() -> None:
    """Its own LSA, that is (198.18.0.1 is its router id): those of others it hands on."""
    routers = Routers()
    for at_ms, originator in ((50, "198.18.4.1"), (100, "198.18.0.1"), (110, "198.18.0.1")):
        routers.says("isp", at_ms, router_lsa(originator), protocol=89)
    (step,) = routers.steps()
    assert step.title == "isp tells its OSPF neighbours anew what its links are"
    assert (step.proofs[0].file, step.proofs[0].shows) == ("isp.pcapng", "ospf.msg == 4")
    assert step.proofs[0].number == 2


def test_a_neighbour_that_was_off_all_the_time_is_no_change() -> None:
    """BFD of a session that is down sends on, once a second."""
    routers = Routers()
    for at_ms in (1, 500, 900):
        routers.bfd("isp", at_ms, 1, 1)
    assert routers.steps() == []


def test_a_session_that_ends_and_begins_again() -> None:
    routers = Routers()
    routers.bgp("isp", 100, message(3, b"\6\12"), seq=1)
    routers.bgp("isp", 101, b"", seq=100, flags=FIN | ACK)
    routers.bgp("cloud", 600, message(1), seq=1)
    ends, begins = routers.steps()
    assert ends.title == "isp ends its BGP session with cloud"
    assert "(BFD down)" in ends.told
    assert begins.title == "cloud opens a BGP session with isp"
    assert begins.proofs[0].shows == "bgp.type == 1"


def test_a_call_that_nobody_answers_is_no_session() -> None:
    """A router whose neighbour's BIRD is down keeps asking; the kernel there refuses."""
    routers = Routers()
    routers.bgp("isp", 100, b"", seq=7, flags=SYN)
    routers.bgp("cloud", 101, b"", seq=0, flags=RST | ACK)
    assert routers.steps() == []


def test_a_route_to_the_edge_that_goes() -> None:
    routers = Routers()
    routers.bgp("cloud", 300, withdrawal(EDGES), seq=1)
    (step,) = routers.steps()
    assert step.title == "cloud withdraws 198.18.5.0/24"
    assert step.proofs[0].shows == "bgp.type == 2"


@pytest.mark.parametrize("at_ms", [-50, 1500])
def test_what_came_before_or_after_is_not_told(at_ms: float) -> None:
    routers = Routers()
    routers.bgp("cloud", at_ms, withdrawal(EDGES), seq=1)
    assert routers.steps() == []


def test_a_route_to_somebody_else_is_not_told() -> None:
    routers = Routers()
    routers.bgp("cloud", 300, withdrawal(OTHERS), seq=1)
    assert routers.steps() == []
