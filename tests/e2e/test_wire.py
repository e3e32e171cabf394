"""wire between two namespaces: what it does to frames, and what it takes from its clients.

Needs root, no Docker. Bounds are wide where a busy machine could be slow, and nowhere else: random
effects repeat themselves, because the process is seeded. Exact figures are the bench's.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import statistics
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import accumulate
from pathlib import Path

import pytest

from orchestrator.errors import DeployError, FaultError
from orchestrator.runtime.disk.processes import Process
from orchestrator.runtime.network.namespaces import entered
from orchestrator.runtime.polling import wait_for
from orchestrator.runtime.wire.process import WIRE, End, WireControl, start_wire
from tests.linklab import (
    Station,
    binomial_interval,
    blast,
    goodput_share,
    heard_after_s,
    introduce,
    sample_rtt,
    stations,
    tcp_bps,
    wait_until,
)

MS = 1_000_000
PERCENT = 10_000_000  # in parts per billion
CERTAIN = 100 * PERCENT
LINK = "left--right"


def end_of(station: Station) -> End:
    return End(station.path, station.interface, station.index, station.mac)


def end_process(process: Process) -> None:
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(process.pid, 0)


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Station, Station]]:
    with stations(2, "wire") as (a, b):
        yield a, b


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wire") / "control"


@pytest.fixture(scope="module")
def module_wire(path: Path, pair: tuple[Station, Station]) -> Iterator[WireControl]:
    process = start_wire(path, path.with_name("log"))
    try:
        with WireControl(path) as control:
            control.add(LINK, end_of(pair[0]), end_of(pair[1]))
            for station in pair:
                station.raise_interface()
            introduce(*pair)
            yield control
            control.delete(LINK)
            control.quit()  # not only killed: a build with sanitizers looks for leaks at its end
            assert wait_for(lambda: ended(process), 10)
    finally:
        end_process(process)


@pytest.fixture
def wire(module_wire: WireControl) -> Iterator[WireControl]:
    """A wire with one link that nothing impairs yet."""
    module_wire.seed(7)
    yield module_wire
    module_wire.carrier(LINK, True)
    module_wire.reset(LINK)


def counter(wire: WireControl, name: str, direction: str = "ab") -> int:
    return int(wire.show(LINK)[direction]["counters"][name])


def queued(wire: WireControl, where: str, count: int) -> bool:
    """Whether so many frames from left to right are soon waiting there: line or flight."""
    return bool(wait_for(lambda: wire.show(LINK)["ab"]["queued"][where] == count, 30))


# ---- time --------------------------------------------------------------------------------------


@pytest.mark.parametrize("delay_ms", [2, 20])
def test_a_delay_is_exact(wire: WireControl, pair: tuple[Station, Station], delay_ms: int) -> None:
    wire.set(LINK, delay_ns=delay_ms * MS)
    measured = sample_rtt(pair[0], pair[1].address, 100, every_ms=4)
    assert len(measured.times_ms) == 100
    # The quickest: how late the others are is the machine's (`make bench-links`).
    assert measured.quantile_ms(0) == pytest.approx(2 * delay_ms, abs=0.4)


def test_each_direction_has_its_own_delay(wire: WireControl, pair: tuple[Station, Station]) -> None:
    wire.set(LINK, "ab", delay_ns=30 * MS)
    wire.set(LINK, "ba", delay_ns=5 * MS)
    assert sample_rtt(pair[0], pair[1].address, 20).quantile_ms(0) == pytest.approx(35, abs=0.5)


@pytest.mark.parametrize("distribution", ["uniform", "normal", "pareto", "paretonormal"])
def test_jitter_spreads_as_its_distribution_says(
    wire: WireControl, pair: tuple[Station, Station], distribution: str
) -> None:
    """The jitter is a standard deviation, but for the uniform distribution half its width. A
    machine that stalls spreads times too: it is measured until one did not."""
    wire.set(LINK, "ab", delay_ns=20 * MS, jitter_ns=2 * MS, distribution=distribution)

    def spreads() -> bool:
        measured = sample_rtt(pair[0], pair[1].address, 150, every_ms=4)
        return (
            abs(measured.quantile_ms(0.5) - 20) < 1.0
            and 0.7 < statistics.stdev(measured.times_ms) < 3.0
            and (measured.quantile_ms(0.95) < 22.4) == (distribution == "uniform")
        )

    assert wait_for(spreads, within_s=60)


def test_jitter_keeps_the_order_of_frames(wire: WireControl, pair: tuple[Station, Station]) -> None:
    wire.set(LINK, "ab", delay_ns=10 * MS, jitter_ns=9 * MS)
    assert blast(*pair, 500, pps=5000).arrived == tuple(range(500))


def test_frames_that_reorder_overtake(wire: WireControl, pair: tuple[Station, Station]) -> None:
    wire.set(LINK, "ab", delay_ns=20 * MS, reorder_ppb=20 * PERCENT)
    arrived = blast(*pair, 1000, pps=5000).arrived
    assert sorted(arrived) == list(range(1000))
    latest = accumulate(arrived, max)
    overtaken = sum(one < last for one, last in zip(arrived, latest, strict=True))
    assert counter(wire, "reordered") == pytest.approx(200, abs=60)
    assert overtaken > 500


def test_a_gap_lets_only_every_nth_frame_overtake(
    wire: WireControl, pair: tuple[Station, Station]
) -> None:
    wire.set(LINK, "ab", delay_ns=20 * MS, reorder_ppb=CERTAIN, reorder_gap=5)
    before = counter(wire, "reordered")
    blast(*pair, 100, pps=5000)
    assert counter(wire, "reordered") - before == 20


# ---- loss and damage ---------------------------------------------------------------------------


@pytest.mark.parametrize("percent", [1, 5])
def test_loss_is_as_frequent_as_set(
    wire: WireControl, pair: tuple[Station, Station], percent: int
) -> None:
    wire.set(LINK, "ab", loss=f"bernoulli:{percent * PERCENT}")
    before = counter(wire, "lost")
    lost = blast(*pair, 20_000, pps=40_000).lost
    low, high = binomial_interval(20_000, percent / 100)
    assert low <= lost <= high
    assert counter(wire, "lost") - before == lost


def test_gilbert_elliott_loses_in_bursts(wire: WireControl, pair: tuple[Station, Station]) -> None:
    """1 % of frames begin a burst, and it ends after 4 on average; all of it is lost."""
    wire.set(LINK, "ab", loss=f"gilbert:{PERCENT},{25 * PERCENT},0,{CERTAIN}")
    result = blast(*pair, 20_000, pps=40_000)
    assert statistics.fmean(result.loss_bursts()) == pytest.approx(4, abs=0.8)
    assert result.lost / result.sent == pytest.approx(0.0385, abs=0.01)


def test_every_nth_frame_is_lost(wire: WireControl, pair: tuple[Station, Station]) -> None:
    wire.set(LINK, "ab", loss="nth:5")
    assert set(blast(*pair, 100).arrived) == {n for n in range(100) if n % 5 != 4}


def test_a_seed_repeats_the_same_losses(wire: WireControl, pair: tuple[Station, Station]) -> None:
    wire.set(LINK, "ab", loss=f"bernoulli:{20 * PERCENT}")
    runs = []
    for _ in range(2):
        wire.seed(42)
        runs.append(blast(*pair, 300).arrived)
    assert runs[0] == runs[1]
    assert 30 < 300 - len(runs[0]) < 90


def test_duplicates_arrive_twice(wire: WireControl, pair: tuple[Station, Station]) -> None:
    wire.set(LINK, "ab", duplicate_ppb=CERTAIN)
    assert blast(*pair, 100).arrived == tuple(n for n in range(100) for _ in range(2))


def checksum_errors(station: Station) -> int:
    with entered(station.path):
        text = Path("/proc/thread-self/net/snmp").read_text()
    names, values = (line.split() for line in re.findall(r"^Udp: .*", text, re.MULTILINE))
    return int(values[names.index("InCsumErrors")])


def test_a_checksum_notices_a_corrupt_frame(
    wire: WireControl, pair: tuple[Station, Station]
) -> None:
    """The sending kernel leaves checksums to the device: they must be right before the damage.

    A frame has 46 bytes here; a bit that is flipped in the 6 of the source's MAC hurts nobody.
    """
    wire.set(LINK, "ab", corrupt_ppb=CERTAIN)
    before, errors_before = counter(wire, "corrupted"), checksum_errors(pair[1])
    arrived = blast(*pair, 400, size=4).arrived
    assert counter(wire, "corrupted") - before == 400
    assert len(arrived) == pytest.approx(400 * 6 / 46, abs=25)
    assert checksum_errors(pair[1]) - errors_before == pytest.approx(400 * 12 / 46, abs=40)


# ---- rate and queues ---------------------------------------------------------------------------


@pytest.mark.parametrize("rate_mbps", [10, 100])
def test_a_tcp_flow_gets_the_rate(
    wire: WireControl, pair: tuple[Station, Station], rate_mbps: int
) -> None:
    wire.set(LINK, "ab", rate_bps=rate_mbps * MS)

    def share() -> float:
        measured = tcp_bps(*pair, seconds=1.5, skip_s=0.5, congestion="cubic")
        return measured / (rate_mbps * MS * goodput_share())

    # A machine that stalls takes from it; nothing adds to it.
    assert wait_for(lambda: share() == pytest.approx(1, abs=0.05), within_s=60)


@pytest.mark.parametrize("limit", ["packets:10", "bytes:1060"])
def test_a_full_queue_drops_its_tail(
    wire: WireControl, pair: tuple[Station, Station], limit: str
) -> None:
    """64 bytes of payload are a frame of 106: at 10 kbit/s one leaves every 85 ms."""
    wire.set(LINK, "ab", rate_bps=10_000, limit=limit)
    before = counter(wire, "queue_dropped")
    result = blast(*pair, 100, pps=1e6, wait_s=0.3)
    assert list(result.arrived)[:10] == list(range(10))
    assert len(result.arrived) < 15
    assert counter(wire, "queue_dropped") - before == result.lost


def test_a_faster_rate_hurries_what_is_queued(
    wire: WireControl, pair: tuple[Station, Station]
) -> None:
    receiver = pair[1].socket(socket.SOCK_DGRAM)
    sender = pair[0].socket(socket.SOCK_DGRAM)
    with receiver, sender:
        receiver.bind((pair[1].address, 6000))
        receiver.settimeout(2)
        wire.set(LINK, "ab", rate_bps=1000)
        for number in range(5):
            sender.sendto(bytes([number]) * 1000, (pair[1].address, 6000))
        assert queued(wire, "line", 5)
        wire.set(LINK, "ab", rate_bps=0)
        assert [receiver.recv(2000)[0] for _ in range(5)] == [0, 1, 2, 3, 4]


def test_frames_in_flight_survive_a_change_in_order(
    wire: WireControl, pair: tuple[Station, Station]
) -> None:
    receiver = pair[1].socket(socket.SOCK_DGRAM)
    sender = pair[0].socket(socket.SOCK_DGRAM)
    with receiver, sender:
        receiver.bind((pair[1].address, 6000))
        receiver.settimeout(2)
        for number, delay_s in enumerate((60, 40, 20)):
            wire.set(LINK, "ab", delay_ns=delay_s * 1000 * MS)
            sender.sendto(bytes([number]), (pair[1].address, 6000))
            assert queued(wire, "flight", number + 1)
        wire.reset(LINK)
        assert [receiver.recv(10)[0] for _ in range(3)] == [0, 1, 2]


def test_super_frames_pass_only_while_nothing_acts_per_packet(
    wire: WireControl, pair: tuple[Station, Station]
) -> None:
    def mean_frame_bytes() -> float:
        before = counter(wire, "bytes_in"), counter(wire, "frames_in")
        assert tcp_bps(*pair, seconds=0.3) > 0
        return (counter(wire, "bytes_in") - before[0]) / (counter(wire, "frames_in") - before[1])

    assert mean_frame_bytes() > 3000
    for impaired, unimpaired in (
        ({"duplicate_ppb": 1}, {"duplicate_ppb": 0}),
        ({"offload": "off"}, {"offload": "auto"}),
    ):
        wire.set(LINK, **impaired)
        assert mean_frame_bytes() <= 1514
        wire.set(LINK, **unimpaired)
        assert mean_frame_bytes() > 3000


def test_a_frame_longer_than_the_mtu_does_not_pass(
    wire: WireControl, pair: tuple[Station, Station]
) -> None:
    assert len(sample_rtt(pair[0], pair[1].address, 3, size=1472).times_ms) == 3
    with pair[0].netlink() as route:
        route.link("set", index=pair[0].index, mtu=3000)
        before = counter(wire, "oversize")
        assert sample_rtt(pair[0], pair[1].address, 3, size=1473, wait_s=0.1).times_ms == ()
        route.link("set", index=pair[0].index, mtu=1500)
    assert counter(wire, "oversize") - before == 3


# ---- cuts --------------------------------------------------------------------------------------


def test_a_black_hole_swallows_one_direction_and_keeps_the_carrier(
    wire: WireControl, pair: tuple[Station, Station]
) -> None:
    a, b = pair
    wire.blackhole(LINK, "ba", True)
    before = counter(wire, "blackholed", "ba")
    assert sample_rtt(a, b.address, 5, wait_s=0.1).times_ms == ()
    assert counter(wire, "blackholed", "ba") - before == 5
    assert blast(a, b, 10).lost == 0
    assert a.has_carrier()
    assert b.has_carrier()
    wire.blackhole(LINK, "ba", False)
    assert len(sample_rtt(a, b.address, 5).times_ms) == 5


def test_a_cut_cable_is_heard_of_at_both_ends_at_once(
    wire: WireControl, pair: tuple[Station, Station]
) -> None:
    """Several changes in a row: the kernel alone tells of a lost carrier once a second, so that no
    such row would be heard of in less. One that is shows that it is not left to that."""
    wire.set(LINK, "ab", delay_ns=50 * MS)

    def all_heard_s() -> float:
        heard_s = 0.0
        for is_up in (True, False, True, False):
            heard_s += max(heard_after_s(pair, partial(wire.carrier, LINK, is_up)))
            assert [station.has_carrier() for station in pair] == [is_up, is_up]
        return heard_s

    wire.carrier(LINK, False)
    assert wait_for(lambda: all_heard_s() < 0.9, within_s=60)
    assert wire.show(LINK)["carrier"] == "down"
    wire.carrier(LINK, True)
    assert len(sample_rtt(pair[0], pair[1].address, 5).times_ms) == 5
    assert wire.show(LINK)["ab"]["parameters"]["delay_ns"] == 50 * MS


def test_frames_in_flight_are_lost_in_a_cut(
    wire: WireControl, pair: tuple[Station, Station]
) -> None:
    wire.set(LINK, "ab", delay_ns=300 * MS)
    before = counter(wire, "cut")
    with pair[0].socket(socket.SOCK_DGRAM) as sender:
        sender.sendto(b"gone", (pair[1].address, 6000))
    assert queued(wire, "flight", 1)
    wire.carrier(LINK, False)
    assert counter(wire, "cut") - before == 1
    assert wire.show(LINK)["ab"]["queued"]["flight"] == 0


# ---- devices -----------------------------------------------------------------------------------


def interfaces(station: Station) -> set[str]:
    with station.netlink() as route:
        return {str(link.get_attr("IFLA_IFNAME")) for link in route.get_links()}


def spare_end(station: Station) -> End:
    return End(station.path, "eth7", 70, station.mac.replace("02:00", "02:07", 1))


def test_devices_have_the_name_index_mac_and_mtu_wished_for(
    wire: WireControl, pair: tuple[Station, Station]
) -> None:
    for station in pair:
        with station.netlink() as route:
            [link] = route.get_links(station.index)
        assert link.get_attr("IFLA_IFNAME") == station.interface
        assert link.get_attr("IFLA_ADDRESS") == station.mac
        assert (link.get_attr("IFLA_MTU"), link.get_attr("IFLA_TXQLEN")) == (1500, 10000)


def test_a_link_is_added_whole_or_not_at_all(
    wire: WireControl, pair: tuple[Station, Station]
) -> None:
    good = spare_end(pair[0])
    for bad in (
        End("/run/netns/none", "eth7", 71, "02:00:00:00:07:02"),
        End("/proc/self/status", "eth7", 71, "02:00:00:00:07:02"),
        End(pair[1].path, "lo", 1, "02:00:00:00:07:02"),
        End(pair[1].path, pair[1].interface, 71, pair[1].mac),
        End(pair[1].path, "eth7", pair[1].index, "02:00:00:00:07:02"),
    ):
        with pytest.raises(DeployError, match="link other: wire: "):
            wire.add("other", good, bad)
        assert wire.links() == [LINK]
        assert "eth7" not in interfaces(pair[0]) | interfaces(pair[1])


def test_a_deleted_link_leaves_no_device(wire: WireControl, pair: tuple[Station, Station]) -> None:
    wire.add("other", spare_end(pair[0]), spare_end(pair[1]))
    assert all("eth7" in interfaces(station) for station in pair)
    wire.delete("other")
    assert all("eth7" not in interfaces(station) for station in pair)


def test_an_interface_that_is_set_down_and_up_again_goes_on(
    wire: WireControl, pair: tuple[Station, Station]
) -> None:
    before = counter(wire, "undelivered")
    with pair[1].netlink() as route:
        route.link("set", index=pair[1].index, state="down")
        assert blast(*pair, 20, wait_s=0.1).lost == 20
        assert counter(wire, "undelivered") - before == 20
        route.link("set", index=pair[1].index, state="up")
    introduce(*pair)
    assert len(sample_rtt(pair[0], pair[1].address, 5).times_ms) == 5


def test_a_device_that_somebody_removes_hurts_no_other_link(
    wire: WireControl, pair: tuple[Station, Station]
) -> None:
    wire.add("other", spare_end(pair[0]), spare_end(pair[1]))
    with pair[1].netlink() as route:
        route.link("del", index=70)
    assert wait_for(lambda: wire.show("other")["gone"], 30)
    with pytest.raises(FaultError, match="is its namespace gone"):
        wire.set("other", rate_bps=1 * MS)
    wire.delete("other")
    assert len(sample_rtt(pair[0], pair[1].address, 5).times_ms) == 5


def test_links_come_back_with_their_addresses_after_a_kill(tmp_path: Path) -> None:
    with stations(2, "wire-killed", subnet=2) as (a, b):
        control = tmp_path / "control"
        process = start_wire(control, tmp_path / "log")
        try:
            with WireControl(control) as wire:
                wire.add(LINK, end_of(a), end_of(b))
            for station in (a, b):
                station.raise_interface()
            assert len(sample_rtt(a, b.address, 3).times_ms) == 3
            end_process(process)
            assert not a.has_carrier()
            process = start_wire(control, tmp_path / "log")
            with WireControl(control) as wire:
                shown = wire.add(LINK, end_of(a), end_of(b))
            assert shown["new"] == {"a": False, "b": False}
            ping = sample_rtt
            wait_until(lambda: bool(ping(a, b.address, 1, wait_s=0.05).times_ms), within_s=30)
        finally:
            end_process(process)


# ---- the process -------------------------------------------------------------------------------


def test_the_socket_is_for_its_owner_only_and_served_once(wire: WireControl, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(DeployError, match="another process serves it"):
        start_wire(path, path.with_name("second-log"))
    assert wire.links() == [LINK]


def ended(process: Process) -> bool:
    with suppress(ChildProcessError):
        return os.waitpid(process.pid, os.WNOHANG)[0] == process.pid
    return not process.is_alive()


@pytest.mark.parametrize("end", ["unlink", "replace", "quit", "term"])
def test_it_ends_when_it_is_not_wanted_any_more(tmp_path: Path, end: str) -> None:
    control = tmp_path / "control"
    process = start_wire(control, tmp_path / "log")
    try:
        if end == "unlink":
            control.unlink()
        elif end == "replace":
            control.rename(tmp_path / "moved")
            control.touch()
        elif end == "term":
            os.kill(process.pid, signal.SIGTERM)
        else:
            with WireControl(control) as wire:
                wire.quit()
        assert wait_for(lambda: ended(process), 30)
    finally:
        end_process(process)


def test_it_ends_with_its_lifeline(tmp_path: Path) -> None:
    argv = [str(WIRE), str(tmp_path / "control"), "--lifeline"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        _, said = process.communicate(timeout=5)
    assert process.returncode == 0
    assert b"standard input was closed" in said


# ---- what clients may say ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("", "an empty line; want a command, like list"),
        ("shwo x", "no command 'shwo'; did you mean 'show'?"),
        ("show", "want: show LINK"),
        ("show left--rihgt", f"no link 'left--rihgt'; did you mean '{LINK}'?"),
        (f"set {LINK} up delay_ns=1", "no direction 'up'; did you mean 'ab'?"),
        (f"set {LINK} ab", "want: set LINK ab|ba|both KEY=VALUE..."),
        (f"set {LINK} ab delay_ns", "want delay_ns=VALUE"),
        (f"set {LINK} ab dealy_ns=1", "no setting 'dealy_ns'; did you mean 'delay_ns'?"),
        (f"set {LINK} ab delay_ns=-1", "delay_ns: want a whole number from 0 to 60000000000"),
        (f"set {LINK} ab delay_ns=60000000001", "delay_ns: want a whole number from 0 to"),
        (f"set {LINK} ab delay_ns=99999999999999999999", "delay_ns: want a whole number"),
        (f"set {LINK} ab delay_ns=1e6", "delay_ns: want a whole number"),
        (f"set {LINK} ab delay_ns=1 delay_ns=2", "delay_ns is set twice"),
        (f"set {LINK} ab jitter_ns=1 rate_bps=1", "rate_bps: want a whole number from 1000"),
        (f"set {LINK} ab distribution=gauss", "no distribution 'gauss'; did you mean 'pareto'?"),
        (f"set {LINK} ab corrupt_ppb=1000000001", "corrupt_ppb: want a whole number"),
        (f"set {LINK} ab loss=50", "no loss model '50'; did you mean"),
        (f"set {LINK} ab loss=none:1", "loss: want none, bernoulli:"),
        (f"set {LINK} ab loss=bernoulli", "loss: want none, bernoulli:"),
        (f"set {LINK} ab loss=bernoulli:1,2,3", "loss: want none, bernoulli:"),
        (f"set {LINK} ab loss=gilbert:1,2,3", "loss: want none, bernoulli:"),
        (f"set {LINK} ab loss=nth:0", "loss=nth: want a whole number from 1"),
        (f"set {LINK} ab limit=10", "limit: want packets:N or bytes:N"),
        (f"set {LINK} ab limit=frames:10", "no unit of limit 'frames'; did you mean"),
        (f"set {LINK} ab reorder_gap=0", "reorder_gap: want a whole number from 1"),
        (f"set {LINK} ab offload=maybe", "no offload 'maybe'; did you mean"),
        (f"set {LINK} ab delay_ns={'1' * 200}", "a setting has up to 127 letters"),
        (f"blackhole {LINK} ab maybe", "no state 'maybe'; did you mean"),
        (f"carrier {LINK} sideways", "no state 'sideways'; did you mean"),
        ("seed x", "seed: want a whole number"),
        (f"add {LINK} /n a 1 02:00:00:00:00:01 /n b 2 02:00:00:00:00:02 1500", "del it first"),
        ("add o /n a 0 02:00:00:00:00:01 /n b 2 02:00:00:00:00:02 1500", "interface index: want"),
        ("add o /n a 1 02:00:00:00:00 /n b 2 02:00:00:00:00:02 1500", "want a MAC like"),
        ("add o /n a 1 01:00:00:00:00:01 /n b 2 02:00:00:00:00:02 1500", "is a multicast MAC"),
        ("add o /n a/b 1 02:00:00:00:00:01 /n b 2 02:00:00:00:00:02 1500", "interface's name"),
        ("add o /n a 1 02:00:00:00:00:01 /n b 2 02:00:00:00:00:02 67", "MTU: want"),
        ('add o" /n a 1 02:00:00:00:00:01 /n b 2 02:00:00:00:00:02 1500', "printable letters"),
        (f"add {'o' * 64} /n a 1 02:00:00:00:00:01 /n b 2 02:00:00:00:00:02 1500", "1 to 63"),
        ("add o " + "x " * 50, "want: add LINK"),
    ],
)
def test_a_wrong_message_is_told_what_is_right_and_changes_nothing(
    wire: WireControl, message: str, answer: str
) -> None:
    before = [wire.show(LINK)[direction]["parameters"] for direction in ("ab", "ba")]
    with pytest.raises(FaultError) as refused:
        wire.ask(message)
    assert refused.value.message.startswith("wire: ")
    assert answer in refused.value.message
    assert [wire.show(LINK)[direction]["parameters"] for direction in ("ab", "ba")] == before


def test_a_setting_keeps_the_others(wire: WireControl) -> None:
    wire.set(LINK, delay_ns=5 * MS, rate_bps=8 * MS)
    wire.set(LINK, "ab", loss="nth:9")
    shown = wire.set(LINK, "ba", limit="bytes:5000")
    ab, ba = shown["ab"]["parameters"], shown["ba"]["parameters"]
    assert (ab["delay_ns"], ab["rate_bps"]) == (ba["delay_ns"], ba["rate_bps"]) == (5 * MS, 8 * MS)
    assert (ab["loss"], ba["loss"]) == ("nth:9", "none")
    assert (ab["limit"], ba["limit"]) == ("packets:1000", "bytes:5000")


def raw_client(path: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(5)
    client.connect(str(path))
    return client


@pytest.mark.parametrize(
    "junk",
    [
        b"\0" * 5000 + b"\n",
        bytes(range(256)) * 16,
        b"x" * (1 << 20) + b"\n",
        b"show left--ri",
        b"\n" * 3000,
        b"stats\n" * 3000,
    ],
    ids=["zeros", "binary", "a megabyte", "half a line", "empty lines", "never reads"],
)
def test_junk_hurts_only_its_sender(wire: WireControl, path: Path, junk: bytes) -> None:
    with raw_client(path) as client:
        client.setblocking(False)
        with suppress(BlockingIOError):
            for start in range(0, len(junk), 65536):
                client.send(junk[start : start + 65536])
        assert wire.links() == [LINK]
    assert wire.links() == [LINK]


def test_a_line_that_is_too_long_is_skipped_to_its_end(wire: WireControl, path: Path) -> None:
    with raw_client(path) as client, client.makefile("rb") as answers:
        client.sendall(b"show " + b"x" * 100_000 + b"\nlist\n")
        assert answers.readline() == b"error a line has up to 4095 bytes\n"
        assert answers.readline() == f'ok {{"links":["{LINK}"]}}\n'.encode()


def test_lines_that_come_in_pieces_or_together_are_answered_one_by_one(
    wire: WireControl, path: Path
) -> None:
    with raw_client(path) as client, client.makefile("rb") as answers:
        for piece in (b"li", b"st\nlist", b"\nno\n"):
            client.sendall(piece)
        assert [answers.readline()[:5] for _ in range(3)] == [b'ok {"', b'ok {"', b"error"]


def test_too_many_clients_are_told_so(wire: WireControl, path: Path) -> None:
    clients = [raw_client(path) for _ in range(40)]
    assert clients[-1].recv(100) == b"error too many clients; close one of them\n"
    for client in clients:
        client.close()
    assert wire.links() == [LINK]
