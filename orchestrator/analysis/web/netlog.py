"""Chromium's NetLog: what the browser's network stack noted, by name and with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from orchestrator.analysis.step import Proof
from orchestrator.plan.fitting import fit
from orchestrator.records.browsing import Params

_PHASES: dict[int, Literal["begin", "end", "once"]] = {1: "begin", 2: "end", 0: "once"}


@dataclass(frozen=True)
class Event:
    """An entry of the log; ``source`` is the kind of object that it is about, and its number.

    ``time_ns`` is since 1970-01-01 UTC, and exact to a millisecond only, cut off.
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


def read_events(netlog: Mapping[str, Any], *names: str) -> Iterator[Event]:
    """The entries of these names, in order; none where there is no log."""
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
