"""How long packets are lost when something breaks, and what carries on."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import docker
import pytest

from orchestrator.plan.addresses import FAMILIES, Family, of_family
from orchestrator.plan.forwarding import ForwardingPlane, catchment
from orchestrator.plan.services import BgpSession, RouterSettings
from orchestrator.runtime.polling import wait_for
from tests.e2e.birds import bgp_states, birdc, plan_of
from tests.e2e.conftest import Cli, RunningLab
from tests.e2e.test_routing import hops

TRANSIT = "alder-core,tundra-fra"
EVERY_S = 0.02


@dataclass(frozen=True)
class Outage:
    """The longest time without an answer, and how many there were in all."""

    longest_s: float
    answers: int


@contextmanager
def pinging(lab: RunningLab, target: str, for_s: float) -> Iterator[Callable[[], Outage]]:
    """A ping every 20 ms from the laptop; answers begin before the body runs."""
    argv = ("ping", "-n", "-D", "-i", str(EVERY_S), "-w", str(round(for_s)), target)
    process = lab.cli.start(
        "exec", "--name", lab.name, "laptop", "--", *argv, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    head = [process.stdout.readline() for _ in range(10)]

    def outage() -> Outage:
        said, _ = process.communicate(timeout=for_s + 30)
        answers = re.findall(r"^\[([\d.]+)\] \d+ bytes", "".join(head) + said, re.MULTILINE)
        times = [float(text) for text in answers]
        gaps = [after - before for before, after in pairwise(times)]
        return Outage(max(gaps), len(times))

    try:
        yield outage
    finally:
        process.kill()
        process.wait()


def link(lab: RunningLab, *arguments: str) -> None:
    lab.cli.run("link", "--name", lab.name, *arguments)


def outage_of(lab: RunningLab, verb: str, name: str, for_s: float) -> Outage:
    """What a cut costs; the link is mended, and the lab well again, afterwards."""
    target = str(plan_of(lab).nodes["shop-lb"].address)
    try:
        with pinging(lab, target, for_s) as outage:
            link(lab, verb, name)
            return outage()
    finally:
        link(lab, "reset", name)
        assert wait_for(lambda: is_well(lab), within_s=60)


def is_well(lab: RunningLab) -> bool:
    return lab.cli.try_run("status", "--name", lab.name).returncode == 0


def test_a_silent_cut_is_found_by_bfd(internet: RunningLab) -> None:
    session = next(s for s in sessions(internet, "alder-core") if s.neighbour_node == "tundra-fra")
    assert session.bfd is not None
    assert session.bfd.interval_ms * session.bfd.multiplier == 300
    assert outage_of(internet, "blackhole", TRANSIT, 4).longest_s <= 0.6


def test_a_lost_carrier_is_found_at_once(internet: RunningLab) -> None:
    assert outage_of(internet, "down", TRANSIT, 4).longest_s <= 0.3


def sessions(lab: RunningLab, router: str) -> tuple[BgpSession, ...]:
    settings = plan_of(lab).nodes[router].settings
    assert isinstance(settings, RouterSettings)
    return settings.sessions


@pytest.fixture(scope="module")
def slow(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """The default lab in its slow variant: no BFD, and a hold timer short enough to wait for."""
    name, variant = "test-slow", ("routing.bfd=false", "routing.hold=6 s")
    cli.run("up", "topologies/internet.yaml", "--name", name, *_set(variant))
    yield RunningLab(cli, name, tmp_path_factory.mktemp("captures"))
    cli.run("down", "--name", name)


def _set(settings: tuple[str, ...]) -> list[str]:
    return [argument for setting in settings for argument in ("--set", setting)]


def test_without_bfd_the_hold_timer_decides(slow: RunningLab) -> None:
    """A hold timer starts again at each keepalive, two seconds apart here: between 4 and 6 s."""
    session = next(s for s in sessions(slow, "alder-core") if s.neighbour_node == "tundra-fra")
    assert (session.bfd, session.hold_s) == (None, 6)
    outage = outage_of(slow, "blackhole", TRANSIT, 12)
    assert 3.5 <= outage.longest_s <= 7.5


def test_bilateral_sessions_outlive_the_route_server(internet: RunningLab) -> None:
    shared = str(plan_of(internet).anycast["swift"].addresses[0])
    server = docker.from_env().containers.get(f"clicklab-{internet.name}-ix-fra-rs")
    with pinging(internet, shared, 3) as outage:
        server.kill()
        assert outage().longest_s <= 0.3
    states = bgp_states(internet, "alder-core")
    assert states.pop("ix_fra_ix_fra_rs") != "Established"
    assert states["ix_fra_swift_fra"] == "Established"
    server.start()
    assert wait_for(lambda: is_well(internet), within_s=30)


def test_a_dead_edge_withdraws_itself(internet: RunningLab) -> None:
    """Its visitors land on the next edge, at the same address, without an error."""
    before = internet.visit("https://www.example.com/", "--client", "curl")
    assert seen_at(before.folder, "edge-fra")
    internet.exec("edge-fra", "sh", "-c", "kill -9 $(pidof nginx)")
    shared = plan_of(internet).anycast["swift"].prefixes
    try:
        for prefix in shared:
            withdrawn = f"show route {prefix} protocol anycast_edge_fra".split()
            suffix = "" if prefix.version == 4 else "_v6"
            words = (*withdrawn[:-1], withdrawn[-1] + suffix)
            assert wait_for(
                lambda words=words: str(prefix) not in birdc(internet, "swift-fra", *words),  # noqa: B023
                within_s=3,
            )
        after = internet.visit("https://www.example.com/", "--client", "curl")
        assert (after.record["status"], after.record["error"]) == (200, None)
        assert seen_at(after.folder, "edge-nyc")
        assert not seen_at(after.folder, "edge-fra")
    finally:
        internet.restart("edge-fra")
        assert wait_for(lambda: is_well(internet), within_s=30)


def seen_at(folder: Path, edge: str) -> bool:
    """Whether a visit's TLS hello reached an edge."""
    argv = ("tshark", "-n", "-r", str(folder / f"{edge}.pcapng"), "-Y", "tls.handshake.type == 1")
    return bool(subprocess.run(argv, capture_output=True, check=True).stdout)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("service", ["swift", "root-a", "openwell"])
@pytest.mark.parametrize("source", ["laptop", "tablet"])
def test_the_catchment_is_as_planned(
    internet: RunningLab, source: str, service: str, family: Family
) -> None:
    """Which instance answers: the one at the router that the path there ends at."""
    plan = plan_of(internet)
    shared = of_family(plan.anycast[service].addresses, family)[0]
    access = {"laptop": "alder-bng", "tablet": "birch-bng"}[source]
    instance = catchment(ForwardingPlane(plan), plan.anycast[service], family)[access]
    last = hops(internet, source, str(shared), family)[-2]
    links = plan.links.values()
    assert any({link.a.node, link.b.node} == {last, instance} for link in links), last
