"""`make bench-flaps`: sessions that end because this machine has other work.

python -m tests.bench.flaps SECONDS          a default lab, first without a group for its
                                             timekeepers (runtime/engine/priority.py), then with
python -m tests.bench.flaps SECONDS NAME     a lab that is up, as it is

For so many seconds the machine has a busy process for each core and two more, each in a session of
its own (sched(7) gives each session a part); so have two of the lab's other hosts one for each
core, as browsers may be; and there are visits one after the other. What ended is read from BIRD's
logs afterwards; both ends of a session tell, so each counts twice. Waits are from schedstat: each
time that BIRD was due until it ran. Lateness is `wire`'s, of what it sent. What else the machine
does meanwhile counts as well.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import docker

from orchestrator.errors import DeployError
from orchestrator.events.logs import Tail
from orchestrator.events.names import names_of, speaks
from orchestrator.events.sessions import BirdLog
from orchestrator.loading import load
from orchestrator.plan.model import Plan
from orchestrator.roles import ROLES
from orchestrator.runtime.boot import ill_nodes
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine import containers
from orchestrator.runtime.engine.containers import Container, find_containers
from orchestrator.runtime.engine.priority import parent_of
from orchestrator.runtime.polling import wait_for
from orchestrator.runtime.wire.process import WireControl
from orchestrator.shipped import shipped_topologies
from orchestrator.verbs.up import Stages, up
from tests.bench.running import LAB, no_lab_left

NAME, URL = "bench-flaps", "https://www.example.com/"
PROTOCOLS = ("BFD", "BGP", "OSPF")
MORE_THAN_CORES, BUSY_HOSTS, WELL_WITHIN_S = 2, 2, 120
QUIET = Stages(lambda name: None, lambda name, seconds: None, lambda reasons: None)
SPIN = ("sh", "-c", "while :; do :; done")


@dataclass(frozen=True)
class Waits:
    """How often something was due, and how long it took in all (µs)."""

    times: float = 0
    total_us: float = 0

    def since(self, before: Waits) -> float:
        """The mean of those since then, in ms."""
        return (self.total_us - before.total_us) / max(1, self.times - before.times) / 1e3


class Watched:
    """A lab, and where its BIRDs write."""

    def __init__(self, name: str) -> None:
        self.client, self.state = docker.from_env(), LabState(name)
        self.plan: Plan = self.state.plan()
        self.containers = find_containers(self.client, name)
        self.speakers = [node for node in self.plan.nodes.values() if speaks(node)]

    def tails(self) -> Mapping[str, Tail]:
        """The logs from here on."""
        return {
            node.name: Tail(self._log(self.containers[node.name]), True) for node in self.speakers
        }

    def _log(self, container: Container) -> Path:
        return Path(str(self.client.api.inspect_container(container.id)["LogPath"]))

    def ended(self, tails: Mapping[str, Tail]) -> Counter[str]:
        """Sessions that went down since, by protocol."""
        names = names_of(self.plan)
        readers = [(BirdLog(node, names), tails[node.name]) for node in self.speakers]
        events = [e for log, tail in readers for line in tail.read() for e in log.read(line)]
        return Counter(str(e.detail["protocol"]) for e in events if e.action == "down")

    def birds(self) -> Waits:
        """What the threads of all BIRDs waited for a processor (sched-stats.rst)."""
        pids = [self.containers[node.name].pid for node in self.speakers]
        files = [file for pid in pids for file in Path(f"/proc/{pid}/task").glob("*/schedstat")]
        rows = [file.read_text().split() for file in files]
        return Waits(sum(int(row[2]) for row in rows), sum(int(row[1]) for row in rows) / 1e3)

    def wire(self) -> Waits:
        """How late `wire` was; nothing where the kernel has netem."""
        try:
            with WireControl(self.state.wire_socket) as control:
                lateness = control.stats()["lateness"]
        except DeployError:
            return Waits()
        return Waits(lateness["count"], lateness["count"] * lateness["mean_us"])

    def ill(self) -> Mapping[str, str]:
        """Nodes that do not answer as they should."""
        nodes = tuple(self.plan.nodes.values())
        return ill_nodes(self.state, self.plan, self.containers, nodes)


@contextmanager
def busy(watched: Watched, seconds: float) -> Iterator[None]:
    """Processes that take all the time they get, here and in nodes; there for so many seconds."""
    cores = os.cpu_count() or 1
    hosts = [node for node in watched.plan.nodes.values() if ROLES[node.role].browser]
    inside = [["docker", "exec", watched.containers[host.name].id] for host in hosts[-BUSY_HOSTS:]]
    commands = [[sys.executable, "-c", "while True: pass"]] * (cores + MORE_THAN_CORES)
    commands += [[*argv, "timeout", str(seconds), *SPIN] for argv in inside * cores]
    processes = [subprocess.Popen(argv, start_new_session=True) for argv in commands]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def visits_for(seconds: float, name: str) -> Sequence[str]:
    """Visit again and again for so long; "" of each, or the last line that it failed with."""
    said, deadline = list[str](), time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as captures:
        argv = [str(LAB), "visit", URL, "--name", name, "--captures", captures, "--no-journey"]
        while time.monotonic() < deadline:
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            lines = (done.stdout + done.stderr).strip().splitlines()
            said.append(lines[-1] if done.returncode and lines else "")
    return said


def watch(name: str, what: str, seconds: float) -> str:
    """A row: what becomes of a lab while the machine is busy for so long; then, failed visits."""
    watched = Watched(name)
    wait_for(lambda: not watched.ill(), WELL_WITHIN_S, every_s=1)
    tails, birds, wire, began_s = watched.tails(), watched.birds(), watched.wire(), time.monotonic()
    with busy(watched, seconds):
        visits = visits_for(seconds, name)
        waited_ms, late_ms = watched.birds().since(birds), watched.wire().since(wire)
        took_h, ill = (time.monotonic() - began_s) / 3600, len(watched.ill())
    ended, failed = watched.ended(tails), list(filter(None, visits))
    counts = "".join(f"{ended[p]:5} ({ended[p] / took_h:5.0f})" for p in PROTOCOLS)
    times_ms = f"{waited_ms:10.2f}{late_ms:9.3f}"
    row = f"{what:10}{took_h * 3600:6.0f}{counts}{times_ms}{len(visits):8}{len(failed):7}{ill:5}"
    return "\n  ".join([row, *failed])


def before_and_after(seconds: float) -> Iterator[str]:
    """The rows of a lab without a group of its own, and of one as labs are."""
    plan = load(shipped_topologies() / "internet.yaml", NAME)
    for what, parent in (("before", lambda *_: ""), ("after", parent_of)):
        with no_lab_left(NAME), patch.object(containers, "parent_of", parent):
            up(plan, QUIET)
            yield watch(NAME, what, seconds)


def measure(rows: Iterable[str]) -> None:
    """Print the table as it grows."""
    counted = "".join(f"{f'{protocol} (/h)':>13}" for protocol in PROTOCOLS)
    others = f"{'BIRD ms':>10}{'wire ms':>9}{'visits':>8}{'failed':>7}{'ill':>5}"
    print(f"{'lab':10}{'s':>6}{counted}{others}", flush=True)
    for row in rows:
        print(row, flush=True)


if __name__ == "__main__":
    SECONDS, *GIVEN = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    asked_s = float(SECONDS)
    measure([watch(GIVEN[0], "as it is", asked_s)] if GIVEN else before_and_after(asked_s))
