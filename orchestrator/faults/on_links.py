"""What faults on links have in common: how a link is named, and who depends on one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypedDict

from orchestrator.linking import find_link
from orchestrator.plan.model import Plan


class _LinkTarget(TypedDict):
    target: str
    targets: Callable[[Plan], Sequence[str]]
    resolve: Callable[[Plan, str], str]


def resolve_link(plan: Plan, given: str) -> str:
    """A link by its name, or by its two ends as ``a,b``."""
    return find_link(plan, given).name


LINK_TARGET: _LinkTarget = {
    "target": "link",
    "targets": lambda plan: list(plan.links),
    "resolve": resolve_link,
}


def crossing(plan: Plan, target: str) -> str:
    """Whose packets a link carries, in words."""
    link = plan.links[target]
    return f"packets between {link.a.node} and {link.b.node}, and what goes through them"
