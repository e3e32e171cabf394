"""Find what a user names in a plan."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.errors import UsageError, did_you_mean, unknown
from orchestrator.plan.model import Link, Node, Plan

# Of links that a hint names.
_MANY = 6


def node_of(plan: Plan, name: str) -> Node:
    """A node by its name. Raises UsageError, with the nearest name there is."""
    if name not in plan.nodes:
        raise unknown("node", name, plan.nodes, within=f"in lab '{plan.name}'")
    return plan.nodes[name]


def find_link(plan: Plan, name: str) -> Link:
    """A link by its name, or by its two ends as ``a,b``. Raises UsageError with the nearest."""
    if name in plan.links:
        return plan.links[name]
    ends = set(name.split(","))
    found = [link for link in plan.links.values() if ends == {link.a.node, link.b.node}]
    if len(found) > 1:
        listed = ", ".join(link.name for link in found)
        raise UsageError(f"'{name}' are the ends of {len(found)} links", f"name one: {listed}")
    if found:
        return found[0]
    dashed = name.replace(",", "--")
    hint = (
        _links_of(plan, name)
        or nearest_link(dashed, plan.links)
        or "see 'lab link' for the links there are"
    )
    raise UsageError(f"there is no link '{name}' in lab '{plan.name}'", hint)


def _links_of(plan: Plan, node: str) -> str:
    """The links of what is a node (or switch) and no link, for a hint; "" where it is none."""
    links = [link.name for link in plan.links.values() if node in (link.a.node, link.b.node)]
    more = ", …" if len(links) > _MANY else ""
    return f"links of {node}: {', '.join(links[:_MANY])}{more}" if links else ""


def nearest_link(name: str, links: Iterable[str]) -> str:
    """The link that was meant, as did_you_mean says it; the ends of one are easily swapped."""
    swapped, known = "--".join(name.split("--")[::-1]), list(links)
    return did_you_mean(swapped if swapped in known else name, known)
