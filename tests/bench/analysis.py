"""How long a run takes to be told: a visit among much other traffic, 50,000 packets and more."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.verbs.report import tell_and_write
from tests.bench.figures import Figure
from tests.bench.running import LAB, lab, seconds

PACKETS, BOUND_S, TRIES = 50_000, 4.0, 4
URL = "https://direct.example.com/"
OTHERS = ("phone", "tablet", "tv")
_IMAGES = "cables,switches,clocks,tools,books,radio"
# Fetches all images at once, again and again, until it is told that it is enough.
_ENOUGH = "/tmp/enough"
_FETCH = (
    f"rm -f {_ENOUGH}; while [ ! -e {_ENOUGH} ]; do curl -s -Z --cacert /lab/tls/ca.pem "
    f"--remote-name-all --output-dir /tmp '{URL}static/img/{{{_IMAGES}}}.png'; done; rm /tmp/*.png"
)


def measure(name: str, captures: Path) -> Iterator[Figure]:
    """The figures of lab ``name``, the default one, which runs."""
    folder, packets = _crowded_run(name, captures)
    taken = seconds(lambda: tell_and_write(folder))
    yield Figure("packets of a crowded visit", packets, "packets", at_least=PACKETS)
    yield Figure("  reading, analysing and telling it", taken, "s", BOUND_S)


def _crowded_run(name: str, captures: Path) -> tuple[Path, int]:
    """The first visit with enough packets, of a few."""
    for _ in range(TRIES):
        with _crowd(name):
            told = lab(
                "visit", URL, "--cold=all", "--json", "--name", name, "--captures", str(captures)
            )
        folder = captures / json.loads(told)["run"]
        packets = json.loads((folder / "capture.json").read_text())["packets"]
        if packets >= PACKETS:
            break
    return folder, packets


@contextmanager
def _crowd(name: str) -> Iterator[None]:
    """All other hosts fetch images meanwhile."""
    argv = ["timeout", "60", "sh", "-c", _FETCH]
    crowd = [subprocess.Popen([LAB, "exec", "--name", name, host, "--", *argv]) for host in OTHERS]
    try:
        yield
    finally:
        for host in OTHERS:
            lab("exec", "--name", name, host, "--", "touch", _ENOUGH)
        for fetching in crowd:
            fetching.wait()
