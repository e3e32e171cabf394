"""What the kernels of many namespaces tell of their links, addresses and routes, as it happens.

One netlink socket hears them all. It stands in a namespace of its own in which every watched one
has a number (NETLINK_LISTEN_ALL_NSID, netlink(7)). A socket inside each would keep the namespace
of a node that dies alive, and its links up: the monitor would change what it is to watch.

The kernel does not say when a message was sent, so the time of an event is when it was read. A
thread of its own does nothing but read as long as there is something, and looks at what it has
afterwards. On an idle machine that is 0.1 ms late. Python runs one thread at a time: others of
this program that compute make it 5 ms (sys.getswitchinterval) for each of them, and a machine
without a free core may add as much as its scheduler likes.

Not all that happens is told by the kernel: routes of IPv4 that go with an interface are not, nor
are those that only stop being used because their link lost its carrier (`linkdown`).
"""

from __future__ import annotations

import errno
import itertools
import os
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol

from orchestrator.errors import HostError
from orchestrator.records.study import NetworkEvent
from orchestrator.runtime.kernel.netlink import (
    ACK,
    Message,
    ask,
    dump,
    netlink_in,
    open_netlink,
    read_messages,
    write_attribute,
)
from orchestrator.runtime.kernel.notices import Notices
from orchestrator.runtime.network.namespaces import CLONE_NEWNET, unshare

# linux/netlink.h, linux/rtnetlink.h, linux/net_namespace.h, asm-generic/socket.h
_SOL_NETLINK, _LISTEN_ALL_NSID = 270, 8
_GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400  # links; addresses and routes of both families
_RTM_NEWNSID, _NETNSA_NSID, _NETNSA_FD = 88, 1, 3
_RTM_GETLINK, _RTM_GETADDR = 18, 22
_SO_RCVBUFFORCE, _BUFFER_BYTES = 33, 32 << 20
_DATAGRAM_BYTES, _CONTROL_BYTES = 1 << 16, 64

Tell = Callable[[NetworkEvent], None]
_Received = tuple[bytes, list[tuple[int, int, bytes]], int, Any]


class Hearing(Protocol):
    """A socket, as far as it is read from."""

    def recvmsg(self, bufsize: int, ancbufsize: int, /) -> _Received:
        """Data, what the kernel says beside it, flags, and the sender."""


class Monitor:
    """Hears the namespaces that are added to it until it is closed; use `watch`.

    ``events`` holds what was heard, where nobody else is told. Messages that were lost, because
    more came than could be read, make an event of kind "monitor" with the action "overrun".
    """

    def __init__(self, tell: Tell | None = None) -> None:
        self.events: list[NetworkEvent] = []
        self._tell = tell or self.events.append
        self._notices: dict[int, Notices] = {}
        self._numbers: dict[str, int] = {}
        self._unused = itertools.count(1)
        self._lock = threading.Lock()
        with ThreadPoolExecutor(1) as thread:
            self._hearing, self._asking = thread.submit(_open_sockets).result()
        self._end = os.eventfd(0)
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
        self._thread.start()

    def add(self, node: str, path: str) -> None:
        """Watch the namespace at ``path`` from now on.

        What is in it already is told only where the node was watched before: it restarted, and
        all of its interfaces and addresses are new. Raises OSError where there is none.
        """
        with self._lock:  # what comes meanwhile is read when it is known how all was before
            number, notices = next(self._unused), Notices(node)
            if not self._give_number(path, number):
                return
            present = [
                event
                for kind, flags, body in _dump(path)
                for event in notices.read(time.time_ns(), kind, flags, body)
            ]
            if node in self._numbers:
                del self._notices[self._numbers[node]]
                for event in present:
                    self._tell(event)
            self._notices[number], self._numbers[node] = notices, number

    def _give_number(self, path: str, number: int) -> bool:
        """Let the namespace be known by a number here; False if it is already."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            numbers = (_NETNSA_NSID, number), (_NETNSA_FD, descriptor)
            body = b"".join(write_attribute(kind, struct.pack("=i", n)) for kind, n in numbers)
            ask(self._asking, _RTM_NEWNSID, ACK, bytes(4) + body)
        except FileExistsError:
            return False
        finally:
            os.close(descriptor)
        return True

    def close(self) -> None:
        """Tell what was heard up to now, and stop."""
        os.eventfd_write(self._end, 1)
        self._thread.join()
        os.close(self._end)
        self._hearing.close()
        self._asking.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._hearing, selectors.EVENT_READ)
            selector.register(self._end, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                self._hear()
                if self._end in ready:
                    return

    def _hear(self) -> None:
        """Read all there is, and only then look at it."""
        heard = list(received(self._hearing))
        with self._lock:
            for time_ns, number, data in heard:
                if number is None:
                    self._tell(NetworkEvent(time_ns, "", "monitor", "overrun", ""))
                elif number in self._notices:
                    for message in read_messages(data):
                        for event in self._notices[number].read(time_ns, *message):
                            self._tell(event)


@contextmanager
def watch(namespaces: Mapping[str, str], tell: Tell | None = None) -> Iterator[Monitor]:
    """Watch namespaces, given as node → path, while the block runs.

    Each event is told to ``tell``, in the monitor's thread; without it, events are kept in the
    monitor's ``events``, which are complete when the block has ended. A node that ends just
    falls silent; give its new namespace to `Monitor.add` when it starts again. Raises OSError
    where a namespace is not there, and HostError where this is not allowed.
    """
    monitor = Monitor(tell)
    try:
        for node, path in namespaces.items():
            monitor.add(node, path)
        yield monitor
    finally:
        monitor.close()


def _open_sockets() -> tuple[socket.socket, socket.socket]:
    """One that hears and one to ask with, in a new namespace, which lives as long as they do."""
    unshare(CLONE_NEWNET)
    hearing, asking = open_netlink(), open_netlink()
    try:
        hearing.setsockopt(_SOL_NETLINK, _LISTEN_ALL_NSID, 1)
        hearing.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
    except PermissionError as error:
        hint = "use sudo (CAP_NET_BROADCAST is needed besides CAP_NET_ADMIN)"
        raise HostError("the kernel lets nobody but root hear other namespaces", hint) from error
    hearing.setblocking(False)
    hearing.bind((0, _GROUPS))
    return hearing, asking


def received(hearing: Hearing) -> Iterator[tuple[int, int | None, bytes]]:
    """Each datagram that waits: when it was read, and its namespace's number; None: some lost."""
    while True:
        try:
            data, ancillary, _, _ = hearing.recvmsg(_DATAGRAM_BYTES, _CONTROL_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            yield time.time_ns(), None, b""
            continue
        now_ns = time.time_ns()
        for level, kind, value in ancillary:
            if (level, kind) == (_SOL_NETLINK, _LISTEN_ALL_NSID):
                yield now_ns, struct.unpack("=i", value)[0], data


def _dump(path: str) -> Iterator[Message]:
    """The links and addresses of a namespace, as messages."""
    with netlink_in(path) as netlink:
        for question in (_RTM_GETLINK, _RTM_GETADDR):
            yield from dump(netlink, question, bytes(4))
