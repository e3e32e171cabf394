"""The verb `study`: a timeline of faults under continuous probes, measured and judged."""

from __future__ import annotations

import click


@click.group("study")
def study_command() -> None:
    """Run a scenario: break a lab on a timeline, and measure what its users notice."""
