"""What the nodes themselves can say after a visit: their logs, their FIBs, their NAT."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from pyroute2 import NFCTSocket
from pyroute2.netlink.exceptions import NetlinkError

from orchestrator.plan.addresses import Address
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import RouterSettings
from orchestrator.plan.services import GatewaySettings
from orchestrator.records.testimony import ForwardingEntry, Translation
from orchestrator.runtime.engine.containers import Container
from orchestrator.runtime.engine.kept_output import lines_between
from orchestrator.runtime.kernel.fib_dump import dump_fib
from orchestrator.runtime.network.namespaces import entered

# Beyond that many nodes their FIBs together are too much to keep with every visit.
MOST_NODES = 150
# A protocol, then a source with its port and a target with its own.
_Ends = tuple[str, Address, int, Address, int]
_PROTOCOL_NAMES = {6: "tcp", 17: "udp"}


def read_logs(
    containers: Mapping[str, Container], since_s: float, until_s: float
) -> dict[str, str]:
    """What each node's daemons wrote between two moments (seconds since 1970-01-01 UTC).

    Every line begins with its time in nanoseconds. Nodes that wrote nothing are left out, and so
    are those whose log is gone, or on another machine.
    """
    found = {node: _log(each, since_s, until_s) for node, each in containers.items()}
    return {node: text for node, text in found.items() if text}


def _log(container: Container, since_s: float, until_s: float) -> str:
    try:
        lines = [*lines_between(container.log, int(since_s * 1e9), int(until_s * 1e9))]
    except OSError:
        return ""
    return "".join(f"{line.time_ns} {line.text}\n" for line in lines)


def read_forwarding(
    plan: Plan, containers: Mapping[str, Container]
) -> dict[str, list[ForwardingEntry]]:
    """The FIBs of all that forward; {} in labs too large for that."""
    if len(plan.nodes) > MOST_NODES:
        return {}
    kinds = (RouterSettings, GatewaySettings)
    nodes = [n for n in plan.nodes.values() if isinstance(n.settings, kinds)]
    return {
        node.name: list(dump_fib(containers[node.name].namespace, _names(node)))
        for node in nodes
        if node.name in containers and containers[node.name].running
    }


def _names(node: Node) -> dict[int, str]:
    return {port.index: port.name for port in node.interfaces}


def read_translations(
    plan: Plan, containers: Mapping[str, Container]
) -> dict[str, list[Translation]]:
    """The connection tracking of all home gateways that run (nf_conntrack_netlink)."""
    gateways = [n.name for n in plan.nodes.values() if isinstance(n.settings, GatewaySettings)]
    return {
        name: list(_translations_of(containers[name]))
        for name in gateways
        if name in containers and containers[name].running
    }


def _translations_of(container: Container) -> Iterator[Translation]:
    # It opens its socket when first asked, so that must happen inside too.
    with entered(container.namespace), NFCTSocket() as asking:
        try:
            entries = list(asking.dump())
        except NetlinkError:  # a kernel without it; the packets on both sides tell all the same
            return
    for entry in entries:
        forth, back = _tuple(entry, "CTA_TUPLE_ORIG"), _tuple(entry, "CTA_TUPLE_REPLY")
        if forth and back:
            yield Translation(*forth, back[1], back[2], back[3], back[4], state=_state(entry))


def _tuple(entry: Any, name: str) -> _Ends | None:
    """None of what has no ports."""
    ends = entry.get_attr(name)
    addresses, transport = ends.get_attr("CTA_TUPLE_IP"), ends.get_attr("CTA_TUPLE_PROTO")
    protocol = _PROTOCOL_NAMES.get(transport.get_attr("CTA_PROTO_NUM"))
    if protocol is None:
        return None
    source = addresses.get_attr("CTA_IP_V4_SRC") or addresses.get_attr("CTA_IP_V6_SRC")
    target = addresses.get_attr("CTA_IP_V4_DST") or addresses.get_attr("CTA_IP_V6_DST")
    ports = (transport.get_attr("CTA_PROTO_SRC_PORT"), transport.get_attr("CTA_PROTO_DST_PORT"))
    return protocol, ip_address(source), ports[0], ip_address(target), ports[1]


def _state(entry: Any) -> str:
    """Of TCP (linux/netfilter/nf_conntrack_tcp.h)."""
    info = entry.get_attr("CTA_PROTOINFO")
    tcp = info.get_attr("CTA_PROTOINFO_TCP") if info else None
    number = tcp.get_attr("CTA_PROTOINFO_TCP_STATE") if tcp else None
    return _TCP_STATES.get(number or 0, "")


_TCP_STATES = {
    1: "SYN_SENT",
    2: "SYN_RECV",
    3: "ESTABLISHED",
    4: "FIN_WAIT",
    5: "CLOSE_WAIT",
    6: "LAST_ACK",
    7: "TIME_WAIT",
    8: "CLOSE",
}
