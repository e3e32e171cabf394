"""`lab down` without a name, of a lab that somebody booted elsewhere."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestrator.cli.down import down_command
from orchestrator.errors import HostError, UsageError
from orchestrator.runtime.disk.origin import Origin, origin_here
from orchestrator.runtime.disk.state import LabState
from tests.unit.compile.texts import compiled

LAB = Path(sys.executable).with_name("lab")
PLAN = compiled("""
name: pair
as: {isp: {asn: 64501, routers: [ber, fra]}}
""")


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> LabState:
    """A lab on record, and no Docker: who gets so far that it is needed has not been stopped."""
    monkeypatch.setenv("CLICKLAB_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    state = LabState("pair")
    state.create(PLAN)
    return state


def booted(state: LabState, **changes: object) -> Origin:
    origin = replace(origin_here("pair.yaml"), **changes)  # type: ignore[arg-type]
    state.update(origin=origin, ready=True)
    return origin


def outcome(*arguments: str) -> BaseException | None:
    return CliRunner().invoke(down_command, arguments).exception


@pytest.mark.parametrize("change", [{"uid": 4711}, {"directory": "/elsewhere"}])
def test_without_a_terminal_it_wants_a_name(state: LabState, change: dict[str, object]) -> None:
    origin = booted(state, **change)
    error = outcome()
    assert isinstance(error, UsageError)
    assert error.message == f"lab 'pair' was not made here: {origin}"
    assert error.hint == "if it is the one you mean: lab down pair, or lab down --yes"
    assert state.exists()


def test_the_origin_is_told_in_words() -> None:
    told = str(Origin(4711, "/elsewhere", "pair.yaml", 1.7e9))
    assert told.startswith("booted from pair.yaml by user 4711 in /elsewhere at 2023-11-1")


@pytest.mark.parametrize("arguments", [("pair",), ("--name", "pair"), ("--yes",), ("--all",)])
def test_who_says_what_is_meant_is_not_asked(state: LabState, arguments: tuple[str, ...]) -> None:
    booted(state, directory="/elsewhere")
    assert isinstance(outcome(*arguments), HostError)


def test_ones_own_lab_goes_without_a_question(state: LabState) -> None:
    booted(state)
    assert isinstance(outcome(), HostError)


def test_behind_sudo_it_is_the_user_who_counts(
    state: LabState, monkeypatch: pytest.MonkeyPatch
) -> None:
    booted(state, uid=1000)
    monkeypatch.setenv("SUDO_UID", "1000")
    assert isinstance(outcome(), HostError)


def test_a_lab_of_an_older_version_goes_too(state: LabState) -> None:
    state.update(ready=True)
    assert isinstance(outcome(), HostError)


def test_on_a_terminal_it_asks(state: LabState) -> None:
    booted(state, directory="/elsewhere")
    ours, its = pty.openpty()
    with subprocess.Popen(
        [LAB, "down"], stdin=its, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        os.write(ours, b"n\n")
        said, asked = process.communicate(timeout=60)
    os.close(ours)
    os.close(its)
    assert "booted from pair.yaml" in asked
    assert "Take it down? [y/N]" in asked
    assert said == "pair stays up\n"
    assert process.returncode == 1
    assert state.exists()


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a" * 300])
def test_what_can_be_no_lab_is_no_folder_either(state: LabState, name: str) -> None:
    assert isinstance(outcome(name), UsageError)
    assert state.exists()
