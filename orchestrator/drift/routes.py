"""Forwarding tables against the plan: no route is missing, leads elsewhere, or is too many."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_network

from orchestrator.drift.look import Finding, Look
from orchestrator.plan.addresses import Prefix
from orchestrator.plan.hops import leased_to
from orchestrator.plan.model import Node
from orchestrator.records.testimony import ForwardingEntry
from orchestrator.refusals import why
from orchestrator.routes.fib_table import Table, Way
from orchestrator.runtime.engine.containers import Container
from orchestrator.runtime.kernel.fib_dump import dump_fib

_NAMED = 3  # prefixes that a sentence names
_DEFAULTS = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}
_Seen = dict[Prefix, set[frozenset[Way]]]


def compare_routes(look: Look, nodes: Collection[str]) -> Iterator[Finding]:
    """Every router forwards as the plan computes it; every other node has the routes it needs."""
    for container in look.running(nodes):
        node = look.plan.nodes[container.node]
        try:
            seen = _read(look, node, container)
        except OSError as error:
            yield node.name, f"{node.name}: {why(error)}"
            continue
        tables = look.planned.tables.get(node.name)
        told = _of_others(node, seen) if tables is None else compare_tables(tables, seen)
        yield from ((node.name, f"{node.name}: {sentence}") for sentence in told)


def _read(look: Look, node: Node, container: Container) -> _Seen:
    """The kernel's ways by prefix, without the node's own addresses and what is link-local."""
    seen: _Seen = {}
    own = {ip_network(address) for address in (*node.loopbacks, *node.anycast)}
    names = {port.index: port.name for port in node.interfaces}
    for entry in dump_fib(container.namespace, names):
        if entry.prefix not in own and not entry.prefix.is_link_local:
            seen.setdefault(entry.prefix, set()).add(_ways(look, entry))
    return seen


def _ways(look: Look, entry: ForwardingEntry) -> frozenset[Way]:
    return frozenset(
        (hop.interface, look.planned.holders.get(hop.via, str(hop.via)) if hop.via else "")
        for hop in entry.next_hops
    )


def compare_tables(
    tables: Sequence[Table], seen: Mapping[Prefix, set[frozenset[Way]]]
) -> Iterator[str]:
    """What a router's table lacks, has too much, or has another way for: a sentence each.

    Of several planned ones, BGP's outcomes, each prefix may be as in any. ``seen`` has all ways of
    each prefix, of every route that the kernel holds for it.
    """
    table = {prefix: ways for each in reversed(tables) for prefix, ways in each.items()}
    needed = frozenset.intersection(*(frozenset(each) for each in tables))
    missing = sorted(map(str, needed - seen.keys()))
    extra = sorted(map(str, seen.keys() - table.keys()))
    wrong = [
        prefix
        for prefix, ways in seen.items()
        if prefix in table and all(ways != {each.get(prefix)} for each in tables)
    ]
    if missing:
        yield f"no route to {_some(missing)}"
    if extra:
        yield f"a route to {_some(extra)} that the plan does not have"
    for prefix in wrong[:1]:
        there = " and ".join(sorted(_told(ways) for ways in seen[prefix]))
        more = f", and {len(wrong) - 1} others" if len(wrong) > 1 else ""
        yield f"{prefix} goes {there}, by the plan {_told(table[prefix])}{more}"


def _of_others(node: Node, seen: _Seen) -> Iterator[str]:
    """Static routes as planned, and a way out for those that ask for their addresses."""
    wanted = {route.destination for route in node.routes}
    leased = leased_to(node)
    if any(port.dhcp for port in node.interfaces):
        wanted |= {_DEFAULTS[address.version] for address in leased}
    missing = sorted(map(str, wanted - seen.keys()))
    if missing:
        yield f"no route to {_some(missing)}"


def _some(prefixes: Iterable[str]) -> str:
    listed = list(prefixes)
    rest = f" and {len(listed) - _NAMED} others" if len(listed) > _NAMED else ""
    return ", ".join(listed[:_NAMED]) + rest


def _told(ways: frozenset[Way]) -> str:
    if not ways:
        return "nowhere"
    return " or ".join(f"to {node}" if node else f"over {port}" for port, node in sorted(ways))
