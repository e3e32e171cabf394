"""Forty interfaces in bare namespaces, and a flow that crosses eight of them.

    src:eth0 — west r1 east — west r2 east — west r3 east — eth0:dst      and 16 idle pairs

Needs root, no Docker.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator.capture.mux import Tap
from orchestrator.runtime.network.namespaces import (
    create_namespace,
    entered,
    path_of,
    remove_namespace,
    routing_socket,
)

PAYLOAD_BYTES, PORT = 1400, 5001
FRAME_BYTES = PAYLOAD_BYTES + 42  # Ethernet, IPv4, UDP
ROW = (("src", "eth0"), ("r1", "west"), ("r1", "east"), ("r2", "west"), ("r2", "east"),
       ("r3", "west"), ("r3", "east"), ("dst", "eth0"))  # fmt: skip
IDLE_PAIRS = 16
_STEP_S = 0.001


@dataclass(frozen=True)
class Street:
    """The namespaces by node, and the taps of all forty interfaces."""

    paths: dict[str, str]
    taps: tuple[Tap, ...]

    def send(self, rate_bps: float, seconds: float) -> int:
        """Send datagrams from src to dst at a steady rate. Returns how many were sent."""
        wanted, sent = int(rate_bps * seconds / 8 / FRAME_BYTES), 0
        with entered(self.paths["dst"]):
            target = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with entered(self.paths["src"]):
            source = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with target, source:
            target.bind(("10.9.3.2", PORT))
            payload, started, pace = bytes(PAYLOAD_BYTES), time.monotonic(), threading.Event()
            while sent < wanted:
                due = (time.monotonic() - started) * rate_bps / 8 / FRAME_BYTES
                while sent < min(due, wanted):
                    source.sendto(payload, ("10.9.3.2", PORT))
                    sent += 1
                pace.wait(_STEP_S)
        return sent


@contextmanager
def street() -> Iterator[Street]:
    """Build it, and remove it again whatever happens."""
    nodes = dict.fromkeys(node for node, _ in ROW)
    idle = [f"idle{number}" for number in range(2 * IDLE_PAIRS)]
    with ExitStack() as stack:
        paths = {}
        for name in (*nodes, *idle):
            namespace = f"flow-{os.getpid()}-{name}"
            create_namespace(namespace)
            stack.callback(remove_namespace, namespace)
            paths[name] = path_of(namespace)
        for number in range(len(ROW) // 2):
            connect(paths, ROW[2 * number], ROW[2 * number + 1], f"10.9.{number}")
        for left, right in zip(idle[::2], idle[1::2], strict=True):
            connect(paths, (left, "eth0"), (right, "eth0"), "10.8.0")
        _set_routes(paths)
        ports = {name: [port for node, port in ROW if node == name] or ["eth0"] for name in paths}
        yield Street(paths, tuple(Tap(name, paths[name], tuple(ports[name])) for name in paths))


def connect(paths: dict[str, str], a: tuple[str, str], b: tuple[str, str], prefix: str) -> None:
    """A link between two interfaces, which get the addresses ``prefix``.1 and .2."""
    with routing_socket(paths[a[0]]) as near, routing_socket(paths[b[0]]) as far:
        peer = {"ifname": b[1], "net_ns_fd": paths[b[0]]}
        near.link("add", ifname=a[1], kind="veth", peer=peer)
        for end, name, host in ((near, a[1], 1), (far, b[1], 2)):
            [index] = end.link_lookup(ifname=name)
            end.addr("add", index=index, address=f"{prefix}.{host}", prefixlen=24)
            end.link("set", index=index, state="up")


def _set_routes(paths: dict[str, str]) -> None:
    with routing_socket(paths["src"]) as source:
        source.route("add", dst="10.9.0.0/16", gateway="10.9.0.2")
    for number in (1, 2, 3):
        with entered(paths[f"r{number}"]):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        if number < 3:
            with routing_socket(paths[f"r{number}"]) as router:
                router.route("add", dst="10.9.3.0/24", gateway=f"10.9.{number}.2")
