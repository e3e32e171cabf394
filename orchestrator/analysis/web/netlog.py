"""Chromium's NetLog: what the browser's network stack noted, by name and with its place.

It counts from a wall clock that a fault may have set wrong (clock-skew), while the visit's record
and all captures are by the true one. The browser asks for the document as soon as the visit begins:
what lies between the two in whole seconds is the clock's mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from orchestrator.analysis.step import Proof
from orchestrator.analysis.story import Story
from orchestrator.plan.fitting import fit
from orchestrator.records.browsing import Params

_PHASES: dict[int, Literal["begin", "end", "once"]] = {1: "begin", 2: "end", 0: "once"}

_REQUEST = "URL_REQUEST_START_JOB"
# A request may begin so much after its navigation on a machine that has too much to do.
_DOUBTFUL_S = 2


@dataclass(frozen=True)
class Event:
    """An entry of the log; ``source`` is the kind of object that it is about, and its number.

    ``time_ns`` is since 1970-01-01 UTC by the true clock, and exact to a millisecond only, cut off.
    """

    index: int
    name: str
    phase: Literal["begin", "end", "once"]
    source: tuple[str, int]
    time_ns: int
    params: Mapping[str, Any]

    def proof(self, pointer: str, says: str) -> Proof:
        """This entry as proof: what ``pointer`` leads to from it."""
        return Proof("netlog.json", 0, f"/events/{self.index}{pointer}", says)


def read_events(story: Story, *names: str) -> Iterator[Event]:
    """The entries of these names, in order; none where there is no log."""
    netlog = story.evidence.netlog
    ahead_ns = _clock_ahead_ns(story)
    for event in _read(netlog, names):
        yield replace(event, time_ns=event.time_ns - ahead_ns)


def _clock_ahead_ns(story: Story) -> int:
    """How far the browser's wall clock was ahead, in whole seconds; less than two are none."""
    asked = _read(story.evidence.netlog, (_REQUEST,))
    host = urlsplit(story.visit.url).netloc
    mine = (e.time_ns for e in asked if urlsplit(str(e.params.get("url", ""))).netloc == host)
    ahead_s = round((next(mine, story.started_ns) - story.started_ns) / 1e9)
    return ahead_s * 10**9 if abs(ahead_s) >= _DOUBTFUL_S else 0


def _read(netlog: Mapping[str, Any], names: Sequence[str]) -> Iterator[Event]:
    constants = netlog.get("constants", {})
    types = {number: name for name, number in constants.get("logEventTypes", {}).items()}
    sources = {number: name for name, number in constants.get("logSourceType", {}).items()}
    offset_ms = int(constants.get("timeTickOffset", 0))
    for index, entry in enumerate(netlog.get("events", [])):
        name = types.get(entry.get("type"), "")
        if name in names:
            source = entry.get("source", {})
            yield Event(
                index=index,
                name=name,
                phase=_PHASES.get(entry.get("phase"), "once"),
                source=(sources.get(source.get("type"), ""), source.get("id", 0)),
                time_ns=(offset_ms + int(entry.get("time", 0))) * 10**6,
                params=_params(entry.get("params")),
            )


def _params(plain: Any) -> Mapping[str, Any]:
    """Each type of entry has its own; of one whose are not those that are read, none."""
    try:
        found: Params = fit(Params, plain or {})
    except TypeError:
        return {}
    return found
