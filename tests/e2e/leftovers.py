"""What a lab could leave behind on its host, looked for by other means than the lab's own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import docker


def leftovers(engine: docker.DockerClient, name: str) -> list[str]:
    """Containers, namespaces, mounts, control groups and processes that still belong to a lab."""
    labelled = engine.api.containers(all=True, filters={"label": f"clicklab.lab={name}"})
    found = [f"container {entry['Names'][0]}" for entry in labelled]
    found += [f"namespace {path.name}" for path in Path("/run/netns").glob(f"clicklab.{name}.*")]
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    found += [f"mount {line}" for line in mounts if f"clicklab.{name}." in line]
    groups = (f"clicklab.{name}", f"clicklab.{name.replace('-', '_')}.slice")
    for pattern in (*groups, *(f"*/{group}" for group in groups)):
        found += [f"control group {path}" for path in Path("/sys/fs/cgroup").glob(pattern)]
    found += [f"worker {path}" for path in _workers(name)]
    return found + [f"process {line}" for line in _processes() if _is_of(line, name)]


def host_interfaces() -> set[str]:
    """The names of the host's own interfaces, but for those Docker makes for builds."""
    shown = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    names = {line.split(": ")[1].split("@")[0] for line in shown.splitlines()}
    return {name for name in names if not name.startswith("veth")}


def _processes() -> list[str]:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode().strip())
        except OSError:
            continue
    return lines


def _workers(name: str) -> list[str]:
    """Keeper, wire, captures: whoever has the lab's state folder in its environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            marks = [w for w in path.read_bytes().split(b"\0") if w.startswith(b"CLICKLAB_OF=")]
        except OSError:
            continue
        found += [str(path) for mark in marks if mark.endswith(f"/{name}".encode())]
    return found


def _is_of(command: str, name: str) -> bool:
    words = command.split()
    return "orchestrator.runtime.keeper" in words and name in words
