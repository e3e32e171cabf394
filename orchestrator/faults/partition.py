"""The lab falls in two: nothing passes between one set of nodes and all the others.

One side is named: ASes, nodes and switches. An AS takes with it what hangs from nobody else:
its homes with their LANs, its data centres. Exchanges belong to no AS.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.errors import UsageError, nearest
from orchestrator.faults.fault import Fault, Memo, Options
from orchestrator.faults.on_links import dig_holes, fill_holes, holes_seen, plan_holes
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import AutonomousSystem, Plan
from orchestrator.runtime.links.state import DIRECTIONS


def _targets(plan: Plan) -> list[str]:
    return [*(system.name for system in plan.systems.values()), *plan.nodes, *plan.switches]


def resolve_side(plan: Plan, given: str) -> str:
    """Names between commas, sorted and each once. Raises UsageError for one that is not there, and
    for a side that is all of the lab, or cut off already."""
    names = sorted({name.strip() for name in given.split(",") if name.strip()})
    known = _targets(plan)
    for name in names:
        if name not in known:
            hint = nearest(name, known, "name ASes, nodes and switches: alder,tundra")
            raise UsageError(f"partition: there is no '{name}' in lab '{plan.name}'", hint)
    if not names or not crossing_links(plan, side_of(plan, names)):
        hint = "name the ASes, nodes and switches of one side: alder,tundra"
        raise UsageError(f"partition: no link leads out of '{given}'", hint)
    return ",".join(names)


def side_of(plan: Plan, names: list[str]) -> frozenset[str]:
    """The nodes and switches of one side."""
    systems = {system.name: system for system in plan.systems.values()}
    side: set[str] = set()
    for name in names:
        side |= set(_of_system(plan, systems[name])) if name in systems else {name}
    return frozenset(side)


def _of_system(plan: Plan, system: AutonomousSystem) -> Iterator[str]:
    """The nodes of an AS, and what is reached from them without entering another one."""
    waiting = [node.name for node in plan.nodes.values() if node.asn == system.asn]
    found = set(waiting)
    while waiting:
        here = waiting.pop()
        yield here
        for link in plan.links.values():
            if here in (link.a.node, link.b.node):
                other = link.b.node if link.a.node == here else link.a.node
                if other not in found and _is_behind(plan, other):
                    found.add(other)
                    waiting.append(other)


def _is_behind(plan: Plan, name: str) -> bool:
    """Whether a node or switch is of no AS by itself, and of no exchange."""
    if name in plan.switches:
        return not plan.switches[name].is_ixp
    return plan.nodes[name].asn is None


def crossing_links(plan: Plan, side: frozenset[str]) -> list[str]:
    """The links with one end on a side."""
    return [
        link.name for link in plan.links.values() if (link.a.node in side) != (link.b.node in side)
    ]


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    names = crossing_links(scene.plan, side_of(scene.plan, target.split(",")))
    return plan_holes(scene, f"partition {target}", dict.fromkeys(names, DIRECTIONS))


def _affects(plan: Plan, target: str) -> str:
    side = side_of(plan, target.split(","))
    links = crossing_links(plan, side)
    named = ", ".join(links[:4]) + (", …" if len(links) > 4 else "")
    return (
        f"all between {len(side)} nodes and switches and the rest of the lab, over {len(links)} "
        f"links ({named}); each side works by itself"
    )


FAULT = Fault(
    name="partition",
    about="The lab falls in two: nothing passes between one set of nodes and the others",
    target="side",
    targets=_targets,
    resolve=resolve_side,
    affects=_affects,
    prepare=_prepare,
    inject=dig_holes,
    seen=holes_seen,
    heal=fill_holes,
)
