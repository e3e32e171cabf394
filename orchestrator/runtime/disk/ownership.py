"""Whose files are what a command leaves: under sudo, those of who called it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def give_to_user(paths: Iterable[Path]) -> None:
    """Give files and folders to the user behind sudo; without sudo they stay as they are."""
    if "SUDO_UID" in os.environ:
        owner, group = int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"])
        for path in paths:
            os.chown(path, owner, group)
