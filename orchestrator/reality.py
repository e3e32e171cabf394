"""A running lab against its plan: what is not as it should be, in words."""

from __future__ import annotations

from orchestrator.lab import examine
from orchestrator.runtime.links.state import LinkState


def differences(lab: str) -> tuple[str, ...]:
    """What in a lab is not as its plan says, a sentence each; () where all is.

    Asked: every node's probes, its keeper and its `wire`, and the links' cuts and impairments.
    Raises UsageError where there is no such lab.
    """
    condition = examine(lab)
    found = [f"{node}: {reason}" for node, reason in condition.ill.items()]
    if not condition.keeper:
        found.append("the keeper is gone")
    if not condition.wire:
        found.append("wire is gone")
    for name, link in condition.links.items():
        planned = condition.plan.links[name]
        if link.changed(backend="veth") != LinkState("veth", planned.ab, planned.ba):
            found.append(f"link {name} is changed")
    return tuple(found)
