"""The ports of a node outlive it: dark while it is off, and moved to where it starts again.

A node that ends leaves its namespace, which has a name and so lives on (namespaces.py), with its
interfaces. In it they are taken down: whoever is at the other ends sees its carrier lost, as of a
machine without power, and keeps its own interface with all that is on it. A container that starts
again has another, empty namespace; the interfaces are moved there, with their numbers and MACs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pyroute2.netlink.exceptions import NetlinkError

from orchestrator.plan.model import Interface
from orchestrator.runtime.kernel.interfaces import see_interfaces
from orchestrator.runtime.network.namespaces import (
    entered,
    name_namespace,
    path_of,
    routing_socket,
)
from orchestrator.runtime.polling import wait_for

# Captures hear within milliseconds that their interfaces go (capture/follow.c).
_FOLLOWED_WITHIN_S = 1.0


def darken(namespace: str, ports: Iterable[Interface]) -> None:
    """Take the ports of a node down, those that are there."""
    with routing_socket(namespace) as socket:
        for port in ports:
            with suppress(NetlinkError):
                socket.link("set", index=port.index, state="down")


def is_dark(namespace: str, ports: Iterable[Interface]) -> bool:
    """Whether some of a node's ports are there, and none of them is up."""
    seen = see_interfaces(namespace)
    present = [seen[port.index] for port in ports if port.index in seen]
    return bool(present) and not any(port.is_up for port in present)


def move_ports(name: str, target: str, ports: Iterable[Interface]) -> None:
    """Move a node's ports from the namespace called ``name`` to the one at ``target``, which gets
    the name. They are down there, and have neither addresses nor routes.

    Captures that hear the one namespace hear the other when this returns.
    """
    with _opened(path_of(name)) as old, _opened(target) as new:
        heard = _packet_sockets(old)
        name_namespace(name, target)
        with routing_socket(old) as socket:
            for port in ports:
                with suppress(NetlinkError):  # it is not there: the caller makes it anew
                    socket.link("set", index=port.index, state="down")
                    socket.link("set", index=port.index, net_ns_fd=new)
        wait_for(lambda: _packet_sockets(new) >= heard, _FOLLOWED_WITHIN_S, every_s=0.005)


def missing_ports(namespace: str, ports: Iterable[Interface]) -> list[str]:
    """The names of those ports that a node should have in its namespace and has not."""
    seen = see_interfaces(namespace)
    return [port.name for port in ports if port.index not in seen]


def _packet_sockets(namespace: int) -> int:
    """How many sockets hear the frames of a namespace (packet(7)). Of one whose node has ended
    they are all captures'."""
    with entered(namespace):
        return len(Path("/proc/thread-self/net/packet").read_text().splitlines()) - 1


@contextmanager
def _opened(path: str) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
