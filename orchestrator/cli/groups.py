"""Verbs that have verbs below them."""

from __future__ import annotations

import click

from orchestrator.cli.common import LAB, agree
from orchestrator.errors import UsageError


class Group(click.Group):
    """A group that refuses `--name` before a verb that is about no running lab."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if ctx.meta.get(LAB) and command is not None and not takes_lab(command):
            raise UsageError(f"'{ctx.command_path} {name}' takes no --name", "leave it out")
        return name, command, rest


def takes_lab(command: click.Command) -> bool:
    """Whether a verb, or one below it, is told by `--name` which lab is meant."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        below = (command.get_command(context, name) for name in command.list_commands(context))
        return any(verb is not None and takes_lab(verb) for verb in below)
    return any(parameter.callback is agree for parameter in command.params)
