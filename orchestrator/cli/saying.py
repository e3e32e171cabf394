"""Sentences and JSON on standard output and standard error: the one place that writes them.

layout.py lays out tables and paragraphs, progress.py shows what a lab is busy with. Like there,
nothing that a page, a host name, a log or a run holds is obeyed by the terminal.
"""

from __future__ import annotations

from typing import Any

import click

from orchestrator.visible import visible, visible_json


def say(text: str = "", *, err: bool = False, fg: str | None = None, nl: bool = True) -> None:
    """A text as it is, its lines as they are, with nothing in it that a terminal would obey."""
    click.secho(visible(text), err=err, fg=fg, nl=nl)


def say_json(value: Any, indent: int | None = None) -> None:
    """A JSON document."""
    click.echo(visible_json(value, indent))
