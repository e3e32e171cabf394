"""A page visited again and again, one visit after the other, by Chromium or by curl.

A visit that is due while the last one still runs is "skipped": the next one due is made. Option
"client" is chromium or curl, "http" 1.1 or 2; option "family" is curl's alone, because what a
browser may use is a matter of its host's routes, which other probes use too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from orchestrator.browser.browse import browse
from orchestrator.browser.click import Click
from orchestrator.browser.client import Client, Evidence
from orchestrator.browser.fetch import fetch
from orchestrator.errors import LabError
from orchestrator.records.study import ProbeRun, Sample
from orchestrator.records.visit import Visit
from orchestrator.spec.probing import FailureKind

# Words of Chromium's and of curl's for what happened to a connection.
_WORDS: tuple[tuple[str, FailureKind], ...] = (
    ("REFUSED", "refused"),
    ("RESET", "reset"),
    ("CLOSED", "reset"),
    ("UNREACHABLE", "unreachable"),
    ("NO ROUTE", "unreachable"),
    ("DISCONNECTED", "unreachable"),
)


@dataclass(frozen=True)
class Visitor:
    """What visits a page: a client in a host, the zones it may look up, where evidence goes."""

    run: ProbeRun
    client: Client
    zones: tuple[str, ...]
    keylog: Path

    def visit(self, sequence: int, due_ns: int) -> Sample:
        """One visit. That it failed is a result, also where its host is down."""
        asked_ns = time.time_ns()
        try:
            evidence = self._evidence(sequence)
        except LabError as error:
            return self.sample(sequence, due_ns, asked_ns, *judge_error(error))
        with self.keylog.open("ab") as keylog:
            keylog.write(evidence.keylog)
        visit = evidence.visit
        kind, detail = judge(visit)
        return Sample(
            probe=self.run.name,
            sequence=sequence,
            due_ns=due_ns,
            sent_ns=_to_ns(visit.started),
            took_ms=visit.timings_ms.load if kind is None else None,
            failure=kind,
            detail=detail,
            target=visit.remote_address or "",
        )

    def _evidence(self, sequence: int) -> Evidence:
        options, timeout_s = self.run.options, self.run.timeout_ms / 1e3
        click = Click(f"{self.run.name}-{sequence}", self.run.source, cold=False)
        http = options.get("http", "2")
        if options.get("client") == "curl":
            family = {"4": 4, "6": 6}.get(options.get("family", ""))
            return fetch(
                self.client,
                click,
                self.run.target,
                timeout_s=timeout_s,
                http=http,
                family=family,  # type: ignore[arg-type]  # one of the two
            )
        return browse(
            self.client,
            click,
            self.run.target,
            zones=self.zones,
            timeout_s=timeout_s,
            http=http,
            filmed=False,
        )

    def sample(
        self, sequence: int, due_ns: int, sent_ns: int, failure: FailureKind, detail: str = ""
    ) -> Sample:
        """A sample for a visit that could not be made."""
        return Sample(self.run.name, sequence, due_ns, sent_ns, None, failure, detail)


def judge(visit: Visit) -> tuple[FailureKind | None, str]:
    """How a visit failed, or None; and a word of it. A page that lacks files failed too."""
    if visit.error is None and visit.missing:
        return "http", visit.shortfall
    if visit.error is None:
        return None, " ".join(str(part) for part in (visit.status, visit.protocol) if part)
    if visit.error == "timeout":
        return "lost", visit.error_detail
    said = visit.error_detail.upper()
    ended = next((kind for word, kind in _WORDS if word in said), None)
    if visit.error == "connect":
        return ended or "lost", visit.error_detail
    if visit.error == "url":
        return "unreachable", visit.error_detail
    reset = visit.error == "http" and ended == "reset"
    return "reset" if reset else visit.error, visit.error_detail


def judge_error(error: LabError) -> tuple[FailureKind, str]:
    """The same where no visit could be made: its host is down, or the browser broke."""
    words = error.message.splitlines()[0]
    if "is not running" in words or "No such container" in words:
        return "unreachable", "the host is down"
    return "lost", words.partition(": ")[2] or words


def _to_ns(started: str) -> int:
    """ISO 8601 with microseconds as ns since 1970, none of them rounded."""
    at = datetime.fromisoformat(started)
    return int(at.replace(microsecond=0).timestamp()) * 10**9 + at.microsecond * 1000


def visit_paced(
    visitor: Visitor, begun_ns: int, stop: threading.Event, tell: Callable[[Sample], None]
) -> None:
    """Visit at the probe's rate, from ``begun_ns`` of the wall clock until ``stop``."""
    interval_ns, sequence = round(visitor.run.interval_ms * 1e6), 0
    begun_s = time.monotonic() + (begun_ns - time.time_ns()) / 1e9
    while not stop.wait(max(0.0, begun_s + sequence * interval_ns / 1e9 - time.monotonic())):
        tell(visitor.visit(sequence, begun_ns + sequence * interval_ns))
        sequence += 1
        # Whatever came due meanwhile has passed by.
        while not stop.is_set() and begun_s + sequence * interval_ns / 1e9 < time.monotonic():
            due_ns = begun_ns + sequence * interval_ns
            tell(visitor.sample(sequence, due_ns, due_ns, "skipped", "the last one still ran"))
            sequence += 1
