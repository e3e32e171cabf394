"""What a node's BIRD must be seen to have: the sessions and the prefixes of the plan."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.plan.addresses import Prefix
from orchestrator.plan.health import BirdCheck
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import BgpSession
from orchestrator.routes.bgp import control_plane


def bird_check(
    node: Node,
    plan: Plan,
    sessions: Iterable[BgpSession],
    prefixes: tuple[Prefix, ...] = (),
    others: Iterable[str] = (),
) -> BirdCheck:
    """The check of a BIRD: its BGP sessions are up, but for those that a limit shuts, ``others``
    are up, and it has these prefixes."""
    control = control_plane(plan)
    names = [session.name for session in sessions]
    return BirdCheck(
        (*(name for name in names if (node.name, name) not in control.shut), *others),
        prefixes,
        tuple(name for name in names if (node.name, name) in control.tripped),
    )
