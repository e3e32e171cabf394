"""Verbs about this machine: build, doctor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from orchestrator.cli.common import json_option, print_json
from orchestrator.cli.layout import Output, open_output
from orchestrator.cli.lines import styled
from orchestrator.cli.saying import say
from orchestrator.cli.tables import Column, Row
from orchestrator.verbs.doctor import Finding, examine_host

_MARKS = {
    "good": styled("good", "green"),
    "note": styled("note", "yellow"),
    "bad": styled("BAD", "red"),
}


@click.command("build")
def build_command() -> None:
    """Build the images that are missing or have changed."""
    from orchestrator.verbs.build import build

    present: list[str] = []

    def progress(kind: str, state: str, seconds: float) -> None:
        if state == "present":
            present.append(kind)
        elif state == "built":
            say(f"  {seconds:6.1f} s  image {kind}")
        else:
            say(f"            building {kind} …")

    build(progress)
    say(f"images are built; {len(present)} were there already")


@click.command("doctor")
@json_option
def doctor_command(as_json: bool) -> int:
    """Say what this machine can do, and how to mend what it cannot. Exits 4 if no lab can run."""
    findings = examine_host()
    if as_json:
        print_json([vars(finding) for finding in findings])
    else:
        print_findings(open_output(), findings)
    return 4 if any(finding.verdict == "bad" for finding in findings) else 0


def print_findings(output: Output, findings: Sequence[Finding]) -> None:
    """What was found, each with what mends it."""
    output.table((Column(), Column(), Column(least=24)), _rows(findings))


def _rows(findings: Sequence[Finding]) -> Iterator[Row]:
    for finding in findings:
        yield _MARKS[finding.verdict], finding.subject, finding.detail
        if finding.mend:
            yield "", "", f"mend: {finding.mend}"
