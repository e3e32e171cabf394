"""What nobody expected: no bug, if this machine or Docker refused; else a file that tells of it,
ready to be pasted into an issue."""

from __future__ import annotations

import os
import platform
import pwd
import re
import shlex
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from docker.errors import APIError

from orchestrator.errors import LabError
from orchestrator.refusals import refusal
from orchestrator.runtime.disk.labs import known_labs
from orchestrator.runtime.disk.ownership import caller, give_to_user
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import connect, explained, gone, is_of_docker
from orchestrator.visible import visible

_DOCKER_WITHIN_S = 3
# user:password@ in addresses, and values whose name says what they are.
_USERINFO = re.compile(r"(?<=://)[^/\s@'\"]+@|(?<![\w/.])[\w.-]+:[^/\s@'\"]+@(?=\w)")
_SECRET = re.compile(r"(?i)((?:password|passwd|token|secret|api_?key|authorization)[=:]\s*)[^\s&]+")


def refusal_in(error: Exception) -> LabError | None:
    """What a user can do about an error that was expected nowhere; None where it is a bug."""
    if isinstance(error, APIError):
        return explained(error)
    if is_of_docker(error):
        return gone()
    return refusal(error) if isinstance(error, OSError) else None


def write_log(error: BaseException) -> Path:
    """Write all that is worth knowing of an error; the file belongs to who called."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="clicklab-", suffix=".log", delete=False, encoding="utf-8"
    ) as log:
        log.write(describe(error))
    give_to_user([Path(log.name)])
    return Path(log.name)


def describe(error: BaseException) -> str:
    """The same as text, in Markdown; secrets and the user's own folder are left out."""
    lines = [f"{name + ':':14}{_told(find)}" for name, find in _FACTS.items()]
    trace = "".join(traceback.format_exception(error))
    told = "\n".join(["```text", *lines, "", trace.rstrip(), "```", ""])
    return visible(without_secrets(told))


def without_secrets(text: str) -> str:
    """``text`` without passwords and the like, and with ~ for the folders of who called."""
    text = _SECRET.sub(r"\1***", _USERINFO.sub("***@", text))
    for home in _homes() - {"", "/"}:
        text = re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text)
    return text


def _homes() -> set[str]:
    """The folders of the user who runs this, and of the one behind sudo."""
    homes = {os.environ.get("HOME", "")}
    with suppress(KeyError):  # a user id that no name belongs to
        homes.add(pwd.getpwuid(caller()).pw_dir)
    return homes


def _told(find: Callable[[], str]) -> str:
    try:
        return find()
    except Exception as error:  # what is wrong with this machine must not hide the bug
        return f"not known ({type(error).__name__}: {error})"


def _python() -> str:
    return f"{platform.python_version()}, {sys.executable}"


def _kernel() -> str:
    return f"{platform.system()} {platform.release()} {platform.machine()}"


def _docker() -> str:
    told = connect(timeout_s=_DOCKER_WITHIN_S).version()
    return f"{told['Version']}, API {told['ApiVersion']}"


def _labs() -> str:
    return "; ".join(_described_labs()) or "none"


def _described_labs() -> Iterator[str]:
    for name in known_labs():
        state = LabState(name)
        record, count = state.record(), len(state.plan().nodes)
        topology = record.origin.topology if record.origin else "an unknown topology"
        yield f"{name} of {topology}, {count} nodes, {'up' if record.ready else 'half-made'}"


_FACTS: dict[str, Callable[[], str]] = {
    "Clicklab": lambda: version("clicklab"),
    "command": lambda: shlex.join(["lab", *sys.argv[1:]]),
    "user id": lambda: str(os.geteuid()),
    "Python": _python,
    "kernel": _kernel,
    "distribution": lambda: platform.freedesktop_os_release()["PRETTY_NAME"],
    "Docker": _docker,
    "labs": _labs,
}
