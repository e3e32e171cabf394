"""Whether what a plan names is there: asked of plans that were read from a file of a stranger's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from orchestrator.plan.model import Endpoint, Interface, Node, Plan
from orchestrator.plan.routing import RouterSettings

_SHOWN = 40


def require_whole(plan: Plan) -> None:
    """Raise ValueError, with the first place where a plan names what it does not have."""
    for complaint in _complaints(plan):
        raise ValueError(complaint)


def _complaints(plan: Plan) -> Iterator[str]:
    yield from _misnamed("nodes", plan.nodes)
    yield from _misnamed("switches", plan.switches)
    yield from _misnamed("links", plan.links)
    ports = {
        **{name: node.interfaces for name, node in plan.nodes.items()},
        **{name: switch.ports for name, switch in plan.switches.items()},
    }
    named = {name: {port.name for port in held} for name, held in ports.items()}
    for name, link in plan.links.items():
        for side, end in (("a", link.a), ("b", link.b)):
            if end.interface not in named.get(end.node, ()):
                yield f"/links/{name[:_SHOWN]}/{side}: there is no {str(end)[:_SHOWN]}"
    for name, held in ports.items():
        yield from _unlinked(plan, name, held)
    for node in plan.nodes.values():
        yield from (f"/nodes/{node.name[:_SHOWN]}/{told}" for told in _amiss(plan, node))
    for asn, system in plan.systems.items():
        if system.asn != asn or not plan.nodes.keys() >= set(system.routers):
            yield f"/systems/{asn}: it is not of that number, or has routers that are not there"


def _misnamed(kind: str, values: Mapping[str, object]) -> Iterator[str]:
    for key, value in values.items():
        name = getattr(value, "name", "")
        if name != key:
            yield f"/{kind}/{key[:_SHOWN]}/name: it is called {name[:_SHOWN]} here"


def _unlinked(plan: Plan, holder: str, ports: Iterable[Interface]) -> Iterator[str]:
    for port in ports:
        link = plan.links.get(port.link)
        if link is None or Endpoint(holder, port.name) not in (link.a, link.b):
            yield f"{holder[:_SHOWN]}:{port.name[:_SHOWN]} is at no end of the link that it names"


def _amiss(plan: Plan, node: Node) -> Iterator[str]:
    """What a node lacks that others take for granted."""
    settings, own = node.settings, {"lo", *(port.name for port in node.interfaces)}
    speaker = node.speaker or settings
    used = [route.interface for route in node.routes if route.interface]
    used += [port.interface for port in getattr(speaker, "ospf", ())]
    used += [line.interface for line in getattr(settings, "lines", ())]
    yield from (f"settings: it has no {name[:_SHOWN]}" for name in used if name not in own)
    if isinstance(settings, RouterSettings) and node.asn not in plan.systems:
        yield f"asn: there is no AS {node.asn}"
    if not node.interfaces:
        yield "interfaces: it has none"
    elif isinstance(settings, RouterSettings) and not node.loopbacks:
        yield "loopbacks: a router has one"
    for session in getattr(speaker, "sessions", ()):
        if session.neighbour_node not in plan.nodes:
            yield f"settings: there is no neighbour {session.neighbour_node[:_SHOWN]}"
