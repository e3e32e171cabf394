"""The names in a lab, as a shell is told them."""

from __future__ import annotations

from orchestrator.faults import FAULTS
from orchestrator.plan.model import Plan
from orchestrator.roles import ROLES
from orchestrator.runtime.disk.labs import Names


def names_of(plan: Plan) -> Names:
    """All that a command line may name in the lab of a plan."""
    return Names(
        nodes=list(plan.nodes),
        switches=list(plan.switches),
        hosts=[node.name for node in plan.nodes.values() if ROLES[node.role].browser],
        links=list(plan.links),
        sites=list(plan.sites),
        targets={name: list(fault.targets(plan)) for name, fault in FAULTS.items()},
    )
