"""A request that an edge let wait, since it was fetching the same for another one already.

nginx's `proxy_cache_lock`: of those who ask for what the cache lacks one goes to the origin. The
others look every 500 ms whether it is there, and are then a HIT.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.analysis.web.http import HttpExchange
from orchestrator.analysis.web.urls import same_target
from orchestrator.records.server_logs import Logged

# Docker reads a line this much later than it was written, at most; a shorter wait is none.
_LOG_SLACK_NS = 20_000_000


@dataclass(frozen=True)
class Filling:
    """Another's request that filled the cache: how the edge asked the origin for it, or, where
    that was before the capture, only what it logged. ``ended_ns`` is when the cache had it."""

    ended_ns: int
    upstream: HttpExchange | None = None
    line: Logged | None = None


def find_filling(
    front: HttpExchange, exchanges: Iterable[HttpExchange], lines: Iterable[Logged]
) -> Filling | None:
    """What a request waited for, whose answer came out of the cache of the edge ``front`` is of.

    ``exchanges`` and ``lines`` are all of that edge. A copy that came after the request did is one
    that it waited for.
    """
    came_ns = front.request.ended_ns
    left_ns = front.response.time_ns if front.response else came_ns
    asked = front.request
    for other in exchanges:
        if other.inbound or other.response is None or not came_ns < other.ended_ns <= left_ns:
            continue
        same = other.request.host == asked.host and same_target(other.request.path, asked.path)
        if same and other.request_id != front.request_id:
            return Filling(other.ended_ns, other)
    if left_ns - came_ns <= _LOG_SLACK_NS:
        return None
    for line in lines:
        is_filling = line.values["upstream"].strip("-") and line.began_ns <= came_ns
        if not is_filling or not came_ns < line.line.time_ns <= left_ns + _LOG_SLACK_NS:
            continue
        if line.request_id != front.request_id and same_target(line.path, asked.path):
            return Filling(min(line.line.time_ns, left_ns), None, line)
    return None
