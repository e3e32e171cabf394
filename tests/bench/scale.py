"""`make bench-scale`: generated graphs, beside the limit that is measured in the same run.

    python -m tests.bench.scale N…

For N ASes each: the same graph as bare namespaces with one BIRD each, then as a lab; both are
ready once every announced prefix of both families is in every table that should have it. A lab
may take a tenth of a second and 4 MiB per node beyond the limit; where Docker alone is slow to
start containers, half as long again as it takes.
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression

import docker

from orchestrator.generate.draw import draw_internet
from orchestrator.generate.write import write_topology
from orchestrator.loading import load
from orchestrator.roles import ROLES
from orchestrator.routes.bgp import control_plane
from orchestrator.runtime.engine.client import in_parallel
from orchestrator.runtime.engine.images import image_tag, images_folder
from tests.bench.bare import LABEL, Cost, measure_bare, unpacked
from tests.bench.figures import Figure, report
from tests.bench.memory import lab_mib
from tests.bench.running import lab, no_lab_left, seconds

SUBJECT, SIZES = "generated graphs", (50, 100, 200)
NAME, SEED = "bench-scale", 1
WITHIN_S = 900.0
NODE_S, NODE_MIB = 0.1, 4.0
SAMPLE = 24  # containers


@dataclass(frozen=True)
class Size:
    """A graph of so many ASes, as it is at the limit and as a lab."""

    ases: int
    limit: Cost
    lab: Cost


def containers_s(client: docker.DockerClient, tag: str) -> float:
    """Seconds that Docker takes for a container of an image, several at a time as in a lab."""

    def start(number: int) -> None:
        config = client.api.create_host_config(network_mode="none")
        made = client.api.create_container(tag, labels={LABEL: ""}, host_config=config)
        client.api.start(made["Id"])

    try:
        return seconds(lambda: in_parallel(start, range(SAMPLE))) / SAMPLE
    finally:
        for entry in client.api.containers(all=True, filters={"label": LABEL}):
            client.api.remove_container(entry["Id"], force=True)


def measure(sizes: Sequence[int]) -> Iterator[Figure]:
    client = docker.from_env()
    tag = image_tag(ROLES["router"].image, images_folder())
    docker_s = containers_s(client, tag)
    yield Figure("Docker alone, per container", docker_s * 1e3, "ms")
    measured: list[Size] = []
    with unpacked(client, tag) as root, tempfile.TemporaryDirectory() as folder:
        for ases in sizes:
            topology = Path(folder) / f"{ases}.yaml"
            graph = draw_internet(ases, SEED)
            topology.write_text(write_topology(graph, NAME, route_servers=True), encoding="utf-8")
            yield from _measure_size(client, topology, ases, root, docker_s, measured)
    if len(measured) > 1:
        yield from _growth(measured)


def _measure_size(
    client: docker.DockerClient,
    topology: Path,
    ases: int,
    root: Path,
    docker_s: float,
    measured: list[Size],
) -> Iterator[Figure]:
    plan = load(topology)
    count, what = len(plan.nodes), f"{ases} ASes"
    # What BIRD is to find is no part of the limit.
    taken = seconds(lambda: control_plane(plan).reachable(next(iter(plan.nodes))))
    yield Figure(f"{what}: computing the routes of {count} nodes", taken, "s")
    limit = measure_bare(plan, root, WITHIN_S)
    yield Figure(f"{what}: limit, ready", limit.ready_s, "s")
    yield Figure(f"{what}: limit, memory (PSS)", limit.memory_mib, "MiB")
    with no_lab_left(NAME):
        up = ("up", str(topology), "--timeout", f"{WITHIN_S:.0f}")
        cost = Cost(seconds(lambda: lab(*up)), lab_mib(client, NAME))
        bound_s = limit.ready_s + max(NODE_S, 1.5 * docker_s) * count
        yield Figure(f"{what}: lab up to ready", cost.ready_s, "s", bound_s)
        beyond = (cost.ready_s - limit.ready_s) / count
        yield Figure(f"{what}:   beyond the limit, per node", beyond * 1e3, "ms")
        bound_mib = limit.memory_mib + NODE_MIB * count
        yield Figure(f"{what}: memory of the idle lab (PSS)", cost.memory_mib, "MiB", bound_mib)
        yield Figure(f"{what}: lab status", seconds(lambda: lab("status", "--name", NAME)), "s")
        yield Figure(f"{what}: lab down", seconds(lambda: lab("down", "--name", NAME)), "s")
    yield Figure(f"{what}: load average of the last minute", os.getloadavg()[0], "")
    measured.append(Size(ases, limit, cost))


def _growth(measured: Sequence[Size]) -> Iterator[Figure]:
    """The exponents k of ``n ** k`` that fit best."""
    ases = [size.ases for size in measured]
    for name, costs in (
        ("limit", [size.limit for size in measured]),
        ("lab", [size.lab for size in measured]),
    ):
        power_s = _power(ases, [cost.ready_s for cost in costs])
        yield Figure(f"{name}: time grows with the power", power_s, "")
        power_mib = _power(ases, [cost.memory_mib for cost in costs])
        yield Figure(f"{name}: memory grows with the power", power_mib, "")


def _power(sizes: Sequence[int], values: Sequence[float]) -> float:
    """The slope of a straight line through the points, both axes logarithmic."""
    return linear_regression(list(map(math.log, sizes)), list(map(math.log, values))).slope


if __name__ == "__main__":
    sys.exit(report(SUBJECT, measure([int(word) for word in sys.argv[1:]] or SIZES)))
