"""Files that are there whole, or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from orchestrator.files import replace_file, replace_json


def test_text_is_utf_8_and_the_mode_is_the_one_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a"
    replace_file(path, "größer", mode=0o600)
    assert path.read_bytes() == "größer".encode()
    assert path.stat().st_mode & 0o777 == 0o600
    replace_file(path, b"\x00")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"\x00", 0o644)


def test_a_value_is_json(tmp_path: Path) -> None:
    replace_json(tmp_path / "a.json", {"ü": [1]})
    assert json.loads((tmp_path / "a.json").read_text()) == {"ü": [1]}


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    other, path = tmp_path / "other", tmp_path / "path"
    other.write_text("mine")
    path.symlink_to(other)
    replace_file(path, "new")
    assert (other.read_text(), path.read_text(), path.is_symlink()) == ("mine", "new", False)


def test_what_fails_leaves_nothing_and_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def full(descriptor: int, mode: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fchmod", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, "new")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a", "old")]


def test_a_name_may_be_as_long_as_a_file_system_takes(tmp_path: Path) -> None:
    replace_file(tmp_path / ("a" * 255), "x")
    assert [file.name for file in tmp_path.iterdir()] == ["a" * 255]
