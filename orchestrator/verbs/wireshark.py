"""Wireshark on a run: the file that it opens, and the profile that it is started with.

    <Wireshark's personal folder>/profiles/Clicklab/    rendered for the run's plan, each time anew

Not in the run's folder: Wireshark runs the Lua scripts that it finds where its settings are, and
runs may come from strangers.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import HostError, UsageError, unknown
from orchestrator.files import replace_file
from orchestrator.plan.model import Plan
from orchestrator.records.merge import JOURNEY
from orchestrator.refusals import cause
from orchestrator.render.wireshark import render_profile
from orchestrator.runs.read_study import read_plan
from orchestrator.runtime.disk.ownership import become_user

PROFILE = "Clicklab"
# How wide its columns are is left to who uses it.
_KEPT = "recent"
_DEINTERLACING = "protocols.conversation_deinterlacing_key"
_PERSONAL = re.compile(r"^Personal configuration:\s*(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Opening:
    """How a capture is opened. ``deinterlaces`` says whether Wireshark tells apart what several
    interfaces saw of one packet."""

    command: tuple[str, ...]
    profile: Path
    deinterlaces: bool


def find_capture(folder: Path, node: str = "") -> Path:
    """journey.pcapng of a run's folder, or the file of one of its nodes and switches.

    Raises UsageError where it is not there, with those that are.
    """
    files = {path.stem: path for path in sorted(folder.glob("*.pcapng"))}
    wanted = node or Path(JOURNEY).stem
    if wanted in files:
        return files[wanted]
    nodes = [name for name in files if name != Path(JOURNEY).stem]
    if not nodes:
        trials = sorted(path.name for path in folder.glob("trial-*"))
        hint = f"a study has them by trial: {folder / trials[0]}" if trials else ""
        raise UsageError(f"{folder} has no captures", hint or "runs are made by: lab visit URL")
    if node:
        raise unknown("file of a node", node, nodes, within=f"in {folder}")
    hint = f"open one node's: lab wireshark {shlex.quote(str(folder))} --node {nodes[0]}"
    raise UsageError(f"{folder} has no {JOURNEY}", hint)


def prepare(capture: Path) -> Opening:
    """Write the profile for a capture, as the user behind sudo, who we are from then on.

    Raises HostError where tshark is missing, or the profile cannot be written.
    """
    deinterlaces = _DEINTERLACING in _tshark("-G", "defaultprefs")
    texts = render_profile(_plan_of(capture.parent), deinterlaces)
    become_user()
    if not os.access(capture, os.R_OK):
        raise HostError(f"{capture} cannot be read by {os.environ.get('USER', 'you')}")
    profile = _personal_folder() / "profiles" / PROFILE
    try:
        _write(profile, texts)
    except OSError as error:
        raise HostError(f"cannot write {profile}: {cause(error)}") from error
    return Opening(("wireshark", "-C", PROFILE, str(capture)), profile, deinterlaces)


def start(opening: Opening) -> None:
    """Become Wireshark. Raises HostError where it is not installed, or has no screen."""
    elsewhere = f"take the run and {opening.profile} to where it can be shown"
    if shutil.which(opening.command[0]) is None:
        hint = f"apt-get install wireshark; or {elsewhere}"
        raise HostError("Wireshark is not installed here", hint)
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise HostError("there is no display here", elsewhere)
    os.execvp(opening.command[0], opening.command)


def _plan_of(folder: Path) -> Plan | None:
    """The plan beside a capture; a study's is above its trials'."""
    for place in (folder, folder.absolute().parent):
        if (place / "plan.json").is_file():
            return read_plan(place)
    return None


def _personal_folder() -> Path:
    """Where Wireshark keeps the settings of who we are; its rules for that are many."""
    found = _PERSONAL.search(_tshark("-G", "folders"))
    if found is None:
        raise HostError("tshark does not say where its settings are", "see: tshark -G folders")
    return Path(found[1])


def _write(profile: Path, texts: Mapping[str, str]) -> None:
    profile.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        if name != _KEPT or not (profile / name).exists():
            replace_file(profile / name, text)


def _tshark(*arguments: str) -> str:
    try:
        done = subprocess.run(["tshark", *arguments], capture_output=True, text=True, check=False)
    except OSError as error:
        raise HostError("tshark is not there", "install it: make lab") from error
    return done.stdout
