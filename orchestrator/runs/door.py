"""Where a run's folder is read: each file by its bound and its type, whoever wrote it.

What comes through here is of the types that it is said to be; behind it nobody looks again. A file
that must be there and does not read is an error, with its name and the place in it. One without
which the rest can be told is left out, and ``missing`` says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from orchestrator.errors import LabError
from orchestrator.files import Folder, open_folder
from orchestrator.plan.codec import from_plain, read_json
from orchestrator.plan.integrity import require_whole
from orchestrator.plan.misfit import brief
from orchestrator.plan.model import Plan
from orchestrator.roles import ROLES

T = TypeVar("T")
MIB = 1 << 20
# The most that is read of a file; all that we ever saw is a tenth of it, or less.
MOST_JSON, MOST_LOG, MOST_CAPTURE, MOST_PICTURE = 256 * MIB, 256 * MIB, 2048 * MIB, 64 * MIB
_AGAIN = "visit again"


class Door:
    """An open run. ``missing`` has a sentence for each thing that it lacks; ``again`` is how to
    get another one."""

    def __init__(self, folder: Folder, again: str = _AGAIN) -> None:
        self.folder, self._again = folder, again
        self.missing: list[str] = []

    @property
    def path(self) -> Path:
        """What the folder is called."""
        return self.folder.path

    def required(self, name: str, cls: type[T], most: int = MOST_JSON) -> T:
        """The value in a JSON file. Raises LabError where it is missing or reads otherwise."""
        return self.fitted(name, cls, self.plain(name, most))

    def optional(self, name: str, cls: type[T], without: str) -> T | None:
        """The same; None where it is missing or does not read. ``without`` is then noted: what
        cannot be told; "" for a file that need not be there."""
        try:
            return self.required(name, cls)
        except LabError as error:
            self.lack(name, error, without)
            return None

    def lack(self, name: str, error: LabError, without: str) -> None:
        """Note why a file is not there to be told from."""
        if without or self.folder.has(name):
            told = error.message.removeprefix(f"{self.path}/")
            self.missing.append(f"{told}: {without or 'it is left out'}")

    def text(self, name: str, most: int = MOST_LOG) -> str:
        """A file's text, without what is no UTF-8 in it. Raises LabError where there is none."""
        return self.data(name, most).decode("utf-8", "replace")

    def data(self, name: str, most: int) -> bytes:
        """A file's octets. Raises LabError where there is none."""
        data = self.folder.read(name, most)
        if data is None:
            raise LabError(f"{self.path / name} is missing", self._again)
        return data

    def plain(self, name: str, most: int = MOST_JSON) -> Any:
        """What a JSON file holds, whatever it is. Raises LabError where it is none."""
        try:
            return read_json(self.data(name, most).decode("utf-8"))
        except json.JSONDecodeError as error:
            place = f"{self.path / name}:{error.lineno}:{error.colno}"
            raise LabError(f"{place}: not whole: {error.msg}", self._again) from error
        except ValueError as error:
            raise LabError(
                f"{self.path / name} is no JSON: {brief(str(error))}", self._again
            ) from error

    def fitted(self, name: str, cls: type[T], plain: Any) -> T:
        """What a JSON file holds, as a value. Raises LabError with the place that does not fit."""
        try:
            return from_plain(cls, plain)
        except (TypeError, ValueError) as error:
            raise self.unexpected(name, error) from error

    def unexpected(self, name: str, error: Exception) -> LabError:
        """The error for a file that holds something else than what we write."""
        hint = f"it may be of another version of Clicklab: {self._again}"
        return LabError(f"{self.path / name} does not read as expected: {brief(str(error))}", hint)


def whole_plan(door: Door) -> Plan:
    """plan.json, in which what it names is there. Raises LabError."""
    plan = door.required("plan.json", Plan)
    try:
        require_whole(plan)
        for node in plan.nodes.values():
            if node.role not in ROLES:
                raise ValueError(f"/nodes/{node.name[:40]}/role: {node.role[:40]!r} is unknown")
    except ValueError as error:
        raise door.unexpected("plan.json", error) from error
    return plan


@contextmanager
def open_run(path: Path, again: str = _AGAIN, *, follow: bool = True) -> Iterator[Door]:
    """A run's folder, or another that is like it. Raises OSError where there is none."""
    with open_folder(path, follow=follow) as folder:
        yield Door(folder, again)
