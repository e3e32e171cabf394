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


@dataclass(frozen=True)
class Waiting:
    """A request at an edge: when it came, when its answer left, and what it was for. ``host`` is
    "" where it cannot be read."""

    came_ns: int
    left_ns: int
    host: str
    path: str
    request_id: str

    @classmethod
    def of(cls, front: HttpExchange | None, line: Logged | None) -> Waiting | None:
        """By its packets, else by what the edge logged of it."""
        if front is not None and front.response is not None:
            asked = front.request
            left_ns, host = front.response.time_ns, asked.host
            return cls(asked.ended_ns, left_ns, host, asked.path, front.request_id)
        if front is None and line is not None:
            return cls(line.began_ns, line.line.time_ns, "", line.path, line.request_id)
        return None

    def is_for(self, path: str, request_id: str) -> bool:
        """Whether another request is for the same."""
        return request_id != self.request_id and same_target(path, self.path)


def find_filling(
    waiting: Waiting, exchanges: Iterable[HttpExchange], lines: Iterable[Logged]
) -> Filling | None:
    """What a request waited for that was answered out of the cache of an edge; ``exchanges`` and
    ``lines`` are all of that edge. A copy that came after the request did is one that it waited
    for.
    """
    for other in exchanges:
        in_time = waiting.came_ns < other.ended_ns <= waiting.left_ns
        if other.inbound or other.response is None or not in_time:
            continue
        is_there = waiting.host in ("", other.request.host)
        if is_there and waiting.is_for(other.request.path, other.request_id):
            return Filling(other.ended_ns, other)
    if waiting.left_ns - waiting.came_ns <= _LOG_SLACK_NS:
        return None
    last_ns = waiting.left_ns + _LOG_SLACK_NS
    for line in lines:
        is_filling = line.values["upstream"].strip("-") and line.began_ns <= waiting.came_ns
        if not is_filling or not waiting.came_ns < line.line.time_ns <= last_ns:
            continue
        if waiting.is_for(line.path, line.request_id):
            return Filling(min(line.line.time_ns, waiting.left_ns), None, line)
    return None
