"""capmux in real namespaces: a laptop, a router and a server in a row.

Needs root and tshark, no Docker. A namespace is found again by the name recorded when it was made.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyroute2 import IPRoute

from orchestrator.capture.detached import salvage
from orchestrator.capture.mux import (
    CAPMUX,
    Capture,
    CaptureSummary,
    NodeSummary,
    Options,
    Tap,
    start_capture,
)
from orchestrator.errors import DeployError, HostError, UsageError
from orchestrator.plan.model import Interface
from orchestrator.records.merge import merge
from orchestrator.records.pcapng import Direction, is_truncated, read_packets
from orchestrator.runtime.network.namespaces import (
    create_namespace,
    entered,
    path_of,
    remove_namespace,
)
from orchestrator.runtime.network.ports import move_ports
from orchestrator.runtime.polling import wait_for
from tests.flow import FRAME_BYTES, ROW, street

PORT = 5000
ARP = b"\x08\x06"  # EtherType
FRAMES = 200


def inside(namespace: str) -> AbstractContextManager[None]:
    return entered(path_of(namespace))


@contextmanager
def links_of(namespace: str) -> Iterator[IPRoute]:
    with inside(namespace):
        routing = IPRoute()
    with routing:
        yield routing


@dataclass(frozen=True)
class Row:
    """laptop (eth0, 10.0.1.2) — (lan) router (wan) — (eth0, 10.0.2.2) server; by namespace."""

    laptop: str
    router: str
    server: str

    def taps(self) -> list[Tap]:
        return [
            Tap("laptop", self.path(self.laptop), ("eth0",)),
            Tap("router", self.path(self.router), ("lan", "wan")),
            Tap("server", self.path(self.server), ("eth0",)),
        ]

    def path(self, namespace: str) -> str:
        return path_of(namespace)

    def send(self, count: int) -> None:
        """Send datagrams from laptop to server, and see each one arrive."""
        with inside(self.server):
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with inside(self.laptop):
            laptop = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with server, laptop:
            server.settimeout(5)
            server.bind(("10.0.2.2", PORT))
            for number in range(count):
                laptop.sendto(f"datagram {number}".encode(), ("10.0.2.2", PORT))
                assert server.recv(100) == f"datagram {number}".encode()


@pytest.fixture
def row() -> Iterator[Row]:
    names = [f"capmux-{os.getpid()}-{node}" for node in ("laptop", "router", "server")]
    made: list[str] = []
    try:
        for name in names:
            create_namespace(name)
            made.append(name)
        row = Row(*names)
        connect(row.router, "lan", "10.0.1.1", row.laptop, "10.0.1.2")
        connect(row.router, "wan", "10.0.2.1", row.server, "10.0.2.2")
        with inside(row.router):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        yield row
    finally:
        for name in made:
            remove_namespace(name)


def connect(router: str, interface: str, address: str, host: str, host_address: str) -> None:
    with links_of(router) as near, links_of(host) as far:
        peer = {"ifname": "eth0", "net_ns_fd": host}
        near.link("add", ifname=interface, kind="veth", peer=peer)
        for end, name, own in ((near, interface, address), (far, "eth0", host_address)):
            [index] = end.link_lookup(ifname=name)
            end.addr("add", index=index, address=own, prefixlen=24)
            end.link("set", index=index, state="up")
        far.route("add", dst="default", gateway=address)


def datagrams(file: Path) -> list[tuple[str, int]]:
    """Interface and direction (1 in, 2 out) of each datagram, as tshark reads the file."""
    fields = ["-e", "frame.interface_name", "-e", "frame.packet_flags_direction"]
    argv = ["tshark", "-r", str(file), "-Y", f"udp.dstport == {PORT}", "-T", "fields", *fields]
    printed = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout
    rows = [line.split("\t") for line in printed.splitlines()]
    return [(name, int(direction, 0)) for name, direction in rows]


def test_every_frame_is_in_every_file_it_passed(row: Row, tmp_path: Path) -> None:
    with start_capture(row.taps(), tmp_path) as capture:
        row.send(FRAMES)
    summary = capture.stop()
    assert summary.drops == 0
    expected = {
        "laptop": {("laptop:eth0", 2): FRAMES},
        "router": {("router:lan", 1): FRAMES, ("router:wan", 2): FRAMES},
        "server": {("server:eth0", 1): FRAMES},
    }
    for node, counts in expected.items():
        file = tmp_path / f"{node}.pcapng"
        assert Counter(datagrams(file)) == counts
        assert len(list(read_packets(file.read_bytes()))) == summary.per_node[node].packets
    assert sum(node.packets for node in summary.per_node.values()) == summary.packets


def test_times_of_one_frame_grow_hop_by_hop(row: Row, tmp_path: Path) -> None:
    with start_capture(row.taps(), tmp_path):
        row.send(1)
    times = [
        packet.time_ns
        for node in ("laptop", "router", "server")
        for packet in read_packets((tmp_path / f"{node}.pcapng").read_bytes())
        if b"datagram 0" in packet.data
    ]
    assert len(times) == 4
    assert times == sorted(times)


def test_an_interface_nobody_listed_is_left_out(row: Row, tmp_path: Path) -> None:
    tap = Tap("router", row.path(row.router), ("wan",))
    with start_capture([tap], tmp_path):
        row.send(5)
    assert datagrams(tmp_path / "router.pcapng") == [("router:wan", 2)] * 5


def test_an_interface_made_anew_goes_on_being_captured(row: Row, tmp_path: Path) -> None:
    with start_capture(row.taps(), tmp_path):
        row.send(3)
        with links_of(row.router) as router:
            router.link("del", index=router.link_lookup(ifname="lan")[0])
        connect(row.router, "lan", "10.0.1.1", row.laptop, "10.0.1.2")
        row.send(4)
    assert datagrams(tmp_path / "laptop.pcapng") == [("laptop:eth0", 2)] * 7
    assert Counter(datagrams(tmp_path / "router.pcapng")) == {
        ("router:lan", 1): 7,
        ("router:wan", 2): 7,
    }


def test_a_node_that_starts_again_elsewhere_goes_on_in_the_same_file(
    row: Row, tmp_path: Path
) -> None:
    """Its interfaces are moved to another namespace, which is then at the same path."""
    router = ports_in(row.router, "lan", "wan")
    elsewhere = f"{row.router}-again"
    with start_capture(row.taps(), tmp_path) as capture:
        row.send(3)
        create_namespace(elsewhere)
        try:
            move_ports(row.router, path_of(elsewhere), router)
            raise_again(row.router)
            row.send(4)
        finally:
            remove_namespace(elsewhere)
    assert Counter(datagrams(tmp_path / "router.pcapng")) == {
        ("router:lan", 1): 7,
        ("router:wan", 2): 7,
    }
    assert capture.stop().drops == 0
    times = [packet.time_ns for packet in read_packets((tmp_path / "router.pcapng").read_bytes())]
    assert times == sorted(times)


def test_the_first_packet_after_a_restart_is_captured(row: Row, tmp_path: Path) -> None:
    """move_ports returns when captures hear the new namespace: ARP for the first datagram, too."""
    router = ports_in(row.router, "lan", "wan")
    elsewhere = f"{row.router}-again"
    create_namespace(elsewhere)
    with start_capture(row.taps(), tmp_path):
        try:
            move_ports(row.router, path_of(elsewhere), router)
            raise_again(row.router)
            row.send(1)
        finally:
            remove_namespace(elsewhere)
    captured = [p.data for p in read_packets((tmp_path / "router.pcapng").read_bytes())]
    assert any(data[12:14] == ARP for data in captured)
    assert datagrams(tmp_path / "router.pcapng") == [("router:lan", 1), ("router:wan", 2)]


def ports_in(namespace: str, *names: str) -> list[Interface]:
    """Those interfaces, by the numbers that they have there."""
    with links_of(namespace) as links:
        return [Interface(name, "", links.link_lookup(ifname=name)[0], "") for name in names]


def raise_again(router: str) -> None:
    with links_of(router) as links:
        for name, address in (("lan", "10.0.1.1"), ("wan", "10.0.2.1")):
            [index] = links.link_lookup(ifname=name)
            links.addr("add", index=index, address=address, prefixlen=24)
            links.link("set", index=index, state="up")
    with inside(router):
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def test_a_snap_length_cuts_frames_and_keeps_their_length(row: Row, tmp_path: Path) -> None:
    tap = f"laptop {row.path(row.laptop)} eth0\n\n"
    argv = [str(CAPMUX), "-s", "64", "-r", "512", str(tmp_path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as capmux:
        assert capmux.stdin
        assert capmux.stdout
        capmux.stdin.write(tap)
        capmux.stdin.flush()
        assert capmux.stdout.readline() == "ready\n"
        with inside(row.laptop), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as laptop:
            laptop.sendto(bytes(1000), ("10.0.2.2", PORT))
        capmux.stdin.close()
    read = list(read_packets((tmp_path / "laptop.pcapng").read_bytes()))
    assert [len(p.data) for p in read if p.original_length == 1042] == [64]


def test_a_capture_ends_whole_when_its_starter_is_killed(row: Row, tmp_path: Path) -> None:
    starter = (
        "import os, signal, sys; from pathlib import Path; from orchestrator.capture.mux import *;"
        "capture = start_capture([Tap('laptop', sys.argv[1], ('eth0',))], Path(sys.argv[2]));"
        "print(capture._process.pid, flush=True); sys.stdin.read();"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    argv = [sys.executable, "-c", starter, row.path(row.laptop), str(tmp_path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        capmux = os.pidfd_open(int(process.stdout.readline()))
        row.send(3)
        process.stdin.close()
    ending = select.poll()
    ending.register(capmux, select.POLLIN)
    assert ending.poll(5000)
    os.close(capmux)
    assert datagrams(tmp_path / "laptop.pcapng") == [("laptop:eth0", 2)] * 3
    assert not is_truncated((tmp_path / "laptop.pcapng").read_bytes())


def test_a_capture_outlives_the_thread_that_started_it(row: Row, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        capture: Capture = pool.submit(start_capture, row.taps(), tmp_path).result()
    with capture:
        row.send(3)
    sent = [p for p in read_packets((tmp_path / "laptop.pcapng").read_bytes()) if len(p.data) == 52]
    assert [packet.direction for packet in sent] == [Direction.OUTBOUND] * 3


@pytest.mark.parametrize(
    ("tap", "message"),
    [
        (Tap("isp", "/run/netns/none", ("eth0",)), "isp: cannot open namespace /run/netns/none"),
        (Tap("isp", "/proc/self/status", ("eth0",)), "isp: cannot enter namespace"),
        (Tap("isp", "/proc/self/ns/net", ("no0",)), "isp: no0: No such device"),
        (Tap("isp", "/proc/self/ns/net", ("lo", "lo")), "isp: lo: listed twice"),
        (Tap("isp", "/proc/self/ns/net", ("x" * 16,)), "longer than an interface's name"),
        (Tap("isp", "/proc/self/ns/net", ()), "isp: want `<node> <namespace> <interface>"),
        (Tap("../isp", "/proc/self/ns/net", ("lo",)), "../isp: not a name for a node"),
        (Tap("ok", "/proc/self/ns/net", ("lo",)), "ok: listed twice"),
    ],
)
def test_an_error_names_node_and_interface_and_leaves_no_file(
    tap: Tap, message: str, tmp_path: Path
) -> None:
    good = Tap("ok", "/proc/self/ns/net", ("lo",))
    with pytest.raises(DeployError) as failed:
        start_capture([good, tap], tmp_path)
    assert message in failed.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_made_removes_those_that_were(tmp_path: Path) -> None:
    (tmp_path / "isp.pcapng").mkdir()
    taps = [Tap(node, "/proc/self/ns/net", ("lo",)) for node in ("home", "isp")]
    with pytest.raises(DeployError, match=r"isp: cannot create .*Is a directory"):
        start_capture(taps, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["isp.pcapng"]


def test_a_full_disk_is_told_and_leaves_no_half_file(tmp_path: Path) -> None:
    (tmp_path / "isp.pcapng").symlink_to("/dev/full")
    taps = [Tap(node, "/proc/self/ns/net", ("lo",)) for node in ("home", "isp")]
    with pytest.raises(HostError, match=r"disk is full: isp: cannot write .*No space left"):
        start_capture(taps, tmp_path).stop()
    assert list(tmp_path.iterdir()) == []


# ── filters and limits ────────────────────────────────────────────────────────


def test_only_what_passes_the_filter_is_kept(row: Row, tmp_path: Path) -> None:
    with start_capture(row.taps(), tmp_path, Options(f"udp dst port {PORT}")) as capture:
        row.send(20)
    assert capture.stop().packets == 4 * 20
    with start_capture(row.taps(), tmp_path / "none", Options("udp port 1 or tcp")) as capture:
        row.send(20)
    assert capture.stop() == CaptureSummary(
        0, 0, {node: NodeSummary(0, 0) for node in ("laptop", "router", "server")}
    )


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("tcp prt 443", "filter 'tcp prt 443': can't parse filter expression: syntax error"),
        ("port 99999", "filter 'port 99999': illegal port number 99999 > 65535"),
    ],
)
def test_a_filter_that_is_none_is_refused_in_libpcap_s_words(
    expression: str, message: str, tmp_path: Path
) -> None:
    taps = [Tap("isp", "/proc/self/ns/net", ("lo",))]
    with pytest.raises(UsageError) as refused:
        start_capture(taps, tmp_path, Options(expression))
    assert refused.value.message == message
    assert list(tmp_path.iterdir()) == []


def blast(row: Row, count: int) -> None:
    """Datagrams as fast as they go, numbered in their first bytes; nobody listens."""
    with inside(row.laptop), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as laptop:
        for number in range(count):
            laptop.sendto(number.to_bytes(4, "big") + bytes(1396), ("10.0.1.1", PORT))


def numbers(file: Path) -> list[int]:
    packets = read_packets(file.read_bytes())
    return [int.from_bytes(p.data[42:46], "big") for p in packets if len(p.data) == 1442]


def test_a_limited_file_keeps_the_newest_packets(row: Row, tmp_path: Path) -> None:
    options = Options(f"udp dst port {PORT}", limit_mib=1)
    tap = Tap("laptop", row.path(row.laptop), ("eth0",))
    with start_capture([tap], tmp_path, options) as capture:
        for round_ in range(1, 9):
            blast(row, 500)
            # A part holds 88 frames; not faster than capmux writes, lest it drop some.
            assert eventually(lambda: newest_part(tmp_path) >= 500 * round_ // 88)  # noqa: B023
    summary, file = capture.stop(), tmp_path / "laptop.pcapng"
    assert summary.drops == 0
    assert summary.discarded > 0
    assert summary.packets + summary.discarded == 8 * 500
    assert [path.name for path in tmp_path.iterdir()] == ["laptop.pcapng"]
    assert 0.75 * 2**20 < file.stat().st_size <= 2**20
    kept = len(list(read_packets(file.read_bytes())))
    assert kept == summary.packets
    assert not is_truncated(file.read_bytes())
    assert numbers(file) == (8 * list(range(500)))[-kept:]
    assert len(datagrams(file)) == kept  # and so does tshark read it


def test_a_limit_that_is_not_reached_changes_nothing(row: Row, tmp_path: Path) -> None:
    with start_capture(row.taps(), tmp_path, Options(limit_mib=1)) as capture:
        row.send(50)
    assert capture.stop().discarded == 0
    assert len(datagrams(tmp_path / "router.pcapng")) == 100
    assert len(list(tmp_path.iterdir())) == 3


def test_a_limited_capture_that_is_killed_leaves_its_newest_parts(row: Row, tmp_path: Path) -> None:
    tap = Tap("laptop", row.path(row.laptop), ("eth0",))
    capture = start_capture([tap], tmp_path, Options(f"udp dst port {PORT}", limit_mib=1))
    blast(row, 1000)
    assert eventually(lambda: newest_part(tmp_path) >= 1000 // 88)
    capture._process.kill()
    with pytest.raises(DeployError):
        capture.stop()
    salvage(tmp_path)
    [file] = tmp_path.iterdir()
    left = numbers(file)
    assert left == list(range(left[0], left[-1] + 1))
    assert left[0] > 0
    assert len(left) >= 7 * 88
    assert len(list(read_packets(merge({file.name: file.read_bytes()})))) == len(left)


def newest_part(folder: Path) -> int:
    """The number of the part being written; 0 before there is one."""
    return max((int(path.suffix[1:]) for path in folder.glob("*.pcapng.*")), default=0)


def eventually(check: Callable[[], object]) -> bool:
    return bool(wait_for(check, within_s=60))


def test_a_capture_ends_by_itself_after_so_many_packets(row: Row, tmp_path: Path) -> None:
    options = Options(f"udp dst port {PORT}", count=10)
    with start_capture(row.taps(), tmp_path, options) as capture:
        row.send(20)
        assert eventually(lambda: capture._process.poll() is not None)
    assert capture.stop().packets == 10
    files = [read_packets(path.read_bytes()) for path in tmp_path.iterdir()]
    assert sum(len(list(packets)) for packets in files) == 10


def test_a_capture_ends_by_itself_after_so_long(row: Row, tmp_path: Path) -> None:
    started = time.monotonic()
    with start_capture(row.taps(), tmp_path, Options(duration_s=1)) as capture:
        row.send(5)
        assert eventually(lambda: capture._process.poll() is not None)
    assert time.monotonic() - started > 0.9
    assert len(datagrams(tmp_path / "server.pcapng")) == 5


def test_files_grow_while_the_capture_runs(row: Row, tmp_path: Path) -> None:
    with start_capture(row.taps(), tmp_path):
        row.send(3)
        file = tmp_path / "laptop.pcapng"
        assert eventually(lambda: len(list(read_packets(file.read_bytes()))) >= 3)


# ── losing nothing, or saying so ──────────────────────────────────────────────


def test_what_a_full_ring_lost_is_counted(row: Row, tmp_path: Path) -> None:
    tap = Tap("laptop", row.path(row.laptop), ("eth0",))
    with start_capture([tap], tmp_path, Options(f"udp dst port {PORT}")) as capture:
        capture._process.send_signal(signal.SIGSTOP)
        blast(row, 5000)
        capture._process.send_signal(signal.SIGCONT)
    summary = capture.stop()
    assert summary.drops > 1000
    assert summary.packets + summary.drops == 5000
    merged = merge({"laptop.pcapng": (tmp_path / "laptop.pcapng").read_bytes()})
    assert f"{summary.drops} packets were not captured: laptop".encode() in merged


def test_it_goes_before_what_computes(row: Row, tmp_path: Path) -> None:
    """Under SCHED_RR where a process may, as whoever runs the tests finds out."""
    with start_capture(row.taps(), tmp_path) as capture:
        policy = os.sched_getscheduler(capture._process.pid)
    assert policy == (os.SCHED_RR if _may_go_first() else os.SCHED_OTHER)


def _may_go_first() -> bool:
    lowest = os.sched_get_priority_min(os.SCHED_RR)
    argv = ["chrt", "--rr", str(lowest), "true"]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def test_forty_interfaces_account_for_every_frame(tmp_path: Path) -> None:
    """How many a machine can write down is a figure of `make bench`; that none is missing unsaid is
    not."""
    with street() as busy:
        assert sum(len(tap.interfaces) for tap in busy.taps) == 40
        with start_capture(busy.taps, tmp_path) as capture:
            sent = busy.send(rate_bps=30e6, seconds=2)
        summary = capture.stop()
    for node in ("src", "r1", "r2", "r3", "dst"):
        file = tmp_path / f"{node}.pcapng"
        ports = sum(name == node for name, _ in ROW)
        found = sum(len(p.data) == FRAME_BYTES for p in read_packets(file.read_bytes()))
        assert 0 <= sent * ports - found <= summary.per_node[node].drops
        file.unlink()
