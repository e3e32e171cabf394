"""What this machine can do for a lab, and how to mend what it cannot.

Kernel abilities are tried, not guessed from versions: in a network namespace that belongs to a
thread of this process and is gone when the thread ends.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from orchestrator.analysis.steps import fields
from orchestrator.capture.mux import CAPMUX
from orchestrator.errors import HostError, LabError
from orchestrator.refusals import why
from orchestrator.runs.dissect import unknown_fields
from orchestrator.runtime.engine.client import connect, require_root
from orchestrator.runtime.engine.images import IMAGES, images_folder, missing_images
from orchestrator.runtime.engine.priority import obstacle
from orchestrator.runtime.network.namespaces import CLONE_NEWNET, unshare

GIB = 1 << 30
_DISK_NEEDED, _MEMORY_NEEDED = 4 * GIB, 2 * GIB


@dataclass(frozen=True)
class Finding:
    """One thing looked at: how it is, and how to mend it where that is needed."""

    subject: str
    verdict: Literal["good", "note", "bad"]
    detail: str
    mend: str = ""


def examine_host() -> list[Finding]:
    """Everything a lab needs of its host, and what it would like."""
    return [
        *_privilege(),
        *_docker(),
        *_kernel(),
        *_programs(),
        *_resources(),
    ]


def _privilege() -> Iterator[Finding]:
    try:
        require_root()
    except HostError as error:
        yield Finding("privilege", "bad", error.message, error.hint)
    else:
        yield Finding("privilege", "good", "namespaces may be entered and links made")


def _docker() -> Iterator[Finding]:
    try:
        client = connect()
    except HostError as error:
        yield Finding("docker", "bad", error.message, error.hint)
        return
    info = client.api.info()
    free = shutil.disk_usage(info["DockerRootDir"]).free if _is_local(info) else 0
    yield Finding("docker", "good", f"{info['ServerVersion']}, storage {info['Driver']}")
    if free < _DISK_NEEDED:
        detail = f"{free / GIB:.1f} GiB free where Docker stores images"
        yield Finding("disk", "bad", detail, "free some: docker system df")
    else:
        yield Finding("disk", "good", f"{free / GIB:.0f} GiB free where Docker stores images")
    missing = missing_images(client, IMAGES, images_folder())
    if missing:
        yield Finding("images", "bad", f"missing: {', '.join(missing)}", "make lab")
    else:
        yield Finding("images", "good", f"all {len(IMAGES)} are built")
    yield examine_priority(info)


def examine_priority(info: Mapping[str, Any]) -> Finding:
    """Whether routers may go before what else this machine does; ``info`` is Docker's."""
    if reason := obstacle(info):
        detail = f"routers wait as all others do, and may lose sessions under load: {reason}"
        return Finding("priority", "note", detail)
    detail = f"routers go first on a busy machine (cgroup v{info['CgroupVersion']})"
    return Finding("priority", "good", detail)


def _is_local(info: dict[str, str]) -> bool:
    return Path(info["DockerRootDir"]).is_dir()


# What is tried in a namespace of its own: the request, and what its absence means.
_TRIES: dict[str, tuple[Callable[[IPRoute], object], bool, str]] = {
    "veth": (lambda s: s.link("add", ifname="a", kind="veth", peer="b"), True, "links"),
    "bridge": (lambda s: s.link("add", ifname="br", kind="bridge"), True, "switches"),
    "netem": (
        lambda s: s.tc("add", "netem", index=1, delay=1000),
        False,
        "wire impairs links instead",
    ),
}


def _kernel() -> Iterator[Finding]:
    answers: dict[str, str] = {}
    prober = threading.Thread(target=_try_all, args=(answers,))
    prober.start()
    prober.join()
    for ability, (_, required, purpose) in _TRIES.items():
        reason = answers.get(ability, "could not be tried")
        if not reason:
            yield Finding(ability, "good", "the kernel has it")
        elif required:
            mend = f"modprobe {ability}, or use a kernel that has it"
            yield Finding(ability, "bad", f"{purpose} need it: {reason}", mend)
        else:
            yield Finding(ability, "note", f"the kernel has none ({reason}); {purpose}")
    yield from _families()
    yield from _user_namespaces()
    control = Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    yield Finding("tcp", "good", f"nodes use the kernel's congestion control: {control}")


def _families() -> Iterator[Finding]:
    if Path("/proc/sys/net/ipv6").is_dir():
        yield Finding("ipv6", "good", "the kernel has it")
    else:
        mend = "boot the kernel without ipv6.disable=1"
        yield Finding("ipv6", "bad", "labs speak IPv4 and IPv6, and the kernel has none", mend)


def _user_namespaces() -> Iterator[Finding]:
    """Chromium's sandbox makes user namespaces; newer Ubuntu may forbid it (AppArmor)."""
    switch = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    if switch.exists() and switch.read_text().strip() == "1":
        detail = "AppArmor restricts user namespaces: the browser's sandbox may not start"
        yield Finding("sandbox", "note", detail, f"if visits fail: sysctl kernel.{switch.name}=0")


def _try_all(answers: dict[str, str]) -> None:
    """Runs on a thread of its own, which takes its namespace with it when it ends."""
    try:
        unshare(CLONE_NEWNET)
    except OSError as error:
        answers.update(dict.fromkeys(_TRIES, why(error)))
        return
    with IPRoute() as socket:
        for ability, (attempt, _, _) in _TRIES.items():
            try:
                attempt(socket)
                answers[ability] = ""
            except NetlinkError as error:
                answers[ability] = why(error)


def _programs() -> Iterator[Finding]:
    if CAPMUX.is_file():
        yield Finding("capture", "good", "capmux is built")
    else:
        yield Finding("capture", "bad", "capmux is not built", "make lab")
    if shutil.which("docker"):
        yield Finding("programs", "good", "docker is installed (exec, shell and logs)")
    else:
        yield Finding("programs", "note", "docker is missing (exec, shell and logs)", "make lab")
    yield examine_tshark(fields())


def examine_tshark(names: Sequence[str]) -> Finding:
    """Whether tshark is there and has the fields that we read; one it lacks fails every report."""
    try:
        unknown = unknown_fields(names)
    except LabError as error:
        return Finding("programs", "note", f"{error.message} (it reads captures)", "make lab")
    if unknown:
        detail = f"tshark is too old or too new: it has no field {', '.join(unknown)}"
        return Finding("programs", "note", detail, "install tshark 4.0 to 4.4")
    return Finding("programs", "good", "tshark is installed (reads captures)")


def _resources() -> Iterator[Finding]:
    lines = Path("/proc/meminfo").read_text().splitlines()
    fields = dict(line.split(":") for line in lines)
    available = int(fields["MemAvailable"].split()[0]) * 1024
    verdict: Literal["good", "note"] = "good" if available >= _MEMORY_NEEDED else "note"
    detail = f"{available / GIB:.1f} GiB of memory available, {os.cpu_count()} cores"
    yield Finding("resources", verdict, detail)
