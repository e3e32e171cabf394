"""The legend to a lab's packets: what they do not tell of themselves, and the plan does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from orchestrator.plan.addresses import Address
from orchestrator.plan.hops import leased_to
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import BalancerSettings

NAMES_AT_MOST = 2000
"""A name and its address take some 34 octets: at most 70 kB in the file of each node."""


def address_names(plan: Plan) -> dict[Address, str]:
    """Whose each address is: a node's, leased and link-local ones too, or an anycast service's.

    One that several nodes hold and no service shares among them is nobody's.
    """
    holders: dict[Address, set[str]] = defaultdict(set)
    for node in plan.nodes.values():
        for address in _own(node):
            holders[address].add(node.name)
    names = {address: min(nodes) for address, nodes in holders.items() if len(nodes) == 1}
    for service in plan.anycast.values():
        names.update(dict.fromkeys(service.addresses, service.name))
    return names


def names_for_nodes(plan: Plan) -> dict[Address, str]:
    """What `address_names` says, for a file of each node; nothing of a large lab."""
    names = address_names(plan)
    return names if len(names) <= NAMES_AT_MOST else {}


def mac_names(plan: Plan) -> dict[str, str]:
    """The interface that each MAC is of, as ``node:interface``; a node may be a switch."""
    ports = [(node.name, port) for node in plan.nodes.values() for port in node.interfaces]
    ports += [(switch.name, port) for switch in plan.switches.values() for port in switch.ports]
    return {port.mac: f"{name}:{port.name}" for name, port in ports}


def http_ports(plan: Plan) -> tuple[int, ...]:
    """The TCP ports of servers behind balancers: HTTP, which no port number tells of itself."""
    settings = [node.settings for node in plan.nodes.values()]
    balancers = [value for value in settings if isinstance(value, BalancerSettings)]
    return tuple(sorted({at.port for value in balancers for at in (*value.web, *value.apps)}))


def _own(node: Node) -> Iterator[Address]:
    yield from node.loopbacks
    yield from leased_to(node)
    for port in node.interfaces:
        yield port.link_local
        yield from (entry.ip for entry in port.addresses)
