"""The pictures of a run: its screenshot, and the film of how the page came to look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from orchestrator.errors import LabError
from orchestrator.records.browsing import FilmFrame
from orchestrator.report.material import Picture
from orchestrator.runs.door import MOST_PICTURE, Door, open_run

_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
# A visit of five minutes, filmed at what a screen shows, is less; and so is what all of them take.
_MOST_FRAMES, _MOST_FILM = 20_000, 4 * MOST_PICTURE


def read_screenshot(folder: Path) -> Picture | None:
    """The page after the visit; None without one."""
    with open_run(folder) as door:
        data = _picture(door, "screenshot.png")
    return Picture(data, "image/png") if data else None


def read_film(folder: Path) -> tuple[Picture, ...]:
    """The pictures that filmstrip.json names, in order; what is missing or odd is left out."""
    with open_run(folder) as door:
        return tuple(_pictures(door, list_film(door)[:_MOST_FRAMES]))


def list_film(door: Door) -> tuple[FilmFrame, ...]:
    """What filmstrip.json says; where it does not read, that is noted."""
    return door.optional("filmstrip.json", tuple[FilmFrame, ...], "") or ()


def _pictures(door: Door, frames: tuple[FilmFrame, ...]) -> Iterator[Picture]:
    left = _MOST_FILM
    for frame in frames:
        suffix = PurePosixPath(frame.file).suffix
        data = _picture(door, frame.file) if suffix in _TYPES else None
        if data and (left := left - len(data)) >= 0:
            yield Picture(data, _TYPES[suffix], frame.ms, frame.complete)


def _picture(door: Door, name: str) -> bytes | None:
    """None for what is no picture of this folder."""
    try:
        return door.folder.read(name, MOST_PICTURE)
    except LabError:
        return None
