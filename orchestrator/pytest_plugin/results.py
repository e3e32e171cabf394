"""What the verbs of the fixture `lab` return: values to assert on, which print their evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.analysis.hops.passage import Passage
from orchestrator.analysis.hops.trace import Trace
from orchestrator.analysis.journey import Journey
from orchestrator.records.visit import ErrorKind, Timings, Visit
from orchestrator.verbs.report import tell_and_write


class Visited:
    """A visit that was made: what came of it, and the run folder that shows it.

    record   all of it (records.visit.Visit), of which the properties are what tests ask most
    run      the run folder, an absolute path
    """

    def __init__(self, record: Visit, run: Path, journey: Journey | None = None) -> None:
        self.record, self.run, self._journey = record, run, journey

    @property
    def status(self) -> int | None:
        """HTTP status of the document, None when no response came."""
        return self.record.status

    @property
    def error(self) -> ErrorKind | None:
        """The step that failed: dns, connect, tls, http, timeout; None when none did."""
        return self.record.error

    @property
    def timings_ms(self) -> Timings:
        """How long each step took: dns, connect, tls, ttfb, download, dom_content_loaded, load."""
        return self.record.timings_ms

    @property
    def protocol(self) -> str | None:
        """ "h2", "http/1.1"; None when no response came."""
        return self.record.protocol

    @property
    def remote_address(self) -> str | None:
        """The IP address that served the document."""
        return self.record.remote_address

    def journey(self) -> Journey:
        """The visit told step by step; journey.html and its like are then in the run folder.

        Takes a second or more the first time. Raises LabError where it cannot be told.
        """
        if self._journey is None:
            self._journey = tell_and_write(self.run)
        return self._journey

    def __repr__(self) -> str:
        return f"<visit {self.told()}, evidence: {shown(self.run)}>"

    def told(self) -> str:
        """One line: what was asked for, and what came of it."""
        record = self.record
        asked = f"{record.url} from {record.node}"
        served = f"{record.status} over {record.protocol} from {record.remote_address}"
        if record.error is None:
            return f"{asked}: {served}" + (f", {record.shortfall}" if record.missing else "")
        failed = f"failed: {record.error} {record.error_detail}".rstrip()
        return f"{asked}: {failed}" if record.status is None else f"{asked}: {served}, {failed}"


@dataclass(frozen=True)
class Done:
    """A command that ran in a node: its exit code, and what it printed."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Traced:
    """A packet followed hop by hop; ``trace`` has the time at each interface, and the notes."""

    trace: Trace

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes and switches that it crossed, first to last."""
        return _nodes(self.trace.forward)

    @property
    def back_nodes(self) -> tuple[str, ...]:
        """Those that the answer crossed, () where none came."""
        return _nodes(self.trace.back)

    def __repr__(self) -> str:
        return f"<{self.trace.packet}: {arrows(self.nodes)}; back: {arrows(self.back_nodes)}>"


def _nodes(passages: Sequence[Passage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(passage.interface.partition(":")[0] for passage in passages))


def arrows(nodes: Sequence[str]) -> str:
    """``laptop → gateway → isp``."""
    return " → ".join(nodes) or "nowhere"


def shown(path: Path) -> str:
    """A path as short as it can be typed here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
