"""Runs written by hand, frame by frame, for tests of what is told of them.

    run = Recording()
    run.saw("laptop", 1.0, {"dns.qry.name": "www.example.com"}, layers="dns",
            source="192.168.1.100", target="192.168.1.1", protocol=UDP, ports=(40000, 53))
    run.logged("home-gw", 1.2, "dnsmasq[1]: cached www.example.com is 198.18.0.1")
    steps = list(TELLER.tell(run.story()))

Times are milliseconds from the start of the navigation. Everything is as in the plan of
topologies/minimal.yaml (`laptop` behind `home-gw`) unless a test gives another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from orchestrator.analysis.evidence import Dissection, Evidence
from orchestrator.analysis.packets.frames import IPV4, IPV6, Captured, Frame
from orchestrator.analysis.story import Story
from orchestrator.plan.model import Plan
from orchestrator.records.testimony import LogLine
from orchestrator.records.visit import Paint, Timings, Visit
from tests.unit.compile.texts import compiled

_MINIMAL = Path(__file__).parents[3] / "topologies" / "minimal.yaml"
STARTED = "2026-01-01T00:00:00.000000+00:00"
START_NS = int(datetime.fromisoformat(STARTED).timestamp()) * 10**9
VISIT = Visit(
    run="run",
    url="https://www.example.com/",
    client="chromium",
    node="laptop",
    status=200,
    protocol="h2",
    remote_address=None,
    timings_ms=Timings(load=1000.0),
    paint=Paint(),
    resources=(),
    error=None,
    error_detail="",
    started=STARTED,
    cold=True,
)


@cache
def minimal_plan() -> Plan:
    """The plan of the smallest lab that has everything."""
    return compiled(_MINIMAL.read_text(encoding="utf-8"))


def at(milliseconds: float) -> int:
    """That long after the start of the navigation, in nanoseconds since 1970."""
    return START_NS + round(milliseconds * 1e6)


class Recording:
    """A run in the making. Frames of a node are numbered as they are given, from 1."""

    def __init__(self, plan: Plan | None = None, visit: Visit = VISIT) -> None:
        self.plan, self.visit = plan or minimal_plan(), visit
        self._frames: dict[str, list[Frame]] = defaultdict(list)
        self._dissections: dict[str, list[Dissection]] = defaultdict(list)
        self._logs: dict[str, list[LogLine]] = defaultdict(list)

    def saw(
        self,
        node: str,
        at_ms: float,
        fields: Mapping[str, str | tuple[str, ...]] | None = None,
        *,
        layers: str = "",
        out: bool = True,
        interface: str = "",
        source: str = "",
        target: str = "",
        ports: tuple[int, int] = (0, 0),
        data: bytes = b"",
        **headers: Any,
    ) -> Frame:
        """A frame at a node's interface (the first one, unless named).

        ``fields`` are what tshark reads in it, ``layers`` its protocols beside eth and IP
        ("udp:dns"); without both it is not dissected. ``headers`` are Frame's: protocol,
        flags, seq, ack, ttl, payload, identity.
        """
        port = interface or self.plan.nodes[node].interfaces[0].name
        number = len(self._frames[node]) + 1
        captured = Captured(node, port, number, 0, at(at_ms), out, data, len(data))
        frame = _frame(captured, source, target, ports, headers)
        self._frames[node].append(frame)
        if fields is not None or layers:
            known = {name: _values(value) for name, value in (fields or {}).items()}
            protocols = ("eth", *filter(None, layers.split(":")))
            self._dissections[node].append(Dissection(frame, protocols, known))
        return frame

    def logged(self, node: str, at_ms: float, text: str) -> LogLine:
        """A line of a node's log."""
        line = LogLine(len(self._logs[node]) + 1, at(at_ms), text)
        self._logs[node].append(line)
        return line

    def story(self, **evidence: Any) -> Story:
        """What was recorded; ``evidence`` are further fields of Evidence (har, netlog, …)."""
        by_node = (self._frames, self._dissections, self._logs)
        frames, dissections, logs = (
            {node: tuple(found) for node, found in kind.items()} for kind in by_node
        )
        return Story(Evidence(self.visit, self.plan, frames, dissections, logs=logs, **evidence))


def _frame(
    captured: Captured,
    source: str,
    target: str,
    ports: tuple[int, int],
    headers: Mapping[str, Any],
) -> Frame:
    frame = Frame(captured, **headers)
    if not source:
        return frame
    sender, receiver = ip_address(source), ip_address(target)
    return frame._replace(
        ethertype=IPV4 if sender.version == 4 else IPV6,
        source=sender.packed,
        target=receiver.packed,
        source_port=ports[0],
        target_port=ports[1],
    )


def _values(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def iso(milliseconds: float) -> str:
    """That long after the start of the navigation, as HAR writes it."""
    moment = datetime.fromisoformat(STARTED) + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="microseconds")
