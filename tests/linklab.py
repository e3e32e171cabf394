"""A bench for links: namespaces with one interface each, and measurements between them.

What is measured is the link, so probes use raw sockets made inside the namespaces, the kernel
answers pings by itself, and receive times are the kernel's (SO_TIMESTAMPNS). Needs root.
"""

from __future__ import annotations

import os
import select
import socket
import statistics
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pyroute2 import IPRoute

from orchestrator.runtime.network.namespaces import (
    create_namespace,
    entered,
    path_of,
    remove_namespace,
)

# Not in Python's socket module: asm-generic/socket.h.
_SO_RCVBUFFORCE, _SO_TIMESTAMPNS = 33, 35
_ECHO_REQUEST, _ECHO_REPLY = 8, 0
_RTMGRP_LINK = 1  # linux/rtnetlink.h
_PORT = 5201
_REALTIME_PRIORITY = 60


@dataclass(frozen=True)
class Station:
    """A namespace with an interface on the link that is measured."""

    namespace: str
    interface: str
    index: int
    mac: str
    address: str

    @property
    def path(self) -> str:
        return path_of(self.namespace)

    def socket(self, kind: int, protocol: int = 0) -> socket.socket:
        """An IPv4 socket that belongs to the station for ever."""
        with entered(self.path):
            return socket.socket(socket.AF_INET, kind, protocol)

    @contextmanager
    def netlink(self) -> Iterator[IPRoute]:
        with entered(self.path):
            route = IPRoute()
        with route:
            yield route

    def raise_interface(self) -> None:
        """Give the interface its address and set it up, as the orchestrator would."""
        with self.netlink() as route:
            route.addr("replace", index=self.index, address=self.address, prefixlen=24)
            route.link("set", index=self.index, state="up")

    def has_carrier(self) -> bool:
        with self.netlink() as route:
            return bool(route.get_links(self.index)[0].get_attr("IFLA_CARRIER"))


@contextmanager
def stations(count: int = 2, tag: str = "link", subnet: int = 1) -> Iterator[list[Station]]:
    """Namespaces of this process's own with nothing in them yet; removed again.

    Without IPv6, so that no frame is on a link but those that are sent on purpose, and ARP's.
    """
    made: list[Station] = []
    try:
        for number in range(1, count + 1):
            name = f"{tag}-{os.getpid()}-{number}"
            create_namespace(name)
            mac = f"02:00:00:{subnet:02x}:00:{number:02x}"
            with entered(path_of(name)), suppress(FileNotFoundError):
                Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
            made.append(Station(name, "eth0", 100 + number, mac, f"198.18.{subnet}.{number}"))
        yield made
    finally:
        for station in made:
            remove_namespace(station.namespace)


def introduce(a: Station, b: Station) -> None:
    """Tell two stations each other's MAC for ever, so that not even ARP is on the link."""
    for near, far in ((a, b), (b, a)):
        with near.netlink() as route:
            route.neigh(
                "replace", dst=far.address, lladdr=far.mac, ifindex=near.index, state="permanent"
            )


def connect_veth(a: Station, b: Station, mtu: int = 1500) -> None:
    """A plain veth pair between two stations: what a wire is compared with."""
    with ExitStack() as stack, IPRoute() as route:
        inside = []
        for station in (a, b):
            inside.append(os.open(station.path, os.O_RDONLY))
            stack.callback(os.close, inside[-1])
        peer = [
            ("IFLA_IFNAME", b.interface),
            ("IFLA_ADDRESS", b.mac),
            ("IFLA_NET_NS_FD", inside[1]),
        ]
        route.link(
            "add",
            **{"kind": "veth", "ifname": a.interface, "index": a.index, "address": a.mac},
            mtu=mtu,
            net_ns_fd=inside[0],
            VETH_INFO_PEER={"index": b.index, "attrs": [*peer, ("IFLA_MTU", mtu)]},
        )
    for station in (a, b):
        station.raise_interface()


@contextmanager
def chain(routers: int, tag: str = "chain") -> Iterator[list[tuple[Station, Station]]]:
    """The links of host — router — … — router — host, as pairs of stations; not yet connected.

    A router is two stations in one namespace. Link k has the prefix 198.18.k.0/24.
    """
    with stations(routers + 2, tag) as nodes:
        yield [
            (
                _port(nodes[link - 1].namespace, f"right{link}", 2 * link, link, 1),
                _port(nodes[link].namespace, f"left{link}", 2 * link + 1, link, 2),
            )
            for link in range(1, routers + 2)
        ]


def _port(namespace: str, interface: str, number: int, subnet: int, host: int) -> Station:
    mac = f"02:00:00:{subnet:02x}:00:{host:02x}"
    return Station(namespace, interface, 100 + number, mac, f"198.18.{subnet}.{host}")


def route_chain(links: Sequence[tuple[Station, Station]]) -> None:
    """Let every router of a connected chain forward, and every node reach every link."""
    for place, (_, right) in enumerate(links[:-1]):
        with entered(right.path):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        with right.netlink() as route:
            for far in links[place + 2 :]:
                _route(route, far[0], links[place + 1][1])
            for far in links[:place]:
                _route(route, far[0], links[place][0])
    for host, gateway in ((links[0][0], links[0][1]), (links[-1][1], links[-1][0])):
        with host.netlink() as route:
            route.route("replace", dst="198.18.0.0/16", gateway=gateway.address)


def _route(route: IPRoute, far: Station, gateway: Station) -> None:
    prefix = far.address.rpartition(".")[0]
    route.route("replace", dst=f"{prefix}.0/24", gateway=gateway.address)


# ---- round-trip times --------------------------------------------------------------------------


@dataclass(frozen=True)
class RoundTrips:
    """Times of the echoes that came back, in milliseconds, in the order of their arrival."""

    sent: int
    times_ms: tuple[float, ...]
    sequence: tuple[int, ...]

    @property
    def mean_ms(self) -> float:
        return statistics.fmean(self.times_ms)

    def quantile_ms(self, share: float) -> float:
        ordered = sorted(self.times_ms)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


@contextmanager
def realtime() -> Iterator[None]:
    """The calling thread before all others where that is allowed: a prober must not be late."""
    before = os.sched_getscheduler(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_REALTIME_PRIORITY))
    except PermissionError:
        yield
        return
    try:
        yield
    finally:
        os.sched_setscheduler(0, before, os.sched_param(0))


def sample_rtt(
    source: Station, to: str, count: int, every_ms: float = 5.0, size: int = 56, wait_s: float = 1.0
) -> RoundTrips:
    """Ping ``count`` times at a steady pace; replies may take up to ``wait_s`` after the last."""
    ping = source.socket(socket.SOCK_RAW, socket.IPPROTO_ICMP)
    with ping, realtime():
        ping.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        ping.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        ping.connect((to, 0))
        return _ping(ping, count, every_ms / 1e3, size, wait_s)


def _ping(ping: socket.socket, count: int, every_s: float, size: int, wait_s: float) -> RoundTrips:
    identity, sent_ns = os.getpid() & 0xFFFF, [0] * count
    times: list[float] = []
    sequence: list[int] = []
    start, sent = time.monotonic(), 0
    while len(times) < count:
        next_s = start + sent * every_s if sent < count else start + count * every_s + wait_s
        left = next_s - time.monotonic()
        if left > 0:
            if select.select([ping], [], [], left)[0]:
                for number, received_ns in _replies(ping, identity):
                    times.append((received_ns - sent_ns[number]) / 1e6)
                    sequence.append(number)
        elif sent < count:
            echo = _echo(identity, sent, size)
            sent_ns[sent] = time.time_ns()
            ping.send(echo)
            sent += 1
        else:
            break
    return RoundTrips(count, tuple(times), tuple(sequence))


def _echo(identity: int, number: int, size: int) -> bytes:
    """An echo request (RFC 792), with the Internet checksum (RFC 1071)."""
    body = struct.pack("!BBHHH", _ECHO_REQUEST, 0, 0, identity, number) + bytes(size)
    total = sum(word for (word,) in struct.iter_unpack("!H", body + bytes(size % 2)))
    total = (total >> 16) + (total & 0xFFFF)
    checksum = ~(total + (total >> 16)) & 0xFFFF
    return body[:2] + struct.pack("!H", checksum) + body[4:]


def _replies(ping: socket.socket, identity: int) -> Iterator[tuple[int, int]]:
    with suppress(BlockingIOError):
        while True:
            packet, control, _, _ = ping.recvmsg(2048, 64, socket.MSG_DONTWAIT)
            kind, _, _, owner, number = struct.unpack_from("!BBHHH", packet, 20)
            if kind == _ECHO_REPLY and owner == identity:
                seconds, nanoseconds = struct.unpack("qq", control[0][2])
                yield number, seconds * 1_000_000_000 + nanoseconds


# ---- numbered datagrams ------------------------------------------------------------------------


@dataclass(frozen=True)
class Blast:
    """The numbers of the datagrams that arrived, in the order of their arrival."""

    sent: int
    arrived: tuple[int, ...]

    @property
    def lost(self) -> int:
        return self.sent - len(set(self.arrived))

    def loss_bursts(self) -> list[int]:
        """Lengths of the runs of consecutive numbers that are missing."""
        there, bursts, run = set(self.arrived), [], 0
        for number in range(self.sent):
            if number in there:
                bursts += [run] if run else []
            run = 0 if number in there else run + 1
        return bursts + ([run] if run else [])


def blast(
    source: Station,
    to: Station,
    count: int,
    size: int = 64,
    pps: float = 20_000,
    wait_s: float = 0.5,
) -> Blast:
    """Send numbered UDP datagrams of ``size`` bytes of payload, at most ``pps`` a second."""
    receiver, sender = to.socket(socket.SOCK_DGRAM), source.socket(socket.SOCK_DGRAM)
    with receiver, sender:
        receiver.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
        receiver.bind((to.address, _PORT))
        sender.connect((to.address, _PORT))
        padding = bytes(size - 4)
        start = time.monotonic()
        for number in range(count):
            while time.monotonic() < start + number / pps:
                pass
            sender.send(struct.pack("!I", number) + padding)
        return Blast(count, tuple(_numbers(receiver, count, wait_s)))


def _numbers(receiver: socket.socket, count: int, wait_s: float) -> Iterator[int]:
    """Until nothing came for ``wait_s``."""
    receiver.settimeout(wait_s)
    with suppress(TimeoutError):
        while True:
            yield struct.unpack_from("!I", receiver.recv(65536))[0]


@contextmanager
def steady_flow(source: Station, to: Station, rate_bps: float, size: int = 1400) -> Iterator[None]:
    """A UDP flow of this rate of payload across the link, for as long as the block lasts.

    It is sent by a process of its own, so that it does not hold up a prober in this one.
    """
    receiver, sender = to.socket(socket.SOCK_DGRAM), source.socket(socket.SOCK_DGRAM)
    with receiver, sender:
        receiver.bind((to.address, _PORT + 1))
        sender.connect((to.address, _PORT + 1))
        lifeline, cut_here = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(cut_here)
            _flow(sender, size, size * 8 / rate_bps, lifeline)
        os.close(lifeline)
        try:
            yield
        finally:
            os.close(cut_here)
            os.waitpid(child, 0)


def _flow(sender: socket.socket, size: int, every_s: float, lifeline: int) -> None:
    start, sent, payload = time.monotonic(), 0, bytes(size)
    with suppress(OSError):
        while not select.select([lifeline], [], [], every_s)[0]:
            while sent * every_s < time.monotonic() - start:
                sender.send(payload)
                sent += 1
    os._exit(0)


# ---- TCP ---------------------------------------------------------------------------------------


def tcp_bps(
    source: Station, to: Station, seconds: float, skip_s: float = 0.0, congestion: str = ""
) -> float:
    """Payload bits a second that one TCP connection delivers, without its first ``skip_s``."""
    with ExitStack() as stack:
        listener = stack.enter_context(to.socket(socket.SOCK_STREAM))
        sender = stack.enter_context(source.socket(socket.SOCK_STREAM))
        listener.bind((to.address, _PORT))
        listener.listen(1)
        if congestion:
            sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, congestion.encode())
        sender.settimeout(5)
        sender.connect((to.address, _PORT))
        receiver = stack.enter_context(listener.accept()[0])
        child = os.fork()
        if child == 0:
            receiver.close()
            _pour(sender, skip_s + seconds + 5)
        sender.close()
        try:
            return _drain(receiver, seconds, skip_s)
        finally:
            receiver.close()
            os.waitpid(child, 0)


def _pour(sender: socket.socket, seconds: float) -> None:
    """In a process of its own: send until the receiver hangs up, and end."""
    payload, end = bytes(1 << 17), time.monotonic() + seconds
    with suppress(OSError):
        while time.monotonic() < end:
            sender.send(payload)
    os._exit(0)


def _drain(receiver: socket.socket, seconds: float, skip_s: float) -> float:
    buffer, total = bytearray(1 << 17), 0
    receiver.settimeout(5)
    start = time.monotonic()
    counted_from = start + skip_s
    while time.monotonic() < counted_from + seconds:
        got = receiver.recv_into(buffer)
        if time.monotonic() < counted_from:
            continue
        total += got
    return total * 8 / (time.monotonic() - counted_from)


def goodput_share(mtu: int = 1500) -> float:
    """Payload per byte of Ethernet frame in a full TCP segment with timestamps (RFC 7323)."""
    return (mtu - 52) / (mtu + 14)


def binomial_interval(count: int, chance: float) -> tuple[float, float]:
    """Where the number of events lies in 99 of 100 cases (normal approximation)."""
    reach = 2.576 * (count * chance * (1 - chance)) ** 0.5
    return count * chance - reach, count * chance + reach


def heard_after_s(listening: Sequence[Station], act: Callable[[], object]) -> list[float]:
    """Seconds from an act until the kernel tells each station of a change of a link (rtnetlink).

    It is what a routing daemon hears; asking for the state would itself bring it up to date.
    """
    with ExitStack() as stack:
        events = []
        for station in listening:
            with entered(station.path):
                events.append(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))
            stack.enter_context(events[-1])
            events[-1].bind((0, _RTMGRP_LINK))
            events[-1].settimeout(5)
        start = time.monotonic()
        act()
        heard = dict[int, float]()
        while len(heard) < len(events):
            waiting = [number for number in range(len(events)) if number not in heard]
            ready = select.select([events[number] for number in waiting], [], [], 5)[0]
            assert ready, "nothing was heard within 5 s"
            heard |= {
                number: time.monotonic() - start for number in waiting if events[number] in ready
            }
        return [heard[number] for number in range(len(events))]


def wait_until(check: Callable[[], bool], within_s: float) -> float:
    """Seconds until a check holds, polled without a pause; AssertionError when it never does."""
    start = time.monotonic()
    while not check():
        assert time.monotonic() - start < within_s, f"not within {within_s} s"
    return time.monotonic() - start


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
