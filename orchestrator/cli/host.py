"""Verbs about this machine: build, doctor."""

from __future__ import annotations

import click

from orchestrator.cli.common import json_option, print_json

_MARKS = {"good": ("green", "good"), "note": ("yellow", "note"), "bad": ("red", "BAD ")}


@click.command("build")
def build_command() -> None:
    """Build the images that are missing or have changed."""
    from orchestrator.verbs.build import build

    present: list[str] = []

    def progress(kind: str, state: str, seconds: float) -> None:
        if state == "present":
            present.append(kind)
        elif state == "built":
            click.echo(f"  {seconds:6.1f} s  image {kind}")
        else:
            click.echo(f"            building {kind} …")

    build(progress)
    click.echo(f"images are built; {len(present)} were there already")


@click.command("doctor")
@json_option
def doctor_command(as_json: bool) -> int:
    """Say what this machine can do, and how to mend what it cannot. Exits 4 if no lab can run."""
    from orchestrator.verbs.doctor import examine_host

    findings = examine_host()
    if as_json:
        print_json([vars(finding) for finding in findings])
    else:
        for finding in findings:
            colour, mark = _MARKS[finding.verdict]
            click.echo(f"{click.style(mark, fg=colour)}  {finding.subject:12} {finding.detail}")
            if finding.mend:
                click.echo(f"{'':18}mend: {finding.mend}")
    return 4 if any(finding.verdict == "bad" for finding in findings) else 0
