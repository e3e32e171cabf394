"""A visit while something is broken: how it ends, and whether all that is told of it holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestrator.cli.visit import exit_code
from orchestrator.errors import UsageError
from orchestrator.records.visit import Cold, Visit
from orchestrator.spec.probing import ClientKind
from orchestrator.verbs.report import tell, tell_and_write
from orchestrator.verbs.visit import Request, visit
from tests.e2e.effects import Try
from tests.invariants import violations

SITE = "https://www.example.com"
# As patient as somebody who waits for a page; the worst of faults make every visit last so long.
TIMEOUT_S = 8.0


@dataclass(frozen=True)
class Visited:
    """A visit, and what does not hold of its journey; no visit where its host was off."""

    visit: Visit | None
    violations: tuple[str, ...] = ()
    folder: Path | None = None

    @property
    def outcome(self) -> str:
        """``page``, or what is wrong with it in a word or two."""
        if self.visit is None:
            return "nobody can click"
        if self.visit.error == "http":
            return f"http {self.visit.status}"
        return self.visit.error or ("page" if self.visit.is_whole else "incomplete page")


def visit_and_check(
    lab: str, request: Request, captures: Path, *, sparing: bool = False
) -> Visited:
    """Visit once, tell it, and check what is told. A ``sparing`` check of curl's visits opens
    proofs only of those that are cold and fail: it takes longer than the visit."""
    try:
        run = visit(lab, request, captures)
    except UsageError as off:
        if "nobody can click" not in off.message:
            raise
        return Visited(None)
    is_plain = run.visit.is_whole or not request.cold
    if sparing and request.client == "curl" and is_plain:
        return Visited(run.visit, tuple(violations(tell(run.folder))), run.folder)
    journey = tell_and_write(run.folder)
    return Visited(run.visit, tuple(violations(journey, run.folder)), run.folder)


def request_under(tried: Try, *, cold: Cold, client: ClientKind, path: str = "/") -> Request:
    """What a host that a fault concerns asks for meanwhile."""
    return Request(
        f"{SITE}{path}",
        source=tried.visitor,
        client=client,
        cold=cold,
        timeout_s=TIMEOUT_S,
        film=False,
        journey=False,
    )


class Visits:
    """A visit under each fault, the first time that it is in force, while those of its batch are.

    Cold and warm in turn; by curl, and the first of every third batch by Chromium, which costs
    three times as much. `lab visit` would exit by how they end.
    """

    def __init__(self, lab: str, captures: Path) -> None:
        self.lab, self.captures = lab, captures
        self._tried = set[str]()
        self._in_force = list[Try]()
        self._batches = 0

    def next_batch(self) -> None:
        """All faults are healed."""
        self._in_force.clear()
        self._batches += 1

    def under(self, fault: str, tried: Try) -> None:
        """Raises AssertionError where a visit ends otherwise than it may, or is told falsely."""
        is_first = not self._in_force
        client: ClientKind = "chromium" if is_first and self._batches % 3 == 1 else "curl"
        self._in_force.append(tried)
        if fault in self._tried:
            return
        self._tried.add(fault)
        number = len(self._tried)
        cold: Cold = "all" if number % 2 else False
        path = f"/product/{number % 9 + 1}"
        request = request_under(tried, cold=cold, client=client, path=path)
        visited = visit_and_check(self.lab, request, self.captures, sparing=True)
        called = f"{fault} {tried.target}: {visited}"
        how = f"{request.source}, {client}, {'cold' if cold else 'warm'}"
        print(f"{fault:18} {how}: {visited.outcome}", flush=True)
        assert not visited.violations, called
        assert visited.outcome in self._may_end(tried, cold=bool(cold)), called
        if visited.visit:
            assert exit_code([visited.visit]) == (visited.outcome != "page"), called

    def _may_end(self, tried: Try, *, cold: bool) -> set[str]:
        """As its fault has it, or another of its batch; with the page where caches may have it."""
        ends = {end for each in self._in_force for end in each.ends}
        if cold and "page" not in tried.ends:
            return ends - {"page"}
        return ends | {"page"}
