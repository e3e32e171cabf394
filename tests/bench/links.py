"""`make bench-links`: how true impaired links are, for each backend this kernel offers.

Delays are compared with what was asked for, throughput with plain veth in the same run.
"""

from __future__ import annotations

import os
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from orchestrator.loading import load
from orchestrator.plan.impairment import CLEAR, Bernoulli, GilbertElliott, Impairment
from orchestrator.plan.model import Plan
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.keeper import stop_wire
from orchestrator.runtime.links.backends import kernel_has_netem, wire_settings
from orchestrator.runtime.links.layer import LinkLayer
from orchestrator.runtime.links.netem import apply_netem
from orchestrator.runtime.network.namespaces import (
    create_namespace,
    entered,
    path_of,
    remove_namespace,
)
from orchestrator.runtime.network.wiring import interface_at
from orchestrator.runtime.wire.process import End, WireControl, start_wire
from tests.bench.figures import Figure, report
from tests.linklab import (
    Station,
    binomial_interval,
    blast,
    chain,
    connect_veth,
    cpu_seconds,
    goodput_share,
    heard_after_s,
    introduce,
    route_chain,
    sample_rtt,
    stations,
    steady_flow,
    tcp_bps,
)

Shape = Callable[[Impairment], None]
PINGS, DATAGRAMS, MBIT = 400, 20_000, 1_000_000
BACKGROUND_BPS = 50 * MBIT
WIRED, IDLE = 200, 100


@dataclass(frozen=True)
class Bench:
    """A backend: joins two stations, and gives back what shapes both directions."""

    name: str
    join: Callable[[Station, Station], Shape]


@contextmanager
def wire_bench() -> Iterator[tuple[Bench, WireControl]]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        path = Path(folder) / "wire.sock"
        start_wire(path, Path(folder) / "wire.log")
        control = stack.enter_context(WireControl(path))
        stack.callback(control.quit)

        def join(a: Station, b: Station) -> Shape:
            name = f"{a.namespace}-{a.interface}--{b.namespace}-{b.interface}"
            if name in control.links():  # of stations that are gone by now
                control.delete(name)
            control.add(name, _end(a), _end(b))
            for station in (a, b):
                station.raise_interface()
            return partial(shape_wire, control, name)

        yield Bench("wire", join), control


def _end(station: Station) -> End:
    return End(station.path, station.interface, station.index, station.mac)


def shape_wire(control: WireControl, name: str, impairment: Impairment) -> None:
    control.set(name, "both", **wire_settings(impairment))


def netem_bench() -> Bench:
    def join(a: Station, b: Station) -> Shape:
        connect_veth(a, b)

        def shape(impairment: Impairment) -> None:
            for station in (a, b):
                apply_netem(station.path, station.index, impairment)

        return shape

    return Bench("netem", join)


def delays(bench: Bench) -> Iterator[Figure]:
    with stations() as (a, b):
        shape = bench.join(a, b)
        introduce(a, b)
        for delay_ms in (1, 5, 20, 100):
            shape(Impairment(delay_ms=delay_ms))
            yield from _delay(bench, a, b, delay_ms, "idle")
            with steady_flow(a, b, BACKGROUND_BPS):
                yield from _delay(bench, a, b, delay_ms, "under 50 Mbit/s")


def _delay(bench: Bench, a: Station, b: Station, delay_ms: int, load: str) -> Iterator[Figure]:
    """The calmest of three runs: a machine that is shared stalls, and no link can help that."""

    def run() -> tuple[float, float]:
        times_ms = sample_rtt(a, b.address, PINGS).times_ms
        errors = sorted(abs(time_ms - 2 * delay_ms) for time_ms in times_ms)
        return errors[int(0.99 * len(errors))], abs(statistics.mean(times_ms) - 2 * delay_ms)

    p99, mean = min(run() for _ in range(3))
    what = f"{bench.name}: RTT error at {delay_ms} ms one way, {load}"
    yield Figure(f"{what}, mean", mean, "ms", 0.15 + 0.002 * delay_ms)
    yield Figure(f"{what}, p99", p99, "ms", 1.0)


def rates(bench: Bench) -> Iterator[Figure]:
    with stations() as (a, b):
        shape = bench.join(a, b)
        for rate in (10 * MBIT, 100 * MBIT, 1000 * MBIT):
            shape(Impairment(rate_bps=rate))
            got = tcp_bps(a, b, 3.0, skip_s=1.0, congestion="cubic") / goodput_share()
            what = f"{bench.name}: rate of {rate // MBIT} Mbit/s, held by TCP"
            yield Figure(what, got / rate, "of it", 1.03, 0.97)


def losses(bench: Bench) -> Iterator[Figure]:
    with stations() as (a, b):
        shape = bench.join(a, b)
        introduce(a, b)
        for share in (0.01, 0.05):
            shape(Impairment(loss=Bernoulli(share)))
            low, high = binomial_interval(DATAGRAMS, share)
            lost = blast(a, b, DATAGRAMS).lost
            yield Figure(f"{bench.name}: lost of {DATAGRAMS} at {share:.0%}", lost, "", high, low)
        shape(Impairment(loss=GilbertElliott(p=0.01, r=0.25)))
        bursts = blast(a, b, DATAGRAMS).loss_bursts()
        yield Figure(
            f"{bench.name}: burst length with r = 25 %", statistics.mean(bursts), "frames", 4.8, 3.2
        )


def throughputs(bench: Bench, veth_bps: float) -> Iterator[Figure]:
    with stations() as (a, b):
        bench.join(a, b)(CLEAR)
        got = tcp_bps(a, b, 3.0, skip_s=0.5) / 1e9
    least = min(3.0, veth_bps / 4e9)
    yield Figure(f"{bench.name}: TCP through one link", got, "Gbit/s", at_least=least)


def chain_bps(join: Callable[[Station, Station], object]) -> float:
    """TCP through six routers."""
    with chain(6) as links:
        for pair in links:
            join(*pair)
        route_chain(links)
        return tcp_bps(links[0][0], links[-1][1], 3.0, skip_s=0.5)


def settings(bench: Bench) -> Iterator[Figure]:
    with stations() as (a, b):
        shape = bench.join(a, b)
        times = []
        for number in range(1, 51):
            started = time.monotonic()
            shape(Impairment(delay_ms=number))
            times.append(time.monotonic() - started)
    yield Figure(
        f"{bench.name}: setting both directions, slowest of 50", max(times) * 1e3, "ms", 20
    )


def cuts(bench: Bench, control: WireControl) -> Iterator[Figure]:
    with stations() as (a, b):
        bench.join(a, b)
        [name] = [link for link in control.links() if a.namespace in link]
        seen = max(heard_after_s([a, b], lambda: control.carrier(name, False)))
    yield Figure(f"{bench.name}: a cut is heard of at both ends", seen * 1e3, "ms", 50)


def crowds() -> Iterator[Figure]:
    """Many links, made as `lab up` makes them; what they cost while a keepalive passes."""
    plan = _ring(WIRED)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        stack.enter_context(_environment(CLICKLAB_STATE=folder, CLICKLAB_LINKS="wire"))
        state = LabState(plan.name)
        state.create(plan)
        stack.callback(stop_wire, state)
        layer = LinkLayer(state, plan, {n: stack.enter_context(_namespace(n)) for n in plan.nodes})
        fastest = min(_make(layer) for _ in range(3))
        yield Figure(f"wire: making {WIRED} links, addresses and all", fastest, "s", 1.0)
        process = state.record().wire
        assert process is not None
        yield Figure(f"wire: of a core, {IDLE} links idle", _idle(layer, process.pid), "", 0.02)


def _make(layer: LinkLayer) -> float:
    """Seconds for all links; those of an earlier time are removed first."""
    layer.remove(layer.links)
    started = time.monotonic()
    layer.create_all()
    return _since(started)


def _ring(count: int) -> Plan:
    """A plan of so many routers in a ring, far enough apart for every link to be impaired."""
    places = "".join(f"r{n}: {{at: {('Paris', 'Oslo')[n % 2]}}}, " for n in range(count))
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(f"name: bench-ring\nas:\n  ring: {{asn: 64500, routers: {{{places}}}}}\n")
        file.flush()
        return load(Path(file.name))


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _namespace(node: str) -> Iterator[str]:
    name = f"bench-{os.getpid()}-{node}"
    create_namespace(name)
    try:
        yield path_of(name)
    finally:
        remove_namespace(name)


def _idle(layer: LinkLayer, pid: int) -> float:
    """The share of a core while each of IDLE links carries a packet every ten seconds or so.

    BGP's keepalives come every 80 s by default.
    """
    with WireControl(layer.state.wire_socket) as control:
        for name in list(layer.links)[IDLE:]:
            control.delete(name)
    links = list(layer.plan.links.values())[:IDLE]
    before, started = cpu_seconds(pid), time.monotonic()
    for link in links:
        far = interface_at(layer.plan, link.b).addresses[0].ip
        with entered(layer.namespaces[link.a.node]):
            knock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with knock:
            knock.sendto(b"keepalive", (str(far), 179))
        threading.Event().wait(0.1)
    return (cpu_seconds(pid) - before) / _since(started)


def _since(started: float) -> float:
    return time.monotonic() - started


def measure() -> Iterator[Figure]:
    with stations() as (a, b):
        connect_veth(a, b)
        veth_bps = tcp_bps(a, b, 3.0, skip_s=0.5)
    yield Figure("veth: TCP through one link", veth_bps / 1e9, "Gbit/s")
    veth_chain_bps = chain_bps(connect_veth)
    yield Figure("veth: TCP through six routers", veth_chain_bps / 1e9, "Gbit/s")
    with wire_bench() as (bench, control):
        yield from throughputs(bench, veth_bps)
        through = chain_bps(bench.join) / veth_chain_bps
        yield Figure("wire: TCP through six routers", through, "of veth", at_least=0.1)
        yield from (figure for part in PARTS for figure in part(bench))
        yield from cuts(bench, control)
    yield from crowds()
    if kernel_has_netem():
        yield from (figure for part in PARTS for figure in part(netem_bench()))


PARTS = (settings, losses, rates, delays)

if __name__ == "__main__":
    sys.exit(report("links", measure()))
