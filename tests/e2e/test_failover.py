"""How long packets are lost when something breaks, and what carries on."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import docker
import pytest

from orchestrator.plan.addresses import FAMILIES, Family, of_family
from orchestrator.routes.forwarding import ForwardingPlane, catchment
from orchestrator.runtime.polling import wait_for
from tests.e2e.birds import bgp_states, birdc, plan_of
from tests.e2e.conftest import RunningLab
from tests.e2e.test_routing import hops

TRANSIT = "alder-core,tundra-fra"
EVERY_S = 0.02
# Who waits for a hold timer waits 67 s or more (RFC 4271, section 10: three quarters of 90), and a
# busy machine is not that late. What it takes is measured by `make bench` and `make figures`.
NOT_BY_HOLD_TIMER_S = 30.0


@dataclass
class Answers:
    """When answers came, by the sender's clock, as they come."""

    times: list[float] = field(default_factory=list)

    def flow(self) -> bool:
        return bool(self.times) and time.time() - self.times[-1] < 0.5

    def longest_gap_s(self, for_s: float) -> float:
        """The longest time without an answer; looked for ``for_s``, and until they flow again."""
        until = time.time() + for_s
        assert wait_for(lambda: time.time() > until and self.flow(), within_s=for_s + 120)
        return max(after - before for before, after in pairwise(self.times))


@contextmanager
def pinging(lab: RunningLab, target: str) -> Iterator[Answers]:
    """A ping every 20 ms from the laptop; answers flow before the body runs."""
    api, answers = docker.from_env().api, Answers()
    # Not -w: with a deadline ping gives up at the first ICMP error, and there are such (ping(8)).
    argv = ["ping", "-n", "-D", "-i", str(EVERY_S), "-c", "6000", target]
    run = api.exec_create(f"clicklab.{lab.name}.laptop", argv)["Id"]
    output = api.exec_start(run, stream=True)

    def read() -> None:
        for piece in output:
            stamps = re.findall(rb"\[([\d.]+)\] \d+ bytes", piece)
            answers.times.extend(float(stamp) for stamp in stamps)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert wait_for(lambda: len(answers.times) > 10 and answers.flow(), within_s=120)
        yield answers
    finally:
        os.kill(api.exec_inspect(run)["Pid"], signal.SIGTERM)
        reader.join()


def link(lab: RunningLab, *arguments: str) -> None:
    lab.cli.run("link", "--name", lab.name, *arguments)


def is_well(lab: RunningLab) -> bool:
    return lab.cli.try_run("status", "--name", lab.name).returncode == 0


def test_a_lost_carrier_is_found_at_once(internet: RunningLab) -> None:
    """Silence, which takes BFD or a hold timer to notice, is a scenario's: transit-cut.yaml."""
    target = str(plan_of(internet).nodes["shop-lb"].address)
    try:
        with pinging(internet, target) as answers:
            link(internet, "down", TRANSIT)
            assert answers.longest_gap_s(2) < NOT_BY_HOLD_TIMER_S
    finally:
        link(internet, "reset", TRANSIT)
        assert wait_for(lambda: is_well(internet), within_s=60)


def test_a_member_that_is_gone_is_routed_around(internet: RunningLab) -> None:
    """Its port swallows all; neighbours and the route server notice by BFD, and withdraw."""
    target = str(plan_of(internet).nodes["edge-fra"].address)
    port = "swift-fra,ix-fra"
    try:
        with pinging(internet, target) as answers:
            link(internet, "blackhole", port)
            assert answers.longest_gap_s(2) < NOT_BY_HOLD_TIMER_S
        taken = hops(internet, "laptop", target, 4)
        assert taken[-4:-1] == ["alder-core", "tundra-fra", "swift-fra"]
        # It has no session with the member itself, and heard of it from the route server.
        shown = birdc(internet, "nameworks-fra", "show", "route", "for", target, "primary")
        assert "at_ix_fra_" not in shown
    finally:
        link(internet, "reset", port)
        assert wait_for(lambda: is_well(internet), within_s=60)


def test_bilateral_sessions_outlive_the_route_server(internet: RunningLab) -> None:
    shared = str(plan_of(internet).anycast["swift"].addresses[0])
    server = docker.from_env().containers.get(f"clicklab.{internet.name}.ix-fra-rs")
    with pinging(internet, shared) as answers:
        server.kill()
        assert answers.longest_gap_s(2) < NOT_BY_HOLD_TIMER_S
    states = bgp_states(internet, "alder-core")
    assert states.pop("at_ix_fra_ix_fra_rs") != "Established"
    assert states["at_ix_fra_swift_fra"] == "Established"
    server.start()
    assert wait_for(lambda: is_well(internet), within_s=120)


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
