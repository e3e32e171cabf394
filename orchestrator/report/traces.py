"""A traced packet as plain values, as `lab trace --json` and journey.json have it.

    packet                 which packet
    forward, return        [{interface, outbound, t_us, frame, file, file_frame}, …]: frame is its
                           number in journey.pcapng, file_frame in the file of its node
    one_way_us, return_one_way_us   from the first passage to the last; None without any
    legs, return_legs      [{kind, name, start_us, duration_us, propagation_us, serialisation_us,
                           queueing_us}, …]: where the time between two passages went
    notes                  sentences

Times are microseconds since the packet was first seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from orchestrator.analysis.hops.account import Account
from orchestrator.analysis.hops.passage import Leg, Passage
from orchestrator.analysis.hops.trace import Trace


def trace_to_plain(trace: Trace) -> dict[str, Any]:
    """The trace, ready for JSON."""
    start_ns = trace.forward[0].time_ns
    return {
        "packet": trace.packet,
        "forward": [_passage(passage, start_ns) for passage in trace.forward],
        "return": [_passage(passage, start_ns) for passage in trace.back],
        "one_way_us": _span_us(trace.forward),
        "return_one_way_us": _span_us(trace.back),
        "legs": [_leg(leg, start_ns) for leg in trace.forward_legs],
        "return_legs": [_leg(leg, start_ns) for leg in trace.back_legs],
        "notes": list(trace.notes),
    }


def account_to_plain(account: Account) -> dict[str, Any]:
    """{packets, matched, lost, damaged, copies: [sentence, …], unseen}, which add up."""
    told = {name: list(getattr(account, name)) for name in ("lost", "damaged", "copies")}
    return {"packets": account.packets, **asdict(account), **told}


def _passage(passage: Passage, start_ns: int) -> dict[str, Any]:
    return {
        "interface": passage.interface,
        "outbound": passage.outbound,
        "t_us": (passage.time_ns - start_ns) / 1e3,
        "frame": passage.frame,
        "file": passage.file,
        "file_frame": passage.number,
    }


def _leg(leg: Leg, start_ns: int) -> dict[str, Any]:
    return {
        "kind": leg.kind,
        "name": leg.name,
        "start_us": (leg.start_ns - start_ns) / 1e3,
        "duration_us": (leg.end_ns - leg.start_ns) / 1e3,
        "propagation_us": round(leg.propagation_ms * 1e3, 3),
        "serialisation_us": round(leg.serialisation_ms * 1e3, 3),
        "queueing_us": round(leg.queueing_ms * 1e3, 3),
    }


def _span_us(passages: Sequence[Passage]) -> float | None:
    return (passages[-1].time_ns - passages[0].time_ns) / 1e3 if passages else None
