"""What the caches at the CDN's edges make of each request, as their nginx logs it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from orchestrator.events.logs import told_of_lines
from orchestrator.events.names import Names, listed
from orchestrator.events.scene import Scene
from orchestrator.records.server_logs import read_edge_log
from orchestrator.records.study import NetworkEvent
from orchestrator.records.testimony import LogLine

# What the lab itself asks an edge, to see whether it is well.
_HEALTH_CHECK = "/healthz"


@contextmanager
def watch_caches(scene: Scene) -> Iterator[None]:
    """Tell the verdicts of every edge."""

    own = {n.name: {a.packed for a in n.served} for n in scene.plan.nodes.values()}

    def read(node: str, line: LogLine) -> None:
        for event in read_verdict(node, line, own[node]):
            scene.tell(event)

    with told_of_lines(scene, [node.name for node in scene.plan.with_role("edge")], read):
        yield


def read_verdict(node: str, line: LogLine, own: Collection[bytes] = ()) -> Iterator[NetworkEvent]:
    """The verdict of a line: HIT, MISS, STALE, … (nginx, $upstream_cache_status), in small letters;
    "none" where the cache was not asked.

    ``own`` are the edge's addresses, packed: the lab asks from there whether it is well, and
    that is none of a visitor's.
    """
    for logged in read_edge_log(node, [line]):
        if logged.path == _HEALTH_CHECK and logged.client and logged.client[0] in own:
            continue
        values = logged.values
        detail = {
            "method": logged.method,
            "status": logged.status,
            "client": values.get("client", ""),
            "upstream": values.get("upstream", ""),
            "took_ms": round(float(values.get("total_s") or 0) * 1000, 3),
            "id": logged.request_id,
        }
        action = (values.get("cache") or "none").lower()
        yield NetworkEvent(line.time_ns, node, "cache", action, logged.path, detail)


def say_caches(names: Names, node: str, events: Sequence[NetworkEvent]) -> Iterator[str]:
    """``MISS /, /product/7 (200)``."""
    groups: dict[tuple[str, int], list[NetworkEvent]] = {}
    for event in events:
        groups.setdefault((event.action, event.detail["status"]), []).append(event)
    for (verdict, status), told in groups.items():
        shown = "no cache" if verdict == "none" else verdict.upper()
        yield f"{shown} ({status}): {listed(event.subject for event in told)}"
