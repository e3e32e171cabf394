"""What captures cost: drops and CPU time under load, files in one, and the visit that is captured.

python -m tests.bench.capture         a lab of its own for the visits
python -m tests.bench.capture NAME    visits in a lab that is up
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path

import docker

from orchestrator.browser.browse import browse
from orchestrator.browser.click import Click
from orchestrator.browser.client import Client
from orchestrator.capture.mux import start_capture
from orchestrator.capture.taps import every_tap
from orchestrator.records.merge import merge
from orchestrator.records.pcapng import read_packets
from orchestrator.roles import ROLES
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.containers import find_containers
from orchestrator.runtime.network.offloads import exact_frames
from orchestrator.runtime.network.wiring import namespaces_of
from orchestrator.shipped import shipped_topologies
from tests.bench.figures import Figure, report
from tests.bench.running import lab, no_lab_left, seconds
from tests.flow import FRAME_BYTES, ROW, street

SUBJECT = "captures"
NAME = "bench-capture"
TOPOLOGY = shipped_topologies() / "internet.yaml"
URL = "https://www.example.com/"
RATE_BPS, SECONDS = 100e6, 5.0
VISITS = 9
FRAMES, BLOCK_BYTES = 50_000, FRAME_BYTES + 46  # a frame as it stands in a file


def under_load() -> Iterator[Figure]:
    """100 Mbit/s over eight of forty interfaces, all of which are captured."""
    with street() as busy, tempfile.TemporaryDirectory() as folder:
        spent = _children_cpu_s()
        with start_capture(busy.taps, Path(folder)) as capture:
            started = time.monotonic()
            sent = busy.send(RATE_BPS, SECONDS)
            took = time.monotonic() - started
        summary = capture.stop()
        spent = _children_cpu_s() - spent
        reached = sent * FRAME_BYTES * 8 / took / 1e6
        yield Figure("40 interfaces, flow over 8 of them", reached, "Mbit/s", at_least=95)
        expected = sent * len(ROW)
        yield Figure("  its packets, captured at 8 interfaces", expected, "packets")
        yield Figure("  packets not captured", summary.drops, "packets", at_most=0)
        missing = max(0, expected - summary.packets)
        yield Figure("  packets missing in the files", missing, "packets", at_most=0)
        yield Figure("  CPU time of capmux", spent, "s")
        yield Figure("  CPU time per second of capture", spent / took, "s/s", at_most=0.5)
        yield from _in_one(Path(folder))


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _in_one(folder: Path) -> Iterator[Figure]:
    """As many packets of every file of the flow, read and merged."""
    names = [f"{node}.pcapng" for node in dict.fromkeys(node for node, _ in ROW)]
    share = FRAMES // len(names) * BLOCK_BYTES
    files = {name: (folder / name).read_bytes()[:share] for name in names}
    count = sum(len(list(read_packets(data))) for data in files.values())
    reading = seconds(lambda: [list(read_packets(data)) for data in files.values()])
    yield Figure(f"reading {FRAMES:,} packets", reading * FRAMES / count, "s", at_most=0.5)
    merging = seconds(lambda: merge(files))
    yield Figure(f"merging {FRAMES:,} packets", merging * FRAMES / count, "s", at_most=1.0)


def of_visits(name: str) -> Iterator[Figure]:
    """Page loads with and without a capture of the whole lab, in turn."""
    client, plan = docker.from_env(), LabState(name).plan()
    containers = find_containers(client, name)
    host = next(node for node in plan.nodes.values() if ROLES[node.role].browser)
    browser = Client(client, containers[host.name].id)
    taps = every_tap(plan, namespaces_of(plan))

    def load_ms(captured: bool) -> float:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            exact = exact_frames({tap.netns: tap.interfaces for tap in taps})
            stack.enter_context(exact if captured else nullcontext())
            stack.enter_context(start_capture(taps, folder) if captured else nullcontext())
            click = Click("bench", host.name, cold=False)
            visit = browse(browser, click, URL, zones=list(plan.zones), timeout_s=30).visit
        if visit.timings_ms.load is None:
            sys.exit(f"the visit failed: {visit.error} {visit.error_detail}")
        return visit.timings_ms.load

    load_ms(captured=False)  # which warms the caches
    without, captured = [], []
    for _ in range(VISITS):
        without.append(load_ms(captured=False))
        captured.append(load_ms(captured=True))
    yield from _compared(statistics.median(without), statistics.median(captured), without)


def _compared(without: float, captured: float, loads: list[float]) -> Iterator[Figure]:
    quartiles = statistics.quantiles(loads, n=4)
    yield Figure(f"warm page load, median of {VISITS}, without a capture", without, "ms")
    yield Figure("  between its quartiles", quartiles[2] - quartiles[0], "ms")
    yield Figure("  with all interfaces captured", captured, "ms")
    yield Figure("  of what it takes without", captured / without, "×", at_most=1.05)


def measure(name: str = "") -> Iterator[Figure]:
    """All of it; visits in the lab ``name``, or in one of its own."""
    yield from under_load()
    if name:
        yield from of_visits(name)
        return
    with no_lab_left(NAME):
        lab("up", str(TOPOLOGY), "--name", NAME)
        yield from of_visits(NAME)


if __name__ == "__main__":
    sys.exit(report(SUBJECT, measure(*sys.argv[1:2])))
