"""Whether what a plan names is there: asked of plans that were read from a file of a stranger's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestrator.plan.model import Plan

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
        **{name: {port.name for port in node.interfaces} for name, node in plan.nodes.items()},
        **{name: {port.name for port in switch.ports} for name, switch in plan.switches.items()},
    }
    for name, link in plan.links.items():
        for side, end in (("a", link.a), ("b", link.b)):
            if end.interface not in ports.get(end.node, ()):
                yield f"/links/{name[:_SHOWN]}/{side}: there is no {str(end)[:_SHOWN]}"


def _misnamed(kind: str, values: Mapping[str, object]) -> Iterator[str]:
    for key, value in values.items():
        name = getattr(value, "name", "")
        if name != key:
            yield f"/{kind}/{key[:_SHOWN]}/name: it is called {name[:_SHOWN]} here"
