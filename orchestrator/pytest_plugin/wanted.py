"""Which lab a test wants: its mark ``topology``, or what was said for all tests."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from orchestrator.errors import UsageError, unknown

MARK = (
    'topology(file, scope="session"|"module", settings=(), timeout_s=60): the lab of the fixture '
    "`lab`: a file (relative to the test's), or a shipped name like 'minimal'"
)
SCOPES = ("session", "module")
READY_WITHIN_S = 60.0


@dataclass(frozen=True)
class Wanted:
    """A topology with settings; tests that want the same share it. ``module`` is "" where all
    tests of the session do, else the one whose tests do."""

    path: Path
    settings: tuple[str, ...] = ()
    module: str = ""
    timeout_s: float = READY_WITHIN_S


class Mark(Protocol):
    """What is read of a pytest mark."""

    @property
    def args(self) -> tuple[Any, ...]:
        """The mark's arguments without a name."""

    @property
    def kwargs(self) -> Any:
        """The mark's arguments with a name."""


def read_mark(mark: Mark, folder: Path, module: str, shipped: Path) -> Wanted:
    """What a test of ``module``, in ``folder``, wants. Raises UsageError for what cannot be."""

    def read(
        file: str | Path,
        *,
        scope: str = "session",
        settings: str | Iterable[str] = (),
        timeout_s: float = READY_WITHIN_S,
    ) -> Wanted:
        if scope not in SCOPES:
            raise UsageError(f"mark topology: there is no scope '{scope}'", " or ".join(SCOPES))
        given = (settings,) if isinstance(settings, str) else tuple(settings)
        path = find_topology(str(file), folder, shipped)
        return Wanted(path, given, module if scope == "module" else "", timeout_s)

    try:
        return read(*mark.args, **mark.kwargs)
    except TypeError as error:
        said = str(error).replace("read_mark.<locals>.read()", "it")
        raise UsageError(f"mark topology: {said}", f"write it like {MARK}") from None


def find_topology(given: str, folder: Path, shipped: Path) -> Path:
    """A file relative to ``folder``, or a shipped one by its name. Raises UsageError."""
    path = folder / given
    if path.is_file():
        return path.resolve()
    names = {found.stem: found for found in shipped.glob("*.yaml")}
    if given in names:
        return names[given]
    beside = sorted(found.name for found in folder.glob("*.yaml"))
    hint = f"shipped: {', '.join(sorted(names))}"
    raise unknown("topology", given, [*names, *beside], within=f"in {folder}", hint=hint)


def new_name(path: Path) -> str:
    """A name that no other lab has: a label of RFC 1123."""
    stem = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:30].strip("-")
    return f"pytest-{stem or 'lab'}-{secrets.token_hex(3)}"
