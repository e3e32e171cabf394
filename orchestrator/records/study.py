"""What a study leaves behind, as values: the joint between breaking a lab and judging it.

A study runs its scenario some times over; each time is a trial. Times are nanoseconds since
1970-01-01 UTC, of the host's clock, which captures use too.

On disk a trial is three files: `samples.csv`, `events.jsonl`, a line for each event, and
`trial.json`, the rest.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, field, fields, replace
from typing import Any, Literal

from orchestrator.plan.codec import from_plain, read_json, to_plain
from orchestrator.records.checked import AddressText
from orchestrator.spec.probing import FailureKind, ProbeKind

ASKED = "asked.json"


@dataclass(frozen=True)
class Sample:
    """One question of a probe and what came of it.

    ``sequence`` counts from 0 within the trial; ``due_ns`` is when it was to be sent, ``sent_ns``
    when it was. ``took_ms`` is None without an answer. ``source`` and ``target`` are addresses as
    the asking host sees them, with ports where there are such (0 without); with them the
    question's frames are found in the capture (ICMP: ``source_port`` is the identifier and
    ``target_port`` the sequence number). ``detail`` is a word of what answered or failed.
    """

    probe: str
    sequence: int
    due_ns: int
    sent_ns: int
    took_ms: float | None
    failure: FailureKind | None = None
    detail: str = ""
    source: AddressText = ""
    source_port: int = 0
    target: AddressText = ""
    target_port: int = 0

    @property
    def good(self) -> bool:
        """Whether the right answer came."""
        return self.failure is None


@dataclass(frozen=True)
class ProbeRun:
    """A probe as it was run: what it asks, from where, how often, and what counts as slow.

    ``options`` are those of its kind, as a scenario writes them: "family" (4, 6), "server" (DNS),
    "port" (TCP), "http" (1.1, 2).
    """

    name: str
    kind: ProbeKind
    source: str
    target: str
    interval_ms: float
    timeout_ms: float
    slow_ms: float | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FaultEvent:
    """A fault of the timeline as it happened; None: not yet, or never.

    ``begun_ns`` is when it began to be put in force, ``in_force_ns`` when it was seen to be; the
    same of healing. ``well_ns`` is when the lab was seen to be as before.
    """

    fault: str
    target: str
    options: Mapping[str, str]
    begun_ns: int
    in_force_ns: int
    heal_begun_ns: int | None = None
    healed_ns: int | None = None
    well_ns: int | None = None


# What an event is of: a node's kernel tells the first three, daemons, Docker and servers' logs the
# next, and the lab the rest ("monitor": more came than could be heard).
EventKind = Literal[
    "link", "address", "route", "session", "node", "cache", "health", "fault", "lab", "monitor"
]


@dataclass(frozen=True)
class NetworkEvent:
    """Something that a node's kernel, or the node, told of itself.

    kind "link": subject is an interface, action "new", "gone", "up" or "down" (its carrier), detail
    {"carrier", "operstate"}; "route": subject is a prefix, action "add", "replace" or "del",
    detail {"via": [[address, interface], …], "protocol", "table", "metric", "kind"}; "address":
    action "add" or "del"; "session" and "node" are told by daemons and by Docker.
    """

    time_ns: int
    node: str
    kind: EventKind
    action: str
    subject: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Trial:
    """One time of a scenario. ``partial`` says that it was interrupted."""

    number: int
    started_ns: int
    ended_ns: int
    probes: tuple[ProbeRun, ...]
    samples: tuple[Sample, ...]
    faults: tuple[FaultEvent, ...]
    events: tuple[NetworkEvent, ...] = ()
    partial: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """How a study was run. ``partial`` says that it ended before its last trial did; ``error``
    is why, where it was not interrupted."""

    lab: str
    repeats: int
    seed: int
    settings: tuple[str, ...] = ()
    partial: bool = False
    error: str = ""


def samples_to_csv(samples: Iterable[Sample]) -> str:
    """A line for each sample under a line of the fields' names; None is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(astuple(sample) for sample in samples)
    return text.getvalue()


def samples_from_csv(text: str) -> tuple[Sample, ...]:
    """What `samples_to_csv` wrote. A last line that was cut off is left out.

    Raises ValueError, with the line, where it is something else.
    """
    rows = csv.DictReader(io.StringIO(text[: text.rfind("\n") + 1]))
    try:
        return tuple(_sample(row) for row in rows)
    except (csv.Error, TypeError, ValueError) as error:
        raise ValueError(f"line {rows.line_num}: {error}") from error


def _sample(row: Mapping[str, Any]) -> Sample:
    """A field that is empty is None where its column may be."""
    lacking = [name for name in _COLUMNS if row.get(name) is None]
    if lacking:
        raise ValueError(f"it has no {lacking[0]}")
    values: dict[str, Any] = {name: row[name] for name in _COLUMNS}
    values |= {name: int(row[name]) for name in _INTEGERS}
    values["took_ms"] = float(row["took_ms"]) if row["took_ms"] else None
    values["failure"] = row["failure"] or None
    return from_plain(Sample, values)


_COLUMNS = tuple(entry.name for entry in fields(Sample))
_INTEGERS = ("sequence", "due_ns", "sent_ns", "source_port", "target_port")


def events_to_lines(events: Iterable[NetworkEvent]) -> str:
    """A line of JSON for each event (events.jsonl)."""
    return "".join(json.dumps(to_plain(event)) + "\n" for event in events)


def events_from_lines(text: str) -> tuple[NetworkEvent, ...]:
    """What `events_to_lines` wrote. A last line that was cut off is left out.

    Raises ValueError, with the line, where it is something else.
    """
    return tuple(_events(text[: text.rfind("\n") + 1].split("\n")[:-1]))


def _events(lines: Iterable[str]) -> Iterator[NetworkEvent]:
    for number, line in enumerate(lines, start=1):
        try:
            yield from_plain(NetworkEvent, read_json(line))
        except (TypeError, ValueError) as error:
            raise ValueError(f"line {number}: {error}") from error


def trial_to_json(trial: Trial) -> dict[str, Any]:
    """The object of trial.json: the trial without samples and events."""
    plain: dict[str, Any] = to_plain(replace(trial, samples=(), events=()))
    return plain


def trial_from_json(
    plain: Any, samples: tuple[Sample, ...] = (), events: tuple[NetworkEvent, ...] = ()
) -> Trial:
    """What `trial_to_json` wrote, and its samples and events.

    Raises Misfit, a TypeError, where it is something else.
    """
    return replace(from_plain(Trial, plain), samples=samples, events=events)
