"""What the report of a failed test says of its lab: where the evidence lies, and what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.errors import LabError
from orchestrator.pytest_plugin.bounded import told_within
from orchestrator.pytest_plugin.results import Traced, Visited, arrows, shown
from orchestrator.pytest_plugin.verbs import Lab

TITLE = "Clicklab"
_TRACED = 3


def tell_evidence(lab: Lab) -> str:
    """The section of a failed test."""
    lines = [f"lab {lab.name}, {len(lab.plan.nodes)} nodes"]
    newest = lab.visited[-_TRACED:]
    for visited in lab.visited:
        lines.append(f"visit of {visited.told()}")
        if visited in newest:
            lines += _indented(told_within(_journey(visited)))
        lines.append(f"  evidence: {shown(visited.run)}/{_to_read(visited)}")
    for fault, seen in lab.witness:
        lines += [f"while {fault} was in force and a check failed:", *_indented(seen)]
    now = told_within(lab.symptoms())
    return "\n".join([*lines, "now:", *_indented(now or ["all nodes are well, all sessions up"])])


def _journey(visited: Visited) -> Iterator[str]:
    """The path of the connection's first packet; journey.html is there afterwards."""
    try:
        journey = visited.journey()
    except LabError as error:
        yield f"its journey cannot be told: {error.message}"
        return
    if "syn" in journey.traces:
        traced = Traced(journey.traces["syn"])
        yield f"path: {arrows(traced.nodes)}"
        if traced.back_nodes != traced.nodes[::-1]:
            yield f"back: {arrows(traced.back_nodes)}"
    yield from journey.warnings


def _to_read(visited: Visited) -> str:
    page = visited.run / "journey.html"
    return f", to read: {shown(page)}" if page.exists() else ""


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]
