"""The control group of a lab's timekeepers: its routers, and whoever else runs BIRD.

All containers together are one group of Docker's, which weighs as much as a single busy process of
this machine, whatever shares they have among themselves. A compilation on all cores so starves the
routers, whose BFD sessions end when packets come 900 ms late. They use next to nothing, so they
get a group of the lab's own beside Docker's, which weighs more (cgroups(7), systemd.slice(5)).
Its name follows from the lab's, so that `lab down` finds it; nobody else's group is touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from orchestrator.roles.base import Limits
from orchestrator.runtime.polling import wait_for

ROOT = Path("/sys/fs/cgroup")
# Of as many busy processes: with that the routers are never who waits, and one that runs wild
# leaves the machine a part. The most that cgroup v2 takes is 100, v1 256.
TIMES = 16
_USUAL_SHARES, _USUAL_WEIGHT = 1024, 100  # of cgroup v1 and v2
_EMPTY_WITHIN_S = 2.0


def obstacle(info: Mapping[str, Any], root: Path = ROOT) -> str:
    """Why timekeepers cannot get a group of their own; "" where they can.

    ``info`` is what Docker says of itself.
    """
    if any("rootless" in option for option in info.get("SecurityOptions") or ()):
        return "Docker runs without root"
    if info.get("CgroupDriver") not in ("cgroupfs", "systemd"):
        return f"Docker's cgroup driver is '{info.get('CgroupDriver')}'"
    folder = root if info.get("CgroupVersion") == "2" else root / "cpu"
    return "" if os.access(folder, os.W_OK) else f"{folder} cannot be written"


def parent_of(lab: str, info: Mapping[str, Any], limits: Limits, root: Path = ROOT) -> str:
    """The parent to name to Docker for a node; "" for Docker's own."""
    if limits.cpu_shares <= Limits().cpu_shares or obstacle(info, root):
        return ""
    group, slice_ = _names(lab)
    return slice_ if info["CgroupDriver"] == "systemd" else f"/{group}"


def weigh(lab: str, root: Path = ROOT) -> bool:
    """Let a lab's timekeepers weigh as much as `TIMES` busy processes.

    False: they have no group, or this is not allowed.
    """
    names = _names(lab)
    files = {root / "cpu" / name / "cpu.shares": _USUAL_SHARES for name in names}
    files |= {root / name / "cpu.weight": _USUAL_WEIGHT for name in names}
    return any(_write(file, str(usual * TIMES)) for file, usual in files.items())


def _write(file: Path, text: str) -> bool:
    try:
        file.stat()  # the kernel makes these files, nobody else
        file.write_text(text)
    except OSError:
        return False
    return True


def remove_group(lab: str, root: Path = ROOT, within_s: float = _EMPTY_WITHIN_S) -> None:
    """Remove a lab's group once its containers are gone; fine where there is none.

    One that still has somebody in it after so many seconds stays.
    """
    for name in _names(lab):
        folders = [*root.glob(name), *root.glob(f"*/{name}")]
        if folders and name.endswith(".slice") and shutil.which("systemctl"):
            subprocess.run(["systemctl", "stop", name], capture_output=True, check=False)
        # The kernel may still be ending the last process.
        wait_for(partial(_remove, folders), within_s)


def _remove(folders: Sequence[Path]) -> bool:
    """Whether they are gone."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()
    return not any(folder.exists() for folder in folders)


def _names(lab: str) -> tuple[str, str]:
    """The group by cgroupfs, and by systemd, to which a dash means a group within another; no
    lab's name has an underscore."""
    return f"clicklab.{lab}", f"clicklab.{lab.replace('-', '_')}.slice"
