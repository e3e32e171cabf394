"""Docker's own files: lines between two moments, whatever lies before them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from orchestrator.runtime.engine.kept_output import Entries, lines_between

_S = 1_000_000_000
_BEGAN_S = 1_700_000_000  # 2023-11-14T22:13:20Z


def entry(second: int, text: str) -> bytes:
    stamp = f"2023-11-14T22:{13 + (20 + second) // 60:02}:{(20 + second) % 60:02}.000000000Z"
    return json.dumps({"log": text, "stream": "stdout", "time": stamp}).encode() + b"\n"


def written(path: Path, *entries: bytes) -> Path:
    path.write_bytes(b"".join(entries))
    return path


def texts(path: Path, since_s: float, until_s: float) -> list[str]:
    begun, ended = int((_BEGAN_S + since_s) * _S), int((_BEGAN_S + until_s) * _S)
    return [line.text for line in lines_between(path, begun, ended)]


def test_only_what_was_written_meanwhile(tmp_path: Path) -> None:
    path = written(tmp_path / "log", *(entry(second, f"line {second}\n") for second in range(9)))
    assert texts(path, 3, 5) == ["line 3", "line 4", "line 5"]
    assert texts(path, 20, 30) == []


def test_a_log_that_is_larger_than_a_block(tmp_path: Path) -> None:
    """Its end is read first, and more of it until what is there began before."""
    many = [entry(second // 10, f"line {second} {'x' * 900}\n") for second in range(1000)]
    path = written(tmp_path / "log", *many)
    found = texts(path, 20, 90)
    assert [text.split()[1] for text in found] == [str(number) for number in range(200, 910)]


def test_nothing_was_written_yet(tmp_path: Path) -> None:
    assert texts(written(tmp_path / "log"), 0, 9) == []


def test_a_file_that_is_older_is_not_read(tmp_path: Path) -> None:
    """Most nodes write nothing while somebody visits; what lies here says otherwise."""
    path = written(tmp_path / "log", entry(8, "not looked at\n"))
    for age_s, found in ((0, ["not looked at"]), (9, [])):
        os.utime(path, (_BEGAN_S + 7 - age_s, _BEGAN_S + 7 - age_s))
        assert texts(path, 7, 9) == found


def test_a_long_line_comes_in_parts(tmp_path: Path) -> None:
    path = written(tmp_path / "log", entry(1, "one "), entry(1, "whole "), entry(2, "line\n"))
    assert texts(path, 0, 9) == ["one whole line"]


def test_what_is_no_entry_is_no_line(tmp_path: Path) -> None:
    path = written(tmp_path / "log", b"{}\n[1]\nnull\n\n", entry(1, "a line\n"), b'{"log": "cut')
    assert texts(path, 0, 9) == ["a line"]


def test_a_log_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        texts(tmp_path / "log", 0, 9)


def test_lines_are_numbered_from_one() -> None:
    entries = Entries()
    lines = [entries.read(entry(1, f"{word}\n").rstrip(b"\n")) for word in ("first", "second")]
    assert [line and line.number for line in lines] == [1, 2]
