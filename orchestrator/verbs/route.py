"""How packets get from A to B and back in a running lab, and why: both planes side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.errors import DeployError, UsageError
from orchestrator.looking_glass.choice import Choice, explain
from orchestrator.looking_glass.running import RunningLab
from orchestrator.looking_glass.targets import find_target
from orchestrator.looking_glass.walk import Walker, Way
from orchestrator.plan.addresses import Address, Family, of_family
from orchestrator.plan.lookups import node_of
from orchestrator.plan.model import Node
from orchestrator.plan.routing import RouterSettings
from orchestrator.runtime.daemons.rib import routes_to
from orchestrator.runtime.kernel.fib import Flow
from orchestrator.runtime.links.state import load_links


@dataclass(frozen=True)
class RoundTrip:
    """The ways there and back of one family. ``back`` is None where the packet does not arrive;
    the choices are of the routers on the way, by name."""

    target: Address
    there: Way
    back: Way | None
    there_choices: Mapping[str, Choice] = field(default_factory=dict)
    back_choices: Mapping[str, Choice] = field(default_factory=dict)

    @property
    def reached(self) -> bool:
        """Whether the packet arrives."""
        return self.there.reached

    @property
    def returned(self) -> bool:
        """Whether the answer arrives too."""
        return self.back is not None and self.back.reached


def route(
    lab: RunningLab, source: str, target: str, families: Sequence[Family], flow: Flow
) -> dict[Family, RoundTrip]:
    """The round trips from a node to a target, by family: those of ``families`` both have.

    Raises UsageError where a name is not known or no family is left, DeployError where the
    source does not run or has no address yet.
    """
    start = node_of(lab.plan, source)
    lab.running(start.name)
    meant = find_target(lab.plan, target, start)
    own = lab.addresses(start)
    theirs = lab.addresses(meant) if isinstance(meant, Node) else meant
    for name, addresses in ((source, own), (target, theirs)):
        if not addresses:
            raise DeployError(f"{name} has no address yet", "what it waits for: lab status")
    shared = [f for f in families if of_family(own, f) and of_family(theirs, f)]
    if not shared:
        asked = " or ".join(f"IPv{family}" for family in families)
        raise UsageError(f"{source} and {target} do not both have an {asked} address")
    walker = Walker(lab.plan, lab.verdict, load_links(lab.state))
    return {f: _round_trip(lab, walker, source, of_family(theirs, f)[0], flow) for f in shared}


def _round_trip(
    lab: RunningLab, walker: Walker, source: str, target: Address, flow: Flow
) -> RoundTrip:
    there = walker.there(source, target, flow)
    back = walker.back(there) if there.reached else None
    seen = _choices(lab, back) if back is not None else {}
    return RoundTrip(target, there, back, _choices(lab, there), seen)


def _choices(lab: RunningLab, way: Way) -> dict[str, Choice]:
    """What each router on a way knows about the address that it sends to."""
    return {
        hop.node: explain(
            lab.plan,
            hop.node,
            hop.packet.target,
            routes_to(lab.running(hop.node), hop.packet.target),
        )
        for hop in way.hops
        if isinstance(lab.plan.nodes[hop.node].settings, RouterSettings)
    }
