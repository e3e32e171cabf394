"""Journeys to report on: one with all there can be, in which everything others could have said is
hostile, and one with nothing."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.analysis.figures.textbook import Comparison
from orchestrator.analysis.hops.trace import Leg, Passage, Trace
from orchestrator.analysis.journey import Journey
from orchestrator.analysis.step import Proof, Step
from orchestrator.analysis.waits.critical import Segment
from orchestrator.records.visit import Paint, Timings, Vitals
from orchestrator.report.material import Material, Picture
from tests.unit.analysis.builders import START_NS, VISIT, Recording, at, iso

HOSTILE = "</title></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&|`*_[a](b)"
PICTURE = Picture(b"\x89PNG", "image/png", 10.0, 0.5)


def step(kind: str, start_ms: float, end_ms: float, *nodes: str, title: str = "") -> Step:
    return Step(
        kind=kind,
        title=title or f"{kind} of {' and '.join(nodes)}",
        told=f"What {kind} did.",
        nodes=nodes or ("laptop",),
        start_ns=at(start_ms),
        end_ns=at(end_ms),
        proofs=(Proof("laptop.pcapng", 7, 'dns.qry.name == "www.example.com"', "asked"),),
    )


def passage(interface: str, at_ms: float, *, outbound: bool) -> Passage:
    node = interface.partition(":")[0]
    return Passage(interface, outbound, at(at_ms), 1, f"{node}.pcapng", 1)


def trace() -> Trace:
    there = (
        passage("laptop:eth0", 5, outbound=True),
        passage("home-lan:port1", 5.1, outbound=False),
        passage("home-gw:lan", 5.2, outbound=False),
    )
    back = (passage("home-gw:lan", 6, outbound=True), passage("laptop:eth0", 6.5, outbound=False))
    legs = (Leg("link", "laptop--home-lan", at(5), at(5.1), 0.05, 0.01, 0.04),)
    return Trace("syn", there, back, forward_legs=legs, notes=("The way back is shorter.",))


def whole() -> Material:
    """A journey in which each part is there, and hostile text in each place for text."""
    dns = step("dns_cache", 1, 5, "laptop", "home-gw")
    inner = step("dns_query", 2, 4, "home-gw", "resolver")
    hostile = replace(
        step("request", 6, 9, "laptop", "edge", title=HOSTILE),
        kind="request",
        told=HOSTILE,
        proofs=(Proof("visit.har", 0, "/log/entries/0", HOSTILE), Proof("logs/a.log", 3, HOSTILE)),
        details={"header_bytes": 12, HOSTILE: HOSTILE, "secure": True},
        saved=HOSTILE,
        expected=HOSTILE,
        as_expected=False,
        terms=("TCP", "TTL", HOSTILE),
    )
    visit = replace(
        VISIT,
        url=f"https://www.example.com/{HOSTILE}",
        timings_ms=Timings(dns=4.0, connect=11.0, load=1000.0),
        paint=Paint(400.0, 450.0),
        vitals=Vitals(largest_contentful_paint=480.0, largest_element=HOSTILE),
    )
    journey = Journey(
        visit=visit,
        started_ns=START_NS,
        ended_ns=at(1000),
        steps=(dns, inner, hostile),
        critical=(
            Segment(HOSTILE, HOSTILE, at(0), at(400)),
            Segment("TCP", "a", at(400), at(1000)),
        ),
        traces={"syn": trace()},
        textbook=(Comparison("TCP", 1.0, 1.0, 2.0, "RTT", True, HOSTILE),),
        warnings=(HOSTILE, "a second one"),
    )
    evidence = Recording(visit=visit).story(har=har()).evidence
    return Material(journey, evidence, PICTURE, (PICTURE,))


def har() -> dict[str, object]:
    """Two exchanges, the first with a hostile address."""
    return {"log": {"entries": [exchange(HOSTILE, 1), exchange("a/shop.css?x=1", 300)]}}


def exchange(path: str, start_ms: float) -> dict[str, object]:
    return {
        "startedDateTime": iso(start_ms),
        "time": 100.0,
        "request": {"url": f"https://www.example.com/{path}"},
        "response": {"status": 200, "_transferSize": 4200},
        "timings": {
            **{"blocked": 4, "dns": 6, "connect": 30, "ssl": 20},
            **{"send": 0, "wait": 50, "receive": 10},
        },
    }


def nothing() -> Material:
    """A visit that failed at once, and left nothing."""
    visit = replace(VISIT, status=None, protocol=None, error="dns", timings_ms=Timings())
    journey = Journey(visit, START_NS, at(3), (), (), {}, (), ())
    return Material(journey, Recording(visit=visit).story().evidence)


def with_steps(*steps: Step) -> Journey:
    """A journey of these steps."""
    return replace(nothing().journey, visit=VISIT, steps=steps)
