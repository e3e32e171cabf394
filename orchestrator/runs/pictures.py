"""The pictures of a run: its screenshot, and the film of how the page came to look."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from orchestrator.report.material import Picture

_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}


def read_screenshot(folder: Path) -> Picture | None:
    """The page after the visit; None without one."""
    path = folder / "screenshot.png"
    return Picture(path.read_bytes(), "image/png") if path.is_file() else None


def read_film(folder: Path) -> tuple[Picture, ...]:
    """The pictures that filmstrip.json names, in order; what is missing or odd is left out."""
    try:
        frames = json.loads((folder / "filmstrip.json").read_text(encoding="utf-8"))
        return tuple(_pictures(folder, frames))
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _pictures(folder: Path, frames: list[dict[str, float | str]]) -> Iterator[Picture]:
    for frame in frames:
        path = folder / str(frame["file"])
        # A picture of this folder, and no other file of this machine.
        inside = path.resolve().is_relative_to(folder.resolve())
        if inside and path.suffix in _TYPES and path.is_file():
            complete = frame.get("complete")
            known = float(complete) if complete is not None else None
            yield Picture(path.read_bytes(), _TYPES[path.suffix], float(frame["ms"]), known)
