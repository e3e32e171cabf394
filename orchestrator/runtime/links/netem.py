"""Impairments by the kernel's own emulator, the queueing discipline netem (tc-netem(8)).

An impairment becomes the root qdisc of the interface its frames leave through; what it does
there, and where it differs from `wire`, is told in netem_options.py.

Distribution tables go in and never come out again: the kernel does not report them. So the
qdisc's handle says which one it was made with. A change of anything else is made in place, and
queued frames stay queued; another distribution takes a new qdisc, and they are lost, as they
are when the qdisc is removed.
"""

from __future__ import annotations

import dataclasses
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

from pyroute2 import IPRoute
from pyroute2.netlink import (
    NLM_F_ACK,
    NLM_F_CREATE,
    NLM_F_ECHO,
    NLM_F_REPLACE,
    NLM_F_REQUEST,
    nlmsg,
)
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.rtnl import RTM_DELQDISC, RTM_GETQDISC, RTM_NEWQDISC, TC_H_ROOT
from pyroute2.netlink.rtnl.tcmsg import tcmsg

from orchestrator.errors import FaultError
from orchestrator.plan.impairment import CLEAR, Distribution, Impairment
from orchestrator.runtime.links.netem_options import (
    decode_options,
    encode_options,
    obstacle,
    quantised,
)
from orchestrator.runtime.network.namespaces import entered

# Far from those the kernel gives out by itself, 0x8000 and up.
_HANDLES: dict[Distribution, int] = {
    name: (0x6E00 + number) << 16 for number, name in enumerate(get_args(Distribution), start=1)
}


class _QdiscMessage(nlmsg):  # type: ignore[misc]
    """pyroute2's tcmsg, with the options left as bytes."""

    prefix = "TCA_"
    fields = tcmsg.fields
    nla_map = (("TCA_UNSPEC", "none"), ("TCA_KIND", "asciiz"), ("TCA_OPTIONS", "cdata"))


def apply_netem(namespace: str, index: int, impairment: Impairment) -> None:
    """Give an interface this impairment, in place of what it had; see that it took.

    ``namespace`` is the path of a network namespace. CLEAR removes the qdisc, and with it the
    frames that wait in it. Raises FaultError where netem cannot do it or the kernel did not.
    """
    if reason := obstacle(impairment):
        raise FaultError(f"netem cannot {reason}", "the userspace link can: backend wire")
    wanted = quantised(impairment)
    with _routing_socket(namespace) as socket, _explained(index):
        if wanted.is_none:
            _remove(socket, index)
        else:
            _replace(socket, index, impairment)
        seen = _read(socket, index)
    if seen != wanted:
        raise FaultError(
            f"interface {index}: the kernel did not take {_difference(wanted, seen)}",
            "a kernel of 4.15 or newer knows all of netem's options",
        )


def read_netem(namespace: str, index: int) -> Impairment:
    """What the kernel says of an interface; CLEAR where its root qdisc is no netem."""
    with _routing_socket(namespace) as socket, _explained(index):
        return _read(socket, index)


def netem_counters(namespace: str, index: int) -> dict[str, int]:
    """What passed the qdisc, was lost in it, and is in it; frames in packets, sizes in bytes.

    Empty where the interface has no netem. ``drops`` has what was lost at random, too.
    """
    with _routing_socket(namespace) as socket, _explained(index):
        reply = _root_netem(socket, index)
    if reply is None:
        return {}
    stats = reply.get_attr("TCA_STATS2")
    sent, queue = stats.get_attr("TCA_STATS_BASIC"), stats.get_attr("TCA_STATS_QUEUE")
    return {
        "sent_packets": sent["packets"],
        "sent_bytes": sent["bytes"],
        "drops": queue["drops"],
        "backlog_packets": queue["qlen"],
        "backlog_bytes": queue["backlog"],
    }


def _replace(socket: IPRoute, index: int, impairment: Impairment) -> None:
    """Where a netem of this handle is, the kernel changes it in place; else it makes one."""
    attributes = [("TCA_KIND", "netem"), ("TCA_OPTIONS", encode_options(impairment))]
    handle = _HANDLES[impairment.distribution]
    _request(socket, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index, handle, attributes)


def _remove(socket: IPRoute, index: int) -> None:
    if _root_netem(socket, index) is not None:
        _request(socket, RTM_DELQDISC, 0, index)


def _read(socket: IPRoute, index: int) -> Impairment:
    reply = _root_netem(socket, index)
    if reply is None:
        return CLEAR
    message = _QdiscMessage(reply.data, offset=reply.offset)
    message.decode()
    by_handle = {handle: distribution for distribution, handle in _HANDLES.items()}
    distribution = by_handle.get(message["handle"], "uniform")
    return decode_options(message.get_attr("TCA_OPTIONS"), distribution)


def _root_netem(socket: IPRoute, index: int) -> Any:
    # Without ECHO the kernel answers those who listen to changes, but not who asked.
    for reply in _request(socket, RTM_GETQDISC, NLM_F_ECHO, index):
        if reply["header"]["type"] == RTM_NEWQDISC and reply.get_attr("TCA_KIND") == "netem":
            return reply
    return None


def _request(
    socket: IPRoute,
    kind: int,
    flags: int,
    index: int,
    handle: int = 0,
    attributes: list[tuple[str, Any]] | None = None,
) -> list[Any]:
    message = _QdiscMessage()
    message["header"]["type"] = kind
    message["header"]["flags"] = NLM_F_REQUEST | NLM_F_ACK | flags
    message["index"], message["handle"], message["parent"] = index, handle, TC_H_ROOT
    message["attrs"] = attributes or []
    return list(socket.nlm_request_batch([message]))


def _difference(wanted: Impairment, seen: Impairment) -> str:
    fields = (field.name for field in dataclasses.fields(Impairment))
    pairs = ((name, getattr(wanted, name), getattr(seen, name)) for name in fields)
    return ", ".join(f"{name} {ask} (has {has})" for name, ask, has in pairs if ask != has)


@contextmanager
def _explained(index: int) -> Iterator[None]:
    """Netlink's errors as what they mean to a user."""
    try:
        yield
    except NetlinkError as error:
        if error.code == errno.ENOENT:
            raise FaultError(
                "this kernel has no netem",
                "modprobe sch_netem (Debian and Ubuntu have it in their kernels' packages), "
                "or use the userspace link: backend wire",
            ) from error
        raise FaultError(f"interface {index}: netem: {os.strerror(error.code)}") from error


@contextmanager
def _routing_socket(namespace: str) -> Iterator[IPRoute]:
    try:
        with entered(namespace):
            socket = IPRoute()
    except FileNotFoundError as error:
        raise FaultError(f"there is no namespace {namespace}", "is the node running?") from error
    with socket:
        yield socket
