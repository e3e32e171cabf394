"""What processes hold: the sum of their PSS, in which a page shared by n counts 1/n each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import docker

from orchestrator.runtime.engine.containers import LAB_LABEL


def lab_mib(client: docker.DockerClient, lab: str) -> float:
    """What a lab's processes hold, Docker's shims and the keeper included."""
    found = client.api.containers(filters={"label": f"{LAB_LABEL}={lab}"})
    owned = {client.api.inspect_container(entry["Id"])["State"]["Pid"] for entry in found}
    parents = dict(_parents())
    owned |= {parents[pid] for pid in owned}  # a container's first process is its shim's child
    owned |= {pid for pid in parents if _is_keeper(pid, lab)}
    for pid in sorted(parents):
        if parents[pid] in owned:
            owned.add(pid)
    return pss_mib(owned)


def pss_mib(pids: Iterable[int]) -> float:
    """What processes hold together; those that are gone hold nothing."""
    return sum(map(_pss_kib, pids)) / 1024


def _parents() -> Iterator[tuple[int, int]]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            yield int(path.parent.name), int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue


def _is_keeper(pid: int, lab: str) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"orchestrator.runtime.keeper" in words and lab.encode() in words


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
