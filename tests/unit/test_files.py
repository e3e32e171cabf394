"""Files that are there whole, or not at all."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from orchestrator.errors import LabError
from orchestrator.files import open_folder, replace_file, replace_json


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


def test_half_a_surrogate_pair_in_a_page_title_is_written(tmp_path: Path) -> None:
    replace_json(tmp_path / "a.json", {"title": "\ud83d"})
    assert json.loads((tmp_path / "a.json").read_text()) == {"title": "\ud83d"}


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


def test_of_a_folder_of_strangers_nothing_is_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    run = tmp_path / "run"
    (run / "logs").mkdir(parents=True)
    (run / "logs" / "a.log").write_text("line")
    (run / "link").symlink_to(outside / "secret")
    (run / "folder").symlink_to(outside)
    with open_folder(run) as folder:
        assert folder.read("logs/a.log", 4) == b"line"
        assert folder.read("logs/b.log", 4) is None
        for name in ("link", "folder/secret", "logs", "../outside/secret", "/etc/passwd", "a\0b"):
            with pytest.raises(LabError, match=r"not a file|not a folder|no name of a file"):
                folder.read(name, 100)
        with pytest.raises(LabError, match="folder is a link, not a folder"):
            folder.names(within="folder")


def test_what_is_no_file_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    listening = socket.socket(socket.AF_UNIX)
    with listening, open_folder(tmp_path) as folder:
        listening.bind(str(tmp_path / "socket"))
        for name, kind in (("fifo", "a FIFO"), ("socket", "a device or a socket")):
            with pytest.raises(LabError, match=f"{name} is {kind}, not a file"):
                folder.read(name, 100)


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "long").open("wb") as file:
        file.truncate(1 << 40)  # a hole: it takes no room
    with (
        open_folder(tmp_path) as folder,
        pytest.raises(LabError, match=r"long is larger than the 1 MiB that are read"),
    ):
        folder.read("long", 1 << 20)


def test_names_that_cannot_be_printed_are_nobodys(tmp_path: Path) -> None:
    for name in (b"a.log", b"\x1b[2J.log", b"\xff.log", b".b.log", b"c.txt"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text("")
    with open_folder(tmp_path) as folder:
        assert folder.names(".log") == ["a.log"]
        assert folder.names(within="nowhere") == []
