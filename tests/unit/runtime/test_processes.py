"""The processes of a lab are found and ended, and no others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestrator.errors import DeployError
from orchestrator.runtime.disk.processes import Process, start_time, workers_of, working_for
from orchestrator.runtime.disk.state import LabState

WAITS = "print(flush=True); input()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITS}"


@contextmanager
def running(
    code: str = WAITS, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    argv = [sys.executable, "-c", code]
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(argv, env=environment, **options) as process:  # type: ignore[call-overload]
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def of(process: subprocess.Popen[bytes]) -> Process:
    return Process(process.pid, start_time(process.pid) or 0)


@pytest.mark.parametrize("code", [WAITS, STUBBORN])
@pytest.mark.parametrize("asked_s", [0.0, 0.1])
def test_a_process_ends_asked_or_not(code: str, asked_s: float) -> None:
    with running(code) as process:
        assert of(process).end(asked_s)
        process.wait()
        assert not of(process).end()


def test_another_process_with_its_number_is_left_alone() -> None:
    with running() as process:
        assert not Process(process.pid, 1).end()
        assert process.poll() is None


def test_who_works_for_a_lab_is_found_without_a_record(tmp_path: Path) -> None:
    folder, other = tmp_path / "lab", tmp_path / "lab2"
    with running(environment=working_for(folder)) as own, running(environment=working_for(other)):
        assert workers_of(folder) == [of(own)]


@pytest.mark.parametrize("content", ["", '{"namespaces": [', "[3]", '{"keeper": 3}', "\0"])
def test_a_damaged_record_is_told_and_can_be_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    """Every verb went on with an empty one, and `down` left processes and namespaces behind."""
    monkeypatch.setenv("CLICKLAB_STATE", str(tmp_path))
    state = LabState("lab")
    state.folder.mkdir()
    (state.folder / "state.json").write_text(content)
    with pytest.raises(DeployError, match=r"state\.json is damaged"):
        state.update(ready=True)
    state.mend_record()
    state.update(ready=True)
    assert state.record().ready
