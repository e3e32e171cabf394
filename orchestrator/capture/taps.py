"""What to capture: of a lab's plan, its running namespaces, and what a user names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from orchestrator.capture.mux import Tap
from orchestrator.plan.model import Endpoint, Interface, Link, Plan


def every_tap(plan: Plan, namespaces: Mapping[str, str]) -> list[Tap]:
    """Every interface of the lab, switches' ports included, of what runs."""
    return choose_taps(plan, namespaces, ports_of(plan), ())


def choose_taps(
    plan: Plan, namespaces: Mapping[str, str], nodes: Collection[str], links: Iterable[Link]
) -> list[Tap]:
    """All interfaces of ``nodes``, which may be switches, and both ends of ``links``."""
    ends = {end for link in links for end in (link.a, link.b)}
    chosen = {
        name: tuple(p.name for p in ports if name in nodes or Endpoint(name, p.name) in ends)
        for name, ports in ports_of(plan).items()
    }
    return [
        Tap(name, namespaces[name], interfaces)
        for name, interfaces in chosen.items()
        if interfaces and name in namespaces
    ]


def ports_of(plan: Plan) -> dict[str, tuple[Interface, ...]]:
    """The interfaces of every node and every switch."""
    ports = {name: node.interfaces for name, node in plan.nodes.items()}
    return ports | {name: switch.ports for name, switch in plan.switches.items()}
