"""Labs, runs and studies made by hand, with the long names and numbers that large labs have."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path

from orchestrator.analysis.figures.compare import Difference, Saving
from orchestrator.analysis.figures.textbook import Comparison
from orchestrator.analysis.hops.account import Account
from orchestrator.analysis.hops.passage import Leg, Passage
from orchestrator.analysis.hops.trace import Trace
from orchestrator.analysis.journey import Journey
from orchestrator.analysis.step import Proof, Step
from orchestrator.analysis.waits.critical import Segment
from orchestrator.analysis.waits.rounds_waited import RoundTrips
from orchestrator.capture.mux import CaptureSummary, NodeSummary
from orchestrator.cli.compare_told import Comparison as VisitComparison
from orchestrator.looking_glass.choice import Candidate, Choice
from orchestrator.looking_glass.walk import Hop, Way
from orchestrator.plan.impairment import Bernoulli, GilbertElliott, Impairment
from orchestrator.records.in_force import InForce
from orchestrator.records.study import NetworkEvent
from orchestrator.records.visit import Resource, Timings, Visit, Vitals
from orchestrator.runtime.daemons.rib import Community, RibRoute
from orchestrator.runtime.daemons.sessions import Session
from orchestrator.runtime.disk.processes import Process, start_time
from orchestrator.runtime.disk.state import RunningCapture
from orchestrator.runtime.kernel.fib import Flow, Kind, NextHop, Packet, Verdict
from orchestrator.runtime.links.state import LinkState
from orchestrator.verbs.bgp import BgpRow, OspfRow, RtrRow, Summary
from orchestrator.verbs.doctor import Finding
from orchestrator.verbs.route import RoundTrip
from orchestrator.verbs.status import Condition
from orchestrator.verbs.visit import Run
from tests.unit.analysis.builders import START_NS, VISIT, at, minimal_plan

FOLDER = Path("captures/20260101T000000Z-www.example.com-0a1b")

# ── a visit ───────────────────────────────────────────────────────────────────

RECORD = replace(
    VISIT,
    run=FOLDER.name,
    remote_address="3fff:5:4000::1",
    timings_ms=Timings(29.0, 11.5, 16.4, 171.3, 1.2, 524.4, 616.9),
    resources=(
        Resource("https://www.example.com/static/shop.css", 200, "h2", 12_000, 258.0, 70.0),
        Resource("https://www.example.com/static/img/radio.png", 200, "h2", 90_000, 262.0, 310.5),
    ),
    vitals=Vitals(265.1, 424.3, 476.0, "img.hero", None, 0.0123, 12.5, 625.7, 445.0),
)


def step(kind: str, start_ms: float, end_ms: float, title: str, *, saved: str = "") -> Step:
    """A step that a frame of the laptop's file proves."""
    told = (
        f"{title}: it began at {start_ms:.1f} ms and was over at {end_ms:.1f} ms, after 1,234.5 ms "
        "of other things."
    )
    wanted = 'dns.flags.response == 0 && dns.qry.name == "www.example.com"'
    return Step(
        kind=kind,
        title=title,
        told=told,
        nodes=("laptop",),
        start_ns=at(start_ms),
        end_ns=at(end_ms),
        proofs=(Proof("laptop.pcapng", 112, wanted, "www.example.com is asked for"),),
        details={"round_trip_ms": 11.53, "segments": 12, "servers": ("ns1", "ns2")},
        saved=saved,
    )


def steps() -> tuple[Step, ...]:
    """From a lease to the close, with what is folded, saved, and not as planned."""
    lookup = "a question to its resolver, and what that would have had to ask"
    page = [("First contentful paint", 424.3), ("Largest contentful paint", 476.0)]
    return (
        step("dhcp", -1728.9, -1700.0, "laptop leases 192.168.1.100"),
        step(
            "dns_cache", 5.0, 34.0, "oak-street-gw has www.example.com in its cache", saved=lookup
        ),
        replace(
            step("tcp", 35.0, 46.5, "TCP connects to edge-fra at 3fff:5:4000::1, in 11.5 ms"),
            expected="edge-fra answers at 198.18.21.1 within 6.0 ms, by way of AS 64530",
            as_expected=False,
        ),
        *(step("resource", 258 + n, 330 + n, f"/static/img/{n}.png (HIT)") for n in range(9)),
        *(step("page", ms, ms, title) for title, ms in page),
        step("page", 524.4, 524.4, "DOMContentLoaded"),
        step("page", 616.3, 616.3, "Load"),
        step("teardown", 963.7, 970.0, "laptop closes the connection with edge-fra"),
    )


def journey() -> Journey:
    """A visit of some 600 ms."""
    waits = (("DNS", 29.0), ("TCP", 40.5), ("TLS", 68.4), ("origin connect", 239.7))
    ends = [*waits, ("origin network", 410.7), ("download", 538.7), ("browser", 616.9)]
    starts = [0.0, *(end for _, end in ends)]
    told = "From 29.0 ms on, for 171.3 ms, the edge waited for its origin, 93.1 ms away and back."
    return Journey(
        visit=RECORD,
        started_ns=START_NS,
        ended_ns=at(616.9),
        steps=steps(),
        critical=tuple(
            Segment(name, told, at(start), at(end))
            for (name, end), start in zip(ends, starts, strict=False)
        ),
        traces={"syn": trace()},
        textbook=(
            Comparison("DNS", 14.9, 20.0, 100.0, "ms", True, "DNS took 14.9 ms."),
            Comparison("TLS", 2.43, 0.8, 2.0, "RTT", False, "TLS took 2.4 RTT."),
            Comparison("The first byte", 265.0, 0.0, 800.0, "ms", True, "It took 265.0 ms."),
            Comparison("The page", 616.9, 100.0, 400.0, "ms", None, "It took 616.9 ms."),
        ),
        warnings=("7 packets were not captured: what follows may lack steps",),
    )


def run() -> Run:
    """The visit with its capture."""
    counts = CaptureSummary(8123, 0, {"laptop": NodeSummary(420, 0), "isp": NodeSummary(7703, 0)})
    return Run(RECORD, FOLDER, counts, journey())


def visits() -> VisitComparison:
    """Three visits, of which the last needs less."""
    warm = replace(RECORD, timings_ms=Timings(1.4, 4.8, 15.9, 5.2, 2.2, 182.4, 183.4))
    warmer = replace(RECORD, timings_ms=Timings(1.2, 4.6, 15.5, 5.0, 2.1, 171.4, 172.9))
    first, *_ = steps()
    saved = step("dhcp", 0, 0, "laptop already has 192.168.1.100", saved="four DHCP messages")
    gone = step(
        "resource", 1, 21, "edge-fra sends 1 segment again, after 20.0 ms of waiting for it"
    )
    return VisitComparison(
        (RECORD, warm, warmer),
        Difference(
            savings=(Saving(saved, first, (gone, steps()[-3])),),
            lost=(),
            gone=(gone,),
            new=(),
            first_round_trips=RoundTrips({"neighbour": 4, "dns_query": 3, "tcp": 1, "request": 11}),
            second_round_trips=RoundTrips({"tcp": 1, "request": 1}),
        ),
    )


def compared_records() -> tuple[Visit, Visit]:
    """The two that `lab compare` is asked about."""
    return RECORD, visits().visits[1]


def trace() -> Trace:
    """A SYN over nine interfaces of the default lab, and back."""
    places = (
        *("laptop:eth0", "oak-street-lan:port1", "oak-street-lan:port0", "oak-street-gw:lan"),
        *(
            "oak-street-gw:wan",
            "alder-bng:eth2",
            "alder-bng:eth0",
            "alder-agg1:eth0",
            "edge-fra:eth0",
        ),
    )
    there = [passage(name, n, 4.25 * n) for n, name in enumerate(places)]
    back = [passage(name, 9 + n, 41.0 + 4.25 * n) for n, name in enumerate(reversed(places))]
    notes = (
        "The way back is another: it crosses the ASes 64530 64510 64501, and takes 1.2 ms longer.",
    )
    return Trace("syn", tuple(there), tuple(back), legs(there), legs(back), notes)


def passage(interface: str, place: int, at_ms: float) -> Passage:
    """In a file of six digits' worth of frames."""
    node = interface.partition(":")[0]
    file = f"{node}.pcapng"
    return Passage(interface, place % 2 == 0, at(at_ms), 123_456 + place, file, 1_234 + place)


def legs(passages: list[Passage]) -> tuple[Leg, ...]:
    """Every other one a link that delays and queues."""
    pairs = itertools.pairwise(passages)
    return tuple(
        Leg("node", before.interface.partition(":")[0], before.time_ns, after.time_ns)
        if place % 2
        else Leg("link", "a--b", before.time_ns, after.time_ns, 2.0, 0.0123, 2.2377)
        for place, (before, after) in enumerate(pairs)
    )


ACCOUNT = Account(1203, ("frame 812 of edge-fra.pcapng was lost between swift-fra and ix-fra",))

# ── a lab that runs ───────────────────────────────────────────────────────────


def summary() -> Summary:
    """Sessions of the default lab, one of them down."""
    up = Session("to_x", "BGP", "Established", "04:33:48.041", "", 1024, 998, 512)
    down = replace(up, state="Active", error="BGP Error: Hold timer expired", imported=0, best=0)
    return Summary(
        bgp=(
            BgpRow("nameworks-fra", "swift-fra", "peer", 4, up, "Up"),
            BgpRow("alder-core", "ix-fra-rs", "route server", 6, up, ""),
            BgpRow("alder-core", "nameworks-fra", "provider", 4, down, "Down"),
        ),
        rtr=(RtrRow("alder-core", "rpki", replace(up, kind="RPKI"), 24),),
        ospf=(OspfRow("alder-bng", "alder-agg1", 4, "eth0", "Full/PtP", True),),
    )


def healthy_summary() -> Summary:
    """The same, with nothing to be told of errors."""
    whole = summary()
    return replace(whole, bgp=whole.bgp[:2], rtr=(), ospf=())


def hop(node: str, asn: int | None, prefix: str, by: str, via: str, out: str, *notes: str) -> Hop:
    """What a node does with a packet; "" for ``out`` means that it is there."""
    target = ip_address(prefix.partition("/")[0])
    kind: Kind = "unicast" if out else "local"
    chosen = NextHop(ip_address(via) if via else None, 2) if out else None
    verdict = Verdict(kind, ip_network(prefix), by, (chosen,) * 2 if chosen and via else (), chosen)
    return Hop(node, asn, Packet(target, None, Flow()), verdict, out, notes)


def way(last: str) -> Way:
    """Out of a home, through two ASes."""
    return Way(
        (
            hop("laptop", None, "::/0", "ra", "fe80::4c:ff:fe04:1", "eth0"),
            hop("oak-street-gw", None, "::/0", "ra", "fe80::4c:ff:fe01:2", "wan"),
            hop("alder-core", 64501, "3fff:5::/32", "bird", "3fff:2:8000::12", "eth3"),
            hop("swift-fra", 64530, "3fff:5:4000::/127", "kernel", "", "eth5"),
            hop(
                "edge-fra",
                64530,
                last,
                "kernel",
                "",
                "",
                "NAT: to 198.18.9.3 becomes 192.168.1.100",
            ),
        )
    )


def round_trip() -> RoundTrip:
    """There and back, the one by its choices explained, the other ending too early."""
    best = rib("3fff:5::/32", True, (64530,))
    other = rib("3fff:5::/32", False, (64510, 64530))
    choice = Choice(
        (Candidate(best, ""), Candidate(other, "lower local preference: 100 < 200")),
        "higher local preference: 200 > 100, with 2 routes to choose from",
        "planned: by way of ix-fra-rs",
    )
    back = replace(way("3fff:2:c000:0:4c:ff:fe2b:0/128"), problem="swift-fra drops packets to it")
    return RoundTrip(
        ip_address("3fff:5:4000::1"), way("3fff:5:4000::1/128"), back, {"alder-core": choice}, {}
    )


def rib(prefix: str, best: bool, path: tuple[int, ...]) -> RibRoute:
    """A route that a neighbour told."""
    marks: tuple[Community, ...] = ((64530, 1, 0), (64501, 1, 2))
    return RibRoute(
        prefix=ip_network(prefix),
        kind="unicast",
        source="BGP",
        session="to_swift_fra_v6",
        since="04:33:48.041",
        best=best,
        teller=None,
        hops=(),
        preference=100,
        metric=20,
        as_path=path,
        next_hop=ip_address("3fff:2:8000::12"),
        local_pref=200,
        med=10,
        communities=marks,
        originator=None,
        clusters=(),
    )


def links() -> Mapping[str, LinkState]:
    """The links of the smallest lab, some of them ill."""
    states = {
        name: LinkState("veth", link.ab, link.ba) for name, link in minimal_plan().links.items()
    }
    slow = Impairment(12.5, 2.0, "normal", loss=GilbertElliott(0.01, 0.25), rate_bps=16_000_000)
    lossy = Impairment(1.84, loss=Bernoulli(0.02), duplicate=0.015, corrupt=0.001, reorder=0.01)
    states["isp--home-gw"] = LinkState("wire", slow, lossy)
    states["cloud--isp"] = states["cloud--isp"].changed(backend="wire", blackholes=("ab",))
    return states


def condition() -> Condition:
    """A node is down, a link is slow, the keeper is gone."""
    reason = "BGP session to_cloud_v6 is Active, not Established: Hold timer expired after 90.0 s"
    return Condition(minimal_plan(), {"isp": reason}, links(), False, True, 2)


FAULTS = (
    InForce(3, "link-blackhole", "alder-core,tundra-fra", {}, begun_ns=START_NS),
    InForce(
        *(12, "link-impaired", "oak-street-lan--oak-street-gw"),
        {"delay": "20ms", "loss": "p:1%,r:25%,bad:100%,good:0%", "rate": "10Mbit/s"},
        begun_ns=START_NS,
    ),
)

FINDINGS = (
    Finding("privilege", "good", "namespaces may be entered and links made"),
    Finding("resources", "note", "1.6 GiB of memory available, 2 cores: a large lab needs 4 GiB"),
    Finding(
        *("docker", "bad", "the daemon does not answer at unix:///var/run/docker.sock"),
        mend="systemctl start docker, or see what it says of itself: journalctl -u docker -n 50",
    ),
)


def captures() -> tuple[RunningCapture, ...]:
    """One that runs, one that has ended."""
    alive = Process(os.getpid(), start_time(os.getpid()) or 0)
    everything = RunningCapture(1, alive, str(FOLDER), ("laptop",), 171, "", None, 1_000.0)
    chosen = replace(everything, id=12, process=Process(1, 0), interfaces=1, limit_mib=256)
    return everything, replace(chosen, filter="tcp port 443 and host 3fff:5:4000::1")


@functools.cache
def events() -> tuple[NetworkEvent, ...]:
    """Of one moment: prefixes that are gone at a router, and a fault."""
    gone = [
        NetworkEvent(
            START_NS + 123_456_789,
            *("isp", "route", "del", f"198.18.{n}.0/24"),
            {"via": [], "protocol": "bird", "table": 254, "metric": 32, "kind": "unicast"},
        )
        for n in range(14)
    ]
    return NetworkEvent(START_NS, "", "lab", "watched", "minimal"), *gone
