"""Output that nobody reads, or nothing takes; the command as users start it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LAB = Path(sys.executable).with_name("lab")
# More than a pipe and Python's own buffer take at once, and less than either.
LONG, SHORT = ("plan", "internet", "--json"), ("plan", "minimal")


def run(*arguments: str, stdout: int, stderr: int = subprocess.PIPE) -> tuple[int, str]:
    """The exit code, and what was said on standard error."""
    done = subprocess.run([LAB, *arguments], stdout=stdout, stderr=stderr, text=True, check=False)
    return done.returncode, done.stderr or ""


@pytest.fixture
def unread() -> int:
    """The end to write to of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def test_a_broken_pipe_is_no_error(unread: int) -> None:
    """Of so short an output it is found only as the interpreter ends."""
    assert run(*SHORT, stdout=unread) == (0, "")


def test_a_pipe_may_break_after_the_first_line() -> None:
    with subprocess.Popen(
        [LAB, *LONG], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 0


def test_a_broken_pipe_does_not_hide_what_went_wrong(unread: int) -> None:
    assert run("check", "no-such-file", stdout=unread, stderr=unread)[0] == 2


@pytest.mark.parametrize("arguments", [LONG, SHORT])
def test_a_full_disk_behind_the_output_is_told_once(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        code, said = run(*arguments, stdout=full.fileno())
    assert said == "lab: the output cannot be written: No space left on device\n"
    assert code == 4


def test_there_may_be_no_output_at_all() -> None:
    done = subprocess.run(["sh", "-c", f"exec '{LAB}' plan minimal >&- 2>&-"], check=False)
    assert done.returncode == 0
