"""^C and SIGTERM at the command's two ends, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

NUMBERS = ("SIGINT", "SIGTERM")
RUN = "from orchestrator.cli.entry import run\nrun()"


def started(before: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`lab`, after something that arranges for a signal."""
    return subprocess.run(
        [sys.executable, "-c", f"import os, signal, sys\n{before}\n{RUN}", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("module", ["orchestrator.cli.main", "click", "orchestrator.cli.topology"])
def test_a_signal_while_modules_are_imported(module: str, number: str) -> None:
    interrupt = f"""
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            signal.raise_signal(signal.{number})
sys.meta_path.insert(0, Interrupting())
"""
    done = started(interrupt, "plan", "minimal")
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("module", ["click", "orchestrator.cli.topology"])
def test_a_signal_while_a_class_is_made(module: str) -> None:
    """Which Python made another error of before 3.12; enum makes many classes."""
    interrupt = f"""
class Name:
    def __set_name__(self, owner, name):
        signal.raise_signal(signal.SIGINT)
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            type("Named", (), {{"name": Name()}})
sys.meta_path.insert(0, Interrupting())
"""
    done = started(interrupt, "plan", "minimal")
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_when_all_is_done(number: str) -> None:
    """While Python puts itself away: after its own handlers, so that the signal would kill it."""
    late = f"""
class Late:
    def __del__(self, send=signal.raise_signal, number=signal.{number}):
        send(number)
sys.late = Late()
"""
    done = started(late, "--version")
    assert done.returncode == 0
    assert done.stdout.startswith("lab, version")
    assert done.stderr == ""


def test_what_follows_a_signal_at_once_does_not_tear_what_it_unwinds() -> None:
    """^C five times: a traceback of the `finally` that the second one fell into."""
    verb = """
import click
from orchestrator.cli import main
@click.command()
def _slow():
    try:
        signal.raise_signal(signal.SIGINT)
    finally:
        for _ in range(4):
            signal.raise_signal(signal.SIGINT)
        print("unwound", flush=True)
main.lab.add_command(_slow, "status")
main._Verbs.get_command = lambda self, context, name: _slow
"""
    done = started(verb, "status")
    assert (done.returncode, done.stdout) == (130, "unwound\n"), done.stderr
    assert done.stderr.strip() == "lab: interrupted"
