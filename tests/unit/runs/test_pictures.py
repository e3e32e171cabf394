from __future__ import annotations

import json
from pathlib import Path

from orchestrator.report.material import Picture
from orchestrator.runs.pictures import read_film, read_screenshot


def film(folder: Path, *frames: dict[str, object]) -> Path:
    (folder / "filmstrip").mkdir()
    (folder / "filmstrip" / "00010.jpg").write_bytes(b"jpeg")
    (folder / "filmstrip.json").write_text(json.dumps(frames))
    return folder


def test_a_run_without_pictures(tmp_path: Path) -> None:
    assert read_screenshot(tmp_path) is None
    assert read_film(tmp_path) == ()


def test_a_film(tmp_path: Path) -> None:
    frames = {"ms": 10, "file": "filmstrip/00010.jpg", "complete": 0.5}
    assert read_film(film(tmp_path, frames)) == (Picture(b"jpeg", "image/jpeg", 10.0, 0.5),)


def test_a_picture_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    there = {"ms": 10, "file": "filmstrip/00010.jpg"}
    gone = {"ms": 20, "file": "filmstrip/00020.jpg", "complete": 1}
    assert [p.at_ms for p in read_film(film(tmp_path, there, gone))] == [10.0]


def test_no_file_from_elsewhere_is_taken_in(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    run = tmp_path / "run"
    run.mkdir()
    assert read_film(film(run, {"ms": 1, "file": "../secret.jpg", "complete": 1})) == ()
    (run / "filmstrip" / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (run / "filmstrip.json").write_text('[{"ms": 1, "file": "filmstrip/link.jpg"}]')
    assert read_film(run) == ()


def test_a_list_that_is_broken_is_no_film(tmp_path: Path) -> None:
    (tmp_path / "filmstrip.json").write_text('[{"ms": 1')
    assert read_film(tmp_path) == ()
    (tmp_path / "filmstrip.json").write_text('{"ms": 1}')
    assert read_film(tmp_path) == ()
