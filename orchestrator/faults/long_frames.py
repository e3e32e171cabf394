"""An eBPF program on an interface that lets frames beyond a length vanish as they leave.

It sits on the egress hook of the qdisc clsact (tc-bpf(8)), beside whatever else the interface
sends through. A super-frame that is to be cut into packets later (GSO) counts as long as the
longest packet it becomes.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from orchestrator.errors import FaultError
from orchestrator.refusals import why
from orchestrator.runtime.network.namespaces import routing_socket

NAME = "clicklab-mtu"
_CALLS = {"x86_64": 321, "aarch64": 280}  # bpf(2)
_PROG_LOAD, _SCHED_CLS = 5, 3
_EGRESS, _CLSACT = 0xFFFFFFF3, 0xFFFFFFF1  # linux/pkt_sched.h
_ETHERNET_BYTES = 14
# Fields of struct __sk_buff (linux/bpf.h).
_LEN, _WIRE_LEN, _GSO_SEGS, _GSO_SIZE = 0, 160, 164, 176
# Opcodes (linux/bpf_common.h, linux/bpf.h) and what a classifier answers (linux/pkt_cls.h).
_LOAD, _MOVE, _ADD, _SUB, _DIV, _IF_EQ, _IF_GT, _EXIT = (
    0x61,
    0xB7,
    0x0F,
    0x1F,
    0x3F,
    0x15,
    0x25,
    0x95,
)
_DECREMENT = 0x07
_UNSPEC, _SHOT = -1, 2


def _instruction(code: int, to: int = 0, source: int = 0, offset: int = 0, value: int = 0) -> bytes:
    return struct.pack("<BBhi", code, source << 4 | to, offset, value)


def dropping(mtu: int) -> bytes:
    """The program: drops what carries an IP packet of more than ``mtu`` bytes.

    Of a super-frame that is GSO's size and the headers, which ``wire_len`` counts once per packet:
    (wire_len - len) / (gso_segs - 1).
    """
    packet = 1
    return b"".join(
        (
            _instruction(_LOAD, 2, packet, _LEN),
            _instruction(_LOAD, 3, packet, _GSO_SIZE),
            _instruction(_IF_EQ, 3, offset=7, value=0),
            _instruction(_LOAD, 4, packet, _WIRE_LEN),
            _instruction(_SUB, 4, 2),
            _instruction(_LOAD, 5, packet, _GSO_SEGS),
            _instruction(_DECREMENT, 5, value=-1),
            _instruction(_DIV, 4, 5),
            _instruction(_ADD, 3, 4),
            _instruction(_MOVE | 0x08, 2, 3),
            _instruction(_MOVE, 0, value=_UNSPEC),
            _instruction(_IF_GT, 2, offset=1, value=mtu + _ETHERNET_BYTES),
            _instruction(_EXIT),
            _instruction(_MOVE, 0, value=_SHOT),
            _instruction(_EXIT),
        )
    )


def _load(program: bytes) -> int:
    """A descriptor of the program in the kernel. Raises FaultError."""
    code, license_ = ctypes.create_string_buffer(program), ctypes.create_string_buffer(b"GPL")
    count = len(program) // 8
    attributes = struct.pack(
        "<IIQQIIQ", _SCHED_CLS, count, ctypes.addressof(code), ctypes.addressof(license_), 0, 0, 0
    ).ljust(128, b"\0")
    libc = ctypes.CDLL(None, use_errno=True)
    number = _CALLS.get(platform.machine())
    if number is None:
        raise FaultError(f"eBPF programs are not known for a {platform.machine()}")
    descriptor = libc.syscall(number, _PROG_LOAD, attributes, len(attributes))
    if descriptor < 0:
        said = os.strerror(ctypes.get_errno())
        raise FaultError(f"the kernel took no eBPF program: {said}", "it needs CONFIG_BPF_SYSCALL")
    return int(descriptor)


def drop_long(namespace: str, index: int, mtu: int) -> None:
    """Let what leaves an interface vanish beyond ``mtu`` bytes of IP. Raises FaultError."""
    descriptor = _load(dropping(mtu))
    try:
        with routing_socket(namespace) as socket:
            if not _has_clsact(socket, index):
                socket.tc("add", kind="clsact", index=index)
            socket.tc(
                "add-filter",
                kind="bpf",
                index=index,
                fd=descriptor,
                name=NAME,
                parent=_EGRESS,
                classid=1,
                direct_action=True,
            )
    except NetlinkError as error:
        hint = "it needs CONFIG_NET_SCH_INGRESS and CONFIG_NET_CLS_BPF"
        raise FaultError(f"interface {index} took no eBPF program: {why(error)}", hint) from None
    finally:
        os.close(descriptor)


def _has_clsact(socket: IPRoute, index: int) -> bool:
    kinds = [q.get_attr("TCA_KIND") for q in socket.get_qdiscs(index=index)]
    return "clsact" in kinds


def drops_long(namespace: str, index: int) -> bool:
    """Whether the kernel says that the program is there."""
    with routing_socket(namespace) as socket:
        if not _has_clsact(socket, index):
            return False
        for found in socket.get_filters(index=index, parent=_EGRESS):
            options = found.get_attr("TCA_OPTIONS")
            if options is not None and options.get_attr("TCA_BPF_NAME") == NAME:
                return True
    return False


def pass_long(namespace: str, index: int) -> None:
    """Remove it; fine where it is not, or where the interface is gone."""
    with routing_socket(namespace) as socket:
        try:
            if _has_clsact(socket, index):
                socket.tc("del", kind="clsact", index=index)
        except NetlinkError as error:
            if error.code not in (errno.ENODEV, errno.ENOENT, errno.EINVAL):
                raise
