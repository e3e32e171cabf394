"""Two visits of one host go one after the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.errors import DeployError
from orchestrator.runtime.disk import turns
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.disk.turns import has_turn, turn

HOLDER = """import sys
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.disk.turns import turn
with turn(LabState("lab"), "laptop", print):
    print("has it", flush=True)
    input()
"""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LabState:
    monkeypatch.setenv("CLICKLAB_STATE", str(tmp_path))
    (tmp_path / "lab").mkdir()
    return LabState("lab")


def holder() -> subprocess.Popen[str]:
    """Another process whose turn it is."""
    argv = [sys.executable, "-c", HOLDER]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "has it\n"
    return process


def test_who_comes_second_is_told_and_has_the_next_turn(state: LabState) -> None:
    told: list[str] = []
    with holder() as first:

        def hear(message: str) -> None:
            told.append(message)
            first.communicate("\n")

        with turn(state, "laptop", hear):
            assert has_turn(state, "laptop")
    assert told == ["another visit is under way at laptop"]
    assert not has_turn(state, "laptop")


def test_a_visit_that_was_killed_has_no_turn(state: LabState) -> None:
    with holder() as first:
        assert has_turn(state, "laptop")
        first.kill()
        first.wait()
        assert not has_turn(state, "laptop")


def test_hosts_do_not_wait_for_each_other(state: LabState) -> None:
    told: list[str] = []
    with turn(state, "laptop", told.append), turn(state, "phone", told.append):
        assert told == []


def test_nobody_waits_for_ever(state: LabState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_WITHIN_S", 0.0)
    told: list[str] = []
    with holder() as first:
        with pytest.raises(DeployError, match="does not end"), turn(state, "laptop", told.append):
            pass
        first.kill()
