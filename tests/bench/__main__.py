"""`make bench`: the figures of the default lab, each beside the bound it is held to.

Times depend on the machine, so the time to ready is also given against what Docker alone takes
to start as many containers of the same images, one by one, in the same run. Then come generated
graphs (scale.py). Exits 1 if a bound is broken.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker

from orchestrator.loading import load
from orchestrator.roles import ROLES
from orchestrator.runtime.daemons.health import bird
from orchestrator.runtime.engine.containers import find_containers
from orchestrator.runtime.engine.images import image_tag, images_folder
from orchestrator.runtime.polling import wait_for
from orchestrator.shipped import shipped_topologies
from orchestrator.verbs.link import links_of
from tests.bare import seconds_to_remove_bare
from tests.bench import analysis, capture, clocks, reading, scale, visiting
from tests.bench.figures import Figure, report
from tests.bench.memory import lab_mib
from tests.bench.running import lab, no_lab_left, seconds

TOPOLOGY = shipped_topologies() / "internet.yaml"
NAME, LABEL = "bench", "clicklab.bench"
CUT = "tundra-fra--tundra-lon"
URL = "https://www.example.com/"
REPEATS = 5


def median_of(work: Callable[[], float]) -> float:
    return statistics.median(work() for _ in range(REPEATS))


def start_bare_containers(client: docker.DockerClient, tags: list[str]) -> float:
    """Seconds for `docker run -d --network none` on each tag in turn; they are removed again."""
    argv = ["docker", "run", "-d", "--network", "none", "--label", LABEL]
    argv += ["--entrypoint", "tail"]

    def run_all() -> None:
        for tag in tags:
            command = [*argv, tag, "-f", "/dev/null"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    try:
        return seconds(run_all)
    finally:
        for entry in client.api.containers(all=True, filters={"label": LABEL}):
            client.api.remove_container(entry["Id"], force=True)


def cut_ms(client: docker.DockerClient) -> float:
    """Milliseconds from pulling a cable to BIRD, at one end of it, without its neighbour."""
    router = find_containers(client, NAME)["tundra-fra"]

    def has_neighbour() -> bool:
        return "eth0" in bird(router, "show ospf neighbors")

    assert has_neighbour()
    with links_of(NAME) as layer:
        started = time.monotonic()
        puller = threading.Thread(target=layer.cut, args=(CUT, True))
        puller.start()
        gone = wait_for(lambda: not has_neighbour(), within_s=5, every_s=0.001)
        taken = time.monotonic() - started
        puller.join()
        layer.cut(CUT, down=False)
    assert gone
    return taken * 1e3


def measure() -> Iterator[Figure]:
    client, plan = docker.from_env(), load(TOPOLOGY)
    tags = [image_tag(ROLES[n.role].image, images_folder()) for n in plan.nodes.values()]
    count = len(tags)
    yield from reading.measure()
    yield Figure("lab check", median_of(lambda: seconds(lambda: lab("check"))), "s", 0.4)
    bare = start_bare_containers(client, tags)
    yield Figure(f"docker run of {count} bare containers", bare, "s")
    with no_lab_left(NAME), tempfile.TemporaryDirectory() as captures:
        ready = seconds(lambda: lab("up", str(TOPOLOGY), "--name", NAME))
        yield Figure(f"lab up to ready, {count} nodes", ready, "s", 1.5 * bare + 10)
        yield Figure("  of what docker run took", ready / bare, "×")
        yield Figure("memory of the idle lab (PSS)", lab_mib(client, NAME), "MiB", 1536)
        lab("visit", URL, "--name", NAME, "--cold=all", "--captures", captures)
        yield from visiting.measure(NAME, Path(captures))
        yield from analysis.measure(NAME, Path(captures))
        yield from clocks.measure(NAME, Path(captures))
        dropped = cut_ms(client)
        yield Figure("a pulled cable, until BIRD has dropped the neighbour", dropped, "ms", 50)
        down = seconds(lambda: lab("down", "--name", NAME))
        removed = seconds_to_remove_bare(client, count)
        yield Figure(f"removal of {count} bare containers", removed, "s")
        yield Figure("lab down", down, "s", max(3.0, 2 * removed))


if __name__ == "__main__":
    subjects = (
        ("default lab", measure()),
        (capture.SUBJECT, capture.measure()),
        (scale.SUBJECT, scale.measure(scale.SIZES)),
    )
    sys.exit(max(report(*subject) for subject in subjects))
