"""A link that flaps: its cable is pulled and plugged in again, over and over, by a process.

It goes on when the command that started it is over. It writes itself down before it touches
anything, changes the link only while it holds the lab, and ends by itself once it is no longer the
one that is written down, or the lab is gone.

    <lab>/flapping/<link>   its process: id and start time
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from pyroute2.netlink.exceptions import NetlinkError

from orchestrator.errors import DeployError, LabError
from orchestrator.files import replace_json
from orchestrator.plan.codec import from_plain, to_plain
from orchestrator.plan.model import Plan
from orchestrator.refusals import why
from orchestrator.runtime.disk.processes import Process, start_time, working_for
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.links.layer import LinkLayer
from orchestrator.runtime.network.wiring import namespaces_of
from orchestrator.runtime.polling import wait_for

_STARTS_WITHIN_S = 20.0


def start_flapping(state: LabState, link: str, every_s: float) -> None:
    """Let a link go down once in ``every_s`` seconds, for half of them. Raises DeployError."""
    log = (state.folder / "flapping.log").open("ab")
    with log:
        process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name, state.lab, link, str(every_s)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
            env=working_for(state.folder),
        )

    def is_settled() -> bool:
        known = flapping(state, link)
        return process.poll() is not None or (known is not None and known.pid == process.pid)

    try:
        if not wait_for(is_settled, _STARTS_WITHIN_S) or process.poll() is not None:
            raise DeployError(f"link {link} does not flap", f"see {log.name}")
    except BaseException:
        # Before it is written down nobody else would find it.
        process.kill()
        process.wait()
        raise


def flapping(state: LabState, link: str) -> Process | None:
    """The process that lets a link flap, running or not; None where there never was one."""
    try:
        return from_plain(Process, json.loads(_path(state, link).read_text()))
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def stop_flapping(state: LabState, link: str) -> None:
    """End it, by its recorded id; fine where it has ended. The lab must be locked, so that it is
    not in the middle of a change; the link stays as it is."""
    if process := flapping(state, link):
        process.end()
    _path(state, link).unlink(missing_ok=True)


def stop_all_flapping(state: LabState) -> None:
    """End all of a lab's; fine where there is none. The lab must be locked."""
    for path in _folder(state).glob("[!.]*"):
        stop_flapping(state, path.name)


def _folder(state: LabState) -> Path:
    return state.folder / "flapping"


def _path(state: LabState, link: str) -> Path:
    return _folder(state) / link


def _write_down(state: LabState, link: str) -> Process:
    process = Process(os.getpid(), start_time(os.getpid()) or 0)
    path = _path(state, link)
    path.parent.mkdir(exist_ok=True)
    replace_json(path, to_plain(process))
    return process


def flap(lab: str, link: str, every_s: float) -> None:
    """Pull and plug in until nobody wants it any more."""
    state = LabState(lab)
    plan, own = state.plan(), _write_down(state, link)
    down = True
    while True:
        try:
            with state.locked():
                if flapping(state, link) != own:
                    return
                _cut(state, plan, link, down)
        except (LabError, NetlinkError, OSError) as error:
            # An end restarts, or another command has the lab: the next time.
            print(f"{link}: {why(error)}", flush=True)
        down = not down
        time.sleep(every_s / 2)


def _cut(state: LabState, plan: Plan, link: str, down: bool) -> None:
    namespaces = namespaces_of(plan)
    LinkLayer(state, plan, namespaces).cut(link, down)


if __name__ == "__main__":
    flap(sys.argv[1], sys.argv[2], float(sys.argv[3]))
