"""The lock of a lab: one command at a time, and nothing left of it when the lab is gone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from orchestrator.errors import DeployError
from orchestrator.runtime.disk import state
from orchestrator.runtime.disk.state import LabState


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLICKLAB_STATE", str(tmp_path))
    return tmp_path


def test_of_a_lab_that_is_not_there_no_lock_stays(root: Path) -> None:
    with LabState("lab").locked():
        assert (root / "lab.lock").exists()
    assert list(root.iterdir()) == []


def test_of_one_that_is_there_it_does(root: Path) -> None:
    with LabState("lab").locked():
        (root / "lab").mkdir()
    assert (root / "lab.lock").exists()


def test_two_do_not_have_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_LOCK_WITHIN_S", 0.1)
    with (
        LabState("lab").locked(),
        pytest.raises(DeployError, match="another command is working on lab 'lab'"),
        LabState("lab").locked(),
    ):
        pass


def test_who_waited_for_one_that_went_makes_a_new_one(root: Path) -> None:
    """Else one command would hold a file that is no more, and another the new one."""
    held, go = Event(), Event()

    def take_down() -> None:
        with LabState("lab").locked():
            held.set()
            go.wait(10)

    def boot() -> bool:
        with LabState("lab").locked():
            return (root / "lab.lock").exists()

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(take_down)
        assert held.wait(10)
        second = threads.submit(boot)
        go.set()
        first.result(10)
        assert second.result(10)
