"""Frames as they would be on a real wire: at most an MTU long, with their checksums in them.

Linux passes frames of up to 64 kB between namespaces and leaves their checksums to hardware that
is not there. A capture would show packets that no network has ever carried, so while one runs the
offloads of the interfaces it looks at are off (ethtool(8); SIOCETHTOOL, linux/ethtool.h).
"""

from __future__ import annotations

import ctypes
import fcntl
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from orchestrator.runtime.namespaces import entered

_SIOCETHTOOL = 0x8946
# What reads and what sets a feature. The checksum goes last and comes back first: the kernel
# segments nothing whose checksum it may not fill in.
_FEATURES = {
    "tso": (0x1E, 0x1F),
    "gso": (0x23, 0x24),
    "gro": (0x2B, 0x2C),
    "rx checksum": (0x14, 0x15),
    "tx checksum": (0x16, 0x17),
}


@contextmanager
def exact_frames(interfaces: Mapping[str, Iterable[str]]) -> Iterator[None]:
    """Namespace path → interface names, whose offloads are off until the block ends."""
    with ExitStack() as stack:
        for namespace, names in interfaces.items():
            with entered(namespace):
                asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            stack.enter_context(asking)
            for name in names:
                _switch_off(stack, asking, name)
        yield


def _switch_off(stack: ExitStack, asking: socket.socket, name: str) -> None:
    for read, write in _FEATURES.values():
        if _ask(asking, name, read):
            stack.callback(_restore, asking, name, write)
            _ask(asking, name, write, 0)


def _restore(asking: socket.socket, name: str, command: int) -> None:
    """On again; an interface that is gone by now needs nothing."""
    _ask(asking, name, command, 1)


def _ask(asking: socket.socket, name: str, command: int, value: int = 0) -> int:
    """Ethtool's answer, or 0 where the interface has no such feature, or is no more."""
    request = ctypes.create_string_buffer(struct.pack("II", command, value), 8)
    ifreq = struct.pack("16sP", name.encode(), ctypes.addressof(request))
    try:
        fcntl.ioctl(asking.fileno(), _SIOCETHTOOL, ifreq)
    except OSError:
        return 0
    return int(struct.unpack("II", request.raw)[1])
