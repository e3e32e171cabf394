"""A visit while a fault is in force: how it ends, and whether all that is told of it holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.records.visit import Visit
from orchestrator.verbs.fault import fault_in_force
from orchestrator.verbs.report import tell_and_write
from orchestrator.verbs.visit import Request, visit
from tests.e2e.effects import Try
from tests.invariants import violations

URL = "https://www.example.com/"
TIMEOUT_S = 8.0


@dataclass(frozen=True)
class Visited:
    """A visit, and what does not hold of its journey; no visit where its host was off."""

    visit: Visit | None
    violations: tuple[str, ...] = ()
    folder: Path | None = None

    @property
    def outcome(self) -> str:
        """``page``, or how it failed in a word or two."""
        if self.visit is None:
            return "nobody can click"
        if self.visit.error == "http":
            return f"http {self.visit.status}"
        return self.visit.error or "page"


def visit_and_check(lab: str, captures: Path, cold: bool, url: str = URL) -> Visited:
    """Visit once, tell it, and check what is told."""
    request = Request(url, cold=cold, timeout_s=TIMEOUT_S, film=False, journey=False)
    try:
        run = visit(lab, request, captures)
    except UsageError as off:
        if "nobody can click" not in off.message:
            raise
        return Visited(None)
    journey = tell_and_write(run.folder)
    return Visited(run.visit, tuple(violations(journey, run.folder)), run.folder)


def visit_under(lab: str, fault: str, tried: Try, captures: Path, cold: bool) -> Visited:
    """The same while a fault is in force."""
    with fault_in_force(lab, fault, tried.target, tried.options):
        return visit_and_check(lab, captures, cold)
