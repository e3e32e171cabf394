"""Run folders in the making, and those whose maker is gone."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.errors import HostError
from orchestrator.runtime.disk.unfinished import folder_in_making, point_latest

RUN, STUDY = "20260101T000000Z-www.example.com-00ff", "20260101T000000Z-study-cut-00fe"
NEXT = "20260102T000000Z-www.example.com-0100"
# Makes a folder, and is killed meanwhile.
MAKER = """
import os, signal, sys
from pathlib import Path
from orchestrator.runtime.disk.unfinished import folder_in_making
with folder_in_making(Path(sys.argv[1]), sys.argv[2]) as folder:
    (folder / "trial-1").mkdir()
    (folder / "trial-1" / sys.argv[3]).write_text("{}")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_making(captures: Path, name: str, file: str = "laptop.pcapng") -> None:
    argv = [sys.executable, "-c", MAKER, str(captures), name, file]
    assert subprocess.run(argv, check=False).returncode < 0


def names(captures: Path) -> set[str]:
    return {path.name for path in captures.iterdir()}


def test_a_folder_has_its_name_when_it_is_whole(tmp_path: Path) -> None:
    with folder_in_making(tmp_path / "new", RUN) as folder:
        (folder / "visit.json").write_text("{}")
        assert names(tmp_path / "new") == {f".{RUN}"}
    assert names(tmp_path / "new") == {RUN}


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), folder_in_making(tmp_path, RUN):
        raise KeyboardInterrupt
    assert names(tmp_path) == set()


def test_a_folder_that_its_maker_left_is_swept_by_the_next(tmp_path: Path) -> None:
    killed_making(tmp_path, RUN)
    (tmp_path / f".latest-{RUN}").symlink_to(RUN)
    assert names(tmp_path) == {f".{RUN}", f".latest-{RUN}"}
    with folder_in_making(tmp_path, NEXT):
        assert names(tmp_path) == {f".{NEXT}"}


def test_of_a_study_that_was_killed_the_trials_are_kept(tmp_path: Path) -> None:
    killed_making(tmp_path, STUDY, "trial.json")
    with folder_in_making(tmp_path, NEXT):
        assert names(tmp_path) == {STUDY, f".{NEXT}"}


def test_a_folder_that_somebody_makes_is_left_alone(tmp_path: Path) -> None:
    with folder_in_making(tmp_path, RUN) as folder, folder_in_making(tmp_path, NEXT):
        assert folder.is_dir()
    assert names(tmp_path) == {RUN, NEXT}


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "mine").mkdir(parents=True)
    captures = tmp_path / "captures"
    for name in (".git", ".cache-00ff"):
        (captures / name).mkdir(parents=True)
    (captures / f".{RUN}").symlink_to(outside)
    with folder_in_making(captures, NEXT):
        assert names(captures) == {".git", ".cache-00ff", f".{RUN}", f".{NEXT}"}
    assert names(outside) == {"mine"}


def test_latest_is_the_newest(tmp_path: Path) -> None:
    for name in (RUN, NEXT):
        point_latest(tmp_path, name)
    assert (tmp_path / "latest").readlink() == Path(NEXT)
    assert names(tmp_path) == {"latest"}


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(HostError, match="cannot write"),
        folder_in_making(tmp_path / "file", RUN),
    ):
        pass


def test_the_lock_is_that_of_the_folder_itself(tmp_path: Path) -> None:
    with folder_in_making(tmp_path, RUN) as folder:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(descriptor)
