"""Links and addresses against the plan: as recorded, and as the kernel and `wire` have them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from ipaddress import ip_interface

from orchestrator.drift.look import Finding, Look
from orchestrator.errors import LabError
from orchestrator.plan.addresses import HostAddress
from orchestrator.plan.hops import leased_to
from orchestrator.plan.impairment import Impairment
from orchestrator.plan.model import Endpoint, Link, Node
from orchestrator.plan.services import HostSettings
from orchestrator.refusals import why
from orchestrator.runtime.kernel.interfaces import Seen
from orchestrator.runtime.links.backends import verify, wire_settings
from orchestrator.runtime.links.netem import read_netem
from orchestrator.runtime.links.netem_options import quantised
from orchestrator.runtime.links.state import DIRECTIONS, is_changed
from orchestrator.runtime.network.families import held_back
from orchestrator.runtime.network.wiring import interface_at
from orchestrator.runtime.wire.process import WireControl

_LOOPBACK = 1
_EVERYBODY = {ip_interface("127.0.0.1/8"), ip_interface("::1/128")}


def compare_links(look: Look, names: Collection[str]) -> Iterator[Finding]:
    """Every link is as the plan starts it: by our record, and by what carries it."""
    made = [name for name in names if name in look.links]
    yield from ((name, f"link {name} was never made") for name in names if name not in made)
    for name in made:
        link, recorded = look.plan.links[name], look.links[name]
        if is_changed(link, recorded):
            yield name, f"link {name} is changed"
        if any(_is_away(look, end) for end in (link.a, link.b)):
            continue  # told already, by who compares the nodes
        for end in (link.a, link.b):
            if reason := _ill_end(look, end):
                yield name, f"link {name}: {reason}"
    yield from _compare_wire(look, [name for name in made if look.links[name].backend == "wire"])
    yield from _compare_kernel(look, [name for name in made if look.links[name].backend != "wire"])


def _ill_end(look: Look, end: Endpoint) -> str:
    seen = _seen(look, end)
    if seen is None:
        return f"{end} is not there"
    return "" if seen.is_up and seen.carrier else f"{end} has no carrier"


def _is_away(look: Look, end: Endpoint) -> bool:
    """Whether an end is a node's that does not run."""
    return end.node in look.plan.nodes and not list(look.running([end.node]))


def _seen(look: Look, end: Endpoint) -> Seen | None:
    if end.node not in look.namespaces:
        return None
    try:
        return look.interfaces(end.node).get(interface_at(look.plan, end).index)
    except OSError:
        return None


def _senders(link: Link) -> Iterable[tuple[str, Endpoint]]:
    return zip(DIRECTIONS, (link.a, link.b), strict=True)


def _compare_kernel(look: Look, names: Iterable[str]) -> Iterator[Finding]:
    """What frames of plain and of netem links leave through."""
    for name in names:
        link, recorded = look.plan.links[name], look.links[name]
        for direction, end in _senders(link):
            seen, planned = _seen(look, end), link.ab if direction == "ab" else link.ba
            wanted = "noqueue" if planned.is_none or recorded.backend == "veth" else "netem"
            if seen is not None and seen.qdisc != wanted:
                yield name, f"link {name}: {end} sends through {seen.qdisc}, not {wanted}"
            elif wanted == "netem" and seen and not _is_impaired_so(look, end, planned):
                yield name, f"link {name}: the kernel impairs {end} in another way"


def _is_impaired_so(look: Look, end: Endpoint, planned: Impairment) -> bool:
    index = interface_at(look.plan, end).index
    try:
        return read_netem(look.namespaces[end.node], index) == quantised(planned)
    except (LabError, OSError):  # the node ended just now
        return False


def _compare_wire(look: Look, names: Iterable[str]) -> Iterator[Finding]:
    """What `wire` says of its links. That it is gone is told by who compares the helpers."""
    names = list(names)
    if not names or look.record.wire is None or not look.record.wire.is_alive():
        return
    try:
        with WireControl(look.state.wire_socket) as control:
            for name in names:
                yield from _compare_carried(look.plan.links[name], control)
    except LabError as error:
        yield names[0], error.message


def _compare_carried(link: Link, control: WireControl) -> Iterator[Finding]:
    try:
        shown = control.show(link.name)
        for direction, _ in _senders(link):
            planned = link.ab if direction == "ab" else link.ba
            wanted = {**wire_settings(planned), "blackhole": False}
            verify(link.name, direction, wanted, shown[direction])
    except LabError as error:
        yield link.name, error.message


def compare_addresses(look: Look, nodes: Collection[str]) -> Iterator[Finding]:
    """Every node holds its addresses, and none but those that it may be given."""
    for container in look.running(nodes):
        node = look.plan.nodes[container.node]
        try:
            seen = look.interfaces(node.name)
        except OSError as error:
            yield node.name, f"{node.name}: {why(error)}"
            continue
        for interface, wanted, allowed in _wanted(node):
            held = seen[interface].addresses if interface in seen else frozenset[HostAddress]()
            usable = {address for address in held if not address.is_link_local}
            for address in wanted - usable:
                yield node.name, f"{node.name} lacks its address {address}"
            for address in usable - wanted:
                if address not in allowed and address.ip not in leased_to(node):
                    yield node.name, f"{node.name} holds {address}, which is none of its addresses"


def compare_families(look: Look, nodes: Collection[str]) -> Iterator[Finding]:
    """No host is kept from a family, as for a visit with -4 or -6, and by one that was killed."""
    for container in look.running(nodes):
        if isinstance(look.plan.nodes[container.node].settings, HostSettings):
            for family in held_back(look.namespaces[container.node]):
                yield container.node, f"{container.node} is kept from IPv{family}"


def _wanted(node: Node) -> Iterator[tuple[int, set[HostAddress], set[HostAddress]]]:
    """The index of each interface, what it must hold, and what it may hold."""
    own = {ip_interface(address) for address in (*node.loopbacks, *node.anycast)}
    yield _LOOPBACK, own, _EVERYBODY
    for port in node.interfaces:
        yield port.index, set(port.addresses), set()
