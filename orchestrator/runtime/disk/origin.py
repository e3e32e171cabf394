"""Where a lab comes from: who booted it, in which folder, from which file, and when."""

from __future__ import annotations

import os
import pwd
import time
from dataclasses import dataclass
from datetime import datetime

from orchestrator.runtime.disk.ownership import caller


@dataclass(frozen=True)
class Origin:
    """``uid`` is the user behind sudo, ``directory`` where the command was given, ``topology``
    the file, "" where it is not known; ``at_s`` counts from 1970."""

    uid: int
    directory: str
    topology: str
    at_s: float

    @property
    def is_here(self) -> bool:
        """Whether a command given now is one of the same user, in the same directory."""
        return (self.uid, self.directory) == (caller(), _directory())

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.at_s).astimezone()
        file = f"from {self.topology} " if self.topology else ""
        return f"booted {file}by {_user(self.uid)} in {self.directory} at {since:%Y-%m-%d %H:%M}"


def origin_here(topology: str = "") -> Origin:
    """That of a lab which is booted by this command, now."""
    return Origin(caller(), _directory(), topology, time.time())


def _directory() -> str:
    try:
        return os.getcwd()  # noqa: PTH109
    except FileNotFoundError:  # it was removed under our feet
        return ""


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
