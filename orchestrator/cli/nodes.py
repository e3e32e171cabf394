"""Verbs on one node: exec, shell, logs. Docker's own client takes over, terminal and all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from typing import NoReturn

import click

from orchestrator.cli import words
from orchestrator.cli.common import chosen_lab, name_option
from orchestrator.cli.saying import say
from orchestrator.errors import HostError

# By a shell, which says in a sentence that there is no such program ($0 is the node).
_BECOME = """command -v "$1" >/dev/null && exec "$@"
echo "lab: '$0' has no program '$1'" >&2; exit 127"""
# What follows the node belongs to the command, options included.
_PASS_ON = {"ignore_unknown_options": True, "allow_interspersed_args": False}
_node_argument = click.argument("node", shell_complete=words.nodes)
_user_option = click.option("--user", default="", help="As this user [default: its daemon's].")


class _CommandInNode(click.Command):
    """Our options stand before the node or right behind it; then the node's command begins."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        before, rest = self._split(args)
        behind, command = self._split(rest[1:])
        return super().parse_args(ctx, [*before, *behind, *rest[:1], *command])

    def _split(self, words: list[str]) -> tuple[list[str], list[str]]:
        """The options that the words begin with, and the others."""
        own = {name for parameter in self.params for name in parameter.opts if name[0] == "-"}
        end = 0
        while end < len(words) and words[end].partition("=")[0] in own:
            end += 1 if "=" in words[end] else 2
        return words[:end], words[end:]


@click.command("exec", cls=_CommandInNode, context_settings=_PASS_ON)
@name_option
@_user_option
@_node_argument
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_command(name: str, user: str, node: str, argv: tuple[str, ...]) -> None:
    """Run a command in a node; exit as it does.

    For example: lab exec laptop -- ip route
    """
    command = argv[1:] if argv[0] == "--" else argv
    terminal = ["-it"] if sys.stdin.isatty() and sys.stdout.isatty() else ["-i"]
    inside = (*_as(user), _container(name, node), "sh", "-c", _BECOME, node, *command)
    _become_docker("exec", *terminal, *inside)


@click.command("shell")
@name_option
@_user_option
@_node_argument
def shell_command(name: str, user: str, node: str) -> None:
    """Open a shell in a node."""
    terminal = "-it" if sys.stdin.isatty() else "-i"
    _become_docker("exec", terminal, *_as(user), _container(name, node), "sh")


@click.command("logs")
@name_option
@click.option("-f", "--follow", is_flag=True, help="Go on as the node goes on.")
@click.option("--tail", default="all", metavar="LINES", help="Only the last so many.")
@_node_argument
def logs_command(name: str, follow: bool, tail: str, node: str) -> int:
    """Print what the daemons of a node wrote.

    A terminal is shown control characters in it, and does not obey them; a pipe gets them.
    """
    options = ["--follow"] if follow else []
    arguments = ("logs", "--tail", tail, *options, _container(name, node))
    if not sys.stdout.isatty():
        _become_docker(*arguments)
    with subprocess.Popen(
        [_docker(), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as docker:
        show_log(docker.stdout or ())
    return docker.returncode


def show_log(lines: Iterable[bytes]) -> None:
    """Lines that a daemon wrote, for which others may have chosen the words."""
    for line in lines:
        say(line.decode(errors="backslashreplace").removesuffix("\n").removesuffix("\r"))


def _as(user: str) -> list[str]:
    return ["-u", user] if user else []


def _container(name: str, node: str) -> str:
    from orchestrator.verbs.enter import container_of

    return container_of(chosen_lab(name), node)


def _become_docker(*arguments: str) -> NoReturn:
    os.execv(_docker(), ["docker", *arguments])


def _docker() -> str:
    docker = shutil.which("docker")
    if docker is None:
        raise HostError("Docker's client is not installed", "apt-get install docker-cli")
    return docker
