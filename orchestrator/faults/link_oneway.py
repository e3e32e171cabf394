"""Frames of one direction vanish on a link: who sends them hears the other end, and is not heard.

BFD sees it at both ends (RFC 5880): the deaf end tells the other that it hears nothing.
"""

from __future__ import annotations

from orchestrator.errors import UsageError
from orchestrator.faults.fault import Fault, Memo, Option, Options
from orchestrator.faults.on_links import (
    LINK_TARGET,
    dig_holes,
    fill_holes,
    holes_seen,
    plan_holes,
)
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan
from orchestrator.runtime.links.settings import directions_from


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    link = scene.plan.links[target]
    directions = directions_from(link, options["from"] or link.a.node)
    if len(directions) != 1:
        raise UsageError(f"from: name one end of {target}", f"{link.a.node} or {link.b.node}")
    return plan_holes(scene, f"link-oneway {target}", {target: directions})


def _affects(plan: Plan, target: str) -> str:
    link = plan.links[target]
    return (
        f"what one of {link.a.node} and {link.b.node} sends to the other, "
        "so every conversation over the link; what is sent the other way arrives"
    )


FAULT = Fault(
    name="link-oneway",
    about="Frames of one direction vanish on a link; the other direction works",
    affects=_affects,
    prepare=_prepare,
    inject=dig_holes,
    seen=holes_seen,
    heal=fill_holes,
    options=(Option("from", "", "the end whose frames vanish; the first one, if not said"),),
    **LINK_TARGET,
)
