"""Cuts of kernel links: a switch's port taken down, a queueing discipline that swallows all."""

from __future__ import annotations

from pyroute2 import IPRoute
from pyroute2.netlink.rtnl import TC_H_ROOT

from orchestrator.errors import FaultError
from orchestrator.runtime.links.netem import netem_counters
from orchestrator.runtime.network.namespaces import routing_socket
from orchestrator.runtime.polling import wait_for

_BLACKHOLE_HANDLE = 0x10000
_CARRIER_WITHIN_S = 2.0


def set_port(namespace: str, index: int, is_up: bool) -> None:
    """Take a switch's port down or up; the node at its other end loses or gets its carrier."""
    with routing_socket(namespace) as socket:
        socket.link("set", index=index, state="up" if is_up else "down")


def await_carrier(namespace: str, index: int, is_up: bool, end: str) -> None:
    """See that an interface has its carrier, or has not. Raises FaultError."""
    with routing_socket(namespace) as socket:

        def is_so() -> bool:
            [link] = socket.get_links(index)
            return bool(link.get_attr("IFLA_CARRIER")) == is_up

        if not wait_for(is_so, _CARRIER_WITHIN_S, every_s=0.001):
            raise FaultError(f"{end} {'has no' if is_up else 'kept its'} carrier")


def set_blackhole(namespace: str, index: int) -> None:
    """Every frame that would leave by an interface vanishes (sch_blackhole, in every kernel)."""
    with routing_socket(namespace) as socket:
        socket.tc(
            "replace", kind="blackhole", index=index, handle=_BLACKHOLE_HANDLE, parent=TC_H_ROOT
        )
        if _root_kind(socket, index) != "blackhole":
            raise FaultError(f"interface {index} took no blackhole")


def lift_blackhole(namespace: str, index: int) -> None:
    """Let frames leave again; fine where they do."""
    with routing_socket(namespace) as socket:
        if _root_kind(socket, index) == "blackhole":
            socket.tc("del", index=index, parent=TC_H_ROOT)


def read_qdisc(namespace: str, index: int) -> dict[str, object]:
    """What an interface sends through, and its counters if it is netem."""
    with routing_socket(namespace) as socket:
        kind = _root_kind(socket, index)
    return {"qdisc": kind, **netem_counters(namespace, index)}


def _root_kind(socket: IPRoute, index: int) -> str:
    roots = [q for q in socket.get_qdiscs(index=index) if q["parent"] == TC_H_ROOT]
    return str(roots[0].get_attr("TCA_KIND")) if roots else ""
