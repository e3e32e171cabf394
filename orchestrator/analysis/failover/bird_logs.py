"""What BIRD wrote of its BFD and BGP sessions.

A capture does not show all that routers notice: a session's last packets vanish in a blackhole
before they are captured, and BIRD removes a BFD session together with the BGP session it was for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from orchestrator.analysis.failover.control import Act
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import RouterSettings, RouteServerSettings
from orchestrator.records.stamps import bird_ns
from orchestrator.records.testimony import LogLine

_BFD = re.compile(r"bfd\d+: Session to ([0-9a-f.:]+)\S* (.+)")
_BGP = re.compile(r"(\w+): (Error|Received): (.+)")
_BFD_ACTS: Mapping[str, Act] = {
    "expired": "silent",
    "changed state from Up to Down": "signalled",
    "changed state from Down to Init": "heard",
    "changed state from Down to Up": "heard",
}


@dataclass(frozen=True)
class Noted:
    """A line of a router's log: who noticed what about whom."""

    act: Act
    time_ns: int
    node: str
    peer: str
    reason: str
    number: int


def read_bird_logs(
    logs: Mapping[str, Sequence[LogLine]], plan: Plan, owners: Mapping[bytes, str]
) -> Iterator[Noted]:
    """What each node's log has, in its order; ``owners`` are those of packed addresses.

    "signalled" follows "silent" where the session just expired: what is first counts.
    """
    for node, lines in logs.items():
        peers = _peers(plan.nodes[node]) if node in plan.nodes else {}
        for line in lines:
            yield from _read_bfd(node, line, owners)
            yield from _read_bgp(node, line, peers)


def _read_bfd(node: str, line: LogLine, owners: Mapping[bytes, str]) -> Iterator[Noted]:
    found = _BFD.search(line.text)
    act = _BFD_ACTS.get(found[2]) if found else None
    if found and act:
        peer = owners.get(ip_address(found[1]).packed, "")
        yield Noted(act, bird_ns(line), node, peer, "", line.number)


def _read_bgp(node: str, line: LogLine, peers: Mapping[str, str]) -> Iterator[Noted]:
    """Errors that BIRD itself found, or that the neighbour told it of (NOTIFICATION)."""
    found = _BGP.search(line.text)
    if found and found[1] in peers:
        act: Act = "notified" if found[2] == "Error" else "told"
        yield Noted(act, bird_ns(line), node, peers[found[1]], found[3].lower(), line.number)


def _peers(node: Node) -> dict[str, str]:
    """Whom each of a node's BGP sessions is with, by the name that BIRD has for it."""
    own = node.settings
    routing = (own.sessions,) if isinstance(own, RouterSettings | RouteServerSettings) else ()
    beside = (node.speaker.sessions,) if node.speaker else ()
    return {s.name: s.neighbour_node for sessions in (*routing, *beside) for s in sessions}
