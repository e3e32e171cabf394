"""ETags are of the content: a file's time follows from it, and a server's ETag from that."""

from __future__ import annotations

import subprocess
from pathlib import Path

STAMP = Path(__file__).parents[3] / "images" / "shop" / "stamp"


def stamped(folder: Path, **files: str) -> dict[str, int]:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    subprocess.run(["sh", STAMP, folder], check=True)
    return {name: int((folder / name).stat().st_mtime) for name in files}


def test_an_edit_that_keeps_the_length_changes_the_time(tmp_path: Path) -> None:
    before = stamped(tmp_path, css="a { color: red }", js="1")
    after = stamped(tmp_path, css="a { color: tan }", js="1")
    assert before["css"] != after["css"]
    assert before["js"] == after["js"]


def test_the_same_content_has_the_same_time_anywhere(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "img").mkdir(parents=True)
        (tmp_path / name / "img" / "a b.png").write_bytes(b"\x89PNG")
        stamped(tmp_path / name)
    times = {path.stat().st_mtime for path in tmp_path.glob("*/img/*")}
    assert len(times) == 1
    assert 0 <= times.pop() < 2**28
