"""Whose files are what a command leaves, and whose programs it starts: under sudo, those of who
called it."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def caller() -> int:
    """The user id of who called: under sudo the one behind it."""
    return int(os.environ.get("SUDO_UID", os.getuid()))


def give_to_user(paths: Iterable[Path]) -> None:
    """Give files and folders to the user behind sudo; without sudo they stay as they are. Of a
    link it is the link that is given: where it leads may be anybody's."""
    if "SUDO_UID" in os.environ:
        owner, group = caller(), int(os.environ["SUDO_GID"])
        for path in paths:
            with suppress(PermissionError):  # a file system without owners
                os.chown(path, owner, group, follow_symlinks=False)


def become_user() -> None:
    """Be the user behind sudo from here on, for good, with their home; without sudo, stay."""
    if "SUDO_UID" not in os.environ or os.geteuid() != 0:
        return
    user = pwd.getpwuid(caller())
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ.update(HOME=user.pw_dir, USER=user.pw_name, LOGNAME=user.pw_name)
