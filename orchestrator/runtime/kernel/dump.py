"""All that a kernel has of a kind, asked over rtnetlink(7) and told as raw messages.

pyroute2 takes ten times as long for a table; who reads whole tables of whole labs reads them here.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.runtime.network.namespaces import entered

# linux/netlink.h
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_REQUEST_DUMP = 0x001 | 0x300
_HEADER = struct.Struct("=IHHII")
_ANSWER_BYTES = 1 << 18


@contextmanager
def netlink_in(namespace: str) -> Iterator[socket.socket]:
    """A socket that asks the kernel of the namespace at a path. Raises OSError."""
    with entered(namespace):
        netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    with netlink:
        yield netlink


def dump(netlink: socket.socket, question: int, body: bytes, kind: int) -> Iterator[bytes]:
    """The messages of ``kind`` that answer a ``question`` (RTM_GET…), without their headers.

    Raises OSError where the kernel does not tell.
    """
    size = _HEADER.size + len(body)
    netlink.sendto(_HEADER.pack(size, question, _REQUEST_DUMP, 1, 0) + body, (0, 0))
    while True:
        data = netlink.recv(_ANSWER_BYTES)
        while data:
            size, told, *_ = _HEADER.unpack_from(data)
            if told == _NLMSG_DONE:
                return
            if told == _NLMSG_ERROR:
                (number,) = struct.unpack_from("=i", data, _HEADER.size)
                raise OSError(-number, f"the kernel does not tell: {os.strerror(-number)}")
            if told == kind:
                yield data[_HEADER.size : size]
            data = data[size + -size % 4 :]
