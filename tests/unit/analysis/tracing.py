"""A home of two behind NAT, its ISP and a web server: packets seen at interfaces named by hand."""

from __future__ import annotations

from functools import cache
from typing import Any

from orchestrator.analysis.hops.tracks import Tracks
from orchestrator.analysis.packets.frames import TCP, Frame
from orchestrator.plan.model import Plan
from orchestrator.plan.services import GatewaySettings
from orchestrator.records.visit import Visit
from tests.unit.analysis.builders import VISIT, Recording
from tests.unit.compile.texts import compiled

_TEXT = """\
name: two
about: A home of two
as:
  isp:   {asn: 64501, at: Frankfurt}
  cloud: {asn: 64502, at: Amsterdam, providers: [isp]}
homes:
  home: {isp: isp, access: fibre, hosts: [laptop, phone]}
dns: {as: cloud}
zones:
  example.com: {as: cloud}
cdns:
  cdn: {as: cloud, edges: {edge: cloud}}
datacenters:
  shop: {as: cloud, web: 0, apps: 1}
sites:
  www.example.com: {origin: shop, cdn: cdn}
"""
LAPTOP, GATEWAY = "192.168.1.100", "192.168.1.1"
# The way from the laptop to the gateway, and on from there to the edge, as (node, interface, out).
HOME = (
    ("laptop", "eth0", True),
    ("home-lan", "port1", False),
    ("home-lan", "port0", True),
    ("home-gw", "lan", False),
)
BEYOND = (
    ("home-gw", "wan", True),
    ("isp", "eth2", False),
    ("isp", "eth0", True),
    ("cloud", "eth0", False),
    ("cloud", "eth5", True),
    ("edge", "eth0", False),
)
Way = tuple[tuple[str, str, bool], ...]


@cache
def two_plan() -> Plan:
    return compiled(_TEXT)


def wan() -> str:
    """The gateway's address at its ISP."""
    settings = two_plan().nodes["home-gw"].settings
    assert isinstance(settings, GatewaySettings)
    return str(settings.wan)


def edge() -> str:
    """An address of the edge of its own."""
    return str(two_plan().nodes["edge"].address)


def turned(way: Way) -> Way:
    """The same way back."""
    return tuple((node, interface, not out) for node, interface, out in reversed(way))


class Wires(Recording):
    """A recording in which packets are sent along a way, half a millisecond from port to port."""

    def __init__(self, visit: Visit = VISIT) -> None:
        super().__init__(two_plan(), visit)
        self.saw("isp", 10_000.0)  # the capture goes on for long

    def send(
        self,
        way: Way,
        ends: tuple[tuple[str, int], tuple[str, int]],
        identity: int,
        at_ms: float,
        **headers: Any,
    ) -> list[Frame]:
        (source, source_port), (target, target_port) = ends
        headers = {"protocol": TCP, "flags": 0x10, **headers}
        return [
            self.saw(
                node,
                at_ms + place / 2,
                interface=interface,
                out=out,
                source=source,
                target=target,
                ports=(source_port, target_port),
                identity=identity,
                data=self._mac(way, place) + bytes(60),
                **headers,
            )
            for place, (node, interface, out) in enumerate(way)
        ]

    def _mac(self, way: Way, place: int) -> bytes:
        """Of the next interface of a node on this way, which frames are for."""
        for node, interface, out in way[place:]:
            if not out and node in self.plan.nodes:
                mac = self.plan.nodes[node].interface(interface).mac
                return bytes.fromhex(mac.replace(":", ""))
        return bytes(6)

    def tracks(self) -> Tracks:
        return self.story().tracks
