"""Where BGP has several outcomes, or none, the plan knows; and only there."""

from __future__ import annotations

from random import Random

import pytest

from orchestrator.plan.model import Plan
from orchestrator.plan.routing import BgpPolicy
from orchestrator.routes.bgp import ControlPlane, Unsettled
from orchestrator.routes.forwarding import ForwardingPlane
from orchestrator.routes.notes import notes_on_routes
from orchestrator.routes.outcomes import MOST_WORK, can_be_searched, unruly_systems
from tests.unit.routes.internets import Drawing, prefixes_of
from tests.unit.routes.speakers import Network

GOAL = prefixes_of(1)[0]
Paths = tuple[tuple[str, tuple[int, ...]], ...]


def wedgie() -> Plan:
    """RFC 4264, section 2: ``goal`` marks its link to ``backup`` as one of last resort."""
    drawing = Drawing()
    for asn, name in enumerate(("goal", "backup", "carrier", "main"), 1):
        drawing.router(name, asn)
    drawing.outside("carrier", "main", "peer")
    drawing.outside("backup", "carrier", "provider")
    drawing.outside("goal", "main", "provider")
    drawing.outside("goal", "backup", "provider", BgpPolicy(), BgpPolicy(preference=50))
    return drawing.plan()


def disagree() -> Plan:
    """Two that would each rather go by the other: whoever speaks first goes straight."""
    drawing = Drawing()
    drawing.routers(1, "goal")
    for asn, name in enumerate(("left", "right"), 2):
        drawing.router(name, asn)
        drawing.outside("goal", name, "provider")
    drawing.outside("left", "right", "peer", BgpPolicy(preference=400), BgpPolicy(preference=400))
    return drawing.plan()


def planned(control: ControlPlane) -> set[Paths]:
    outcomes = (control.best_routes(GOAL), *control.other_routes(GOAL))
    return {tuple(sorted((n, r.as_path) for n, r in o.items() if r.as_path)) for o in outcomes}


def played(plan: Plan, seed: int) -> Paths | None:
    """Where BGP ends, message by message; None while two go on changing their minds at once."""
    random, network = Random(seed), Network(plan, GOAL)
    for _ in range(500):
        waiting = [key for key, queue in network.queues.items() if queue]
        if not waiting:
            known = ((name, network.best(name)) for name in network.speakers)
            return tuple(sorted((n, k.update.path) for n, k in known if k and k.update.path))
        network.read(random.choice(waiting))
    return None


@pytest.mark.parametrize("plan", [wedgie(), disagree()], ids=["wedgie", "disagree"])
def test_two_stable_states_are_both_found(plan: Plan) -> None:
    """Played out message by message in many orders, BGP ends in these and in no other."""
    found = planned(ControlPlane(plan))
    assert len(found) == 2
    assert {played(plan, seed) for seed in range(40)} - {None} == found


def test_a_wedgie_is_told_with_both_of_its_paths() -> None:
    told = list(notes_on_routes(wedgie()))
    assert len(told) == 1
    assert told[0] == (
        "BGP has more than one outcome for 100.0.4.0/22, 3fff:1::/32: backup may end with the AS "
        "path 3 4 1 or 1, whichever it hears first (RFC 4264)"
    )


def test_each_outcome_has_its_own_forwarding() -> None:
    plan, target = wedgie(), prefixes_of(1)[0][1]
    ways = [
        [hop.receiver for hop in ForwardingPlane(plan, outcome).path("backup", target)]
        for outcome in range(ControlPlane(plan).outcomes)
    ]
    assert ways == [["carrier", "main", "goal"], ["goal"]]


def test_only_what_is_heard_in_every_outcome_is_waited_for() -> None:
    """``backup`` sends no_export: ``beyond`` hears of ``goal`` in one outcome alone."""
    drawing = Drawing()
    for asn, name in enumerate(("goal", "backup", "carrier", "main", "beyond"), 1):
        drawing.router(name, asn)
    drawing.outside("carrier", "main", "peer")
    drawing.outside("backup", "carrier", "provider", BgpPolicy(no_export=True))
    drawing.outside("goal", "main", "provider")
    drawing.outside("goal", "backup", "provider", BgpPolicy(), BgpPolicy(preference=50))
    drawing.outside("beyond", "carrier", "provider")
    control = ControlPlane(drawing.plan())
    assert [("beyond" in outcome) for outcome in (control.best_routes(GOAL),)] == [True]
    assert ["beyond" in outcome for outcome in control.other_routes(GOAL)] == [False]
    assert GOAL not in control.reachable("beyond")
    assert GOAL in control.reachable("carrier")


def test_a_preference_that_keeps_the_order_needs_no_search() -> None:
    """Customers, peers and providers keep their order: one outcome (Gao and Rexford)."""
    drawing = Drawing()
    for asn, name in enumerate(("goal", "left", "right", "top"), 1):
        drawing.router(name, asn)
    for name, preference in (("left", 310), ("right", 350)):
        drawing.outside("goal", name, "provider", BgpPolicy(), BgpPolicy(preference=preference))
        drawing.outside(name, "top", "provider", BgpPolicy(preference=90))
    control = ControlPlane(drawing.plan())
    assert not control.is_unruly
    assert control.outcomes == 1


def test_a_preference_out_of_order_may_have_one_outcome_all_the_same() -> None:
    drawing = Drawing()
    for asn, name in enumerate(("goal", "left", "top"), 1):
        drawing.router(name, asn)
    drawing.outside("goal", "left", "provider", BgpPolicy(), BgpPolicy(preference=50))
    drawing.outside("left", "top", "provider")
    control = ControlPlane(drawing.plan())
    assert control.is_unruly
    assert control.outcomes == 1
    assert list(notes_on_routes(drawing.plan())) == []


def test_a_search_that_takes_too_long_is_not_begun() -> None:
    speakers = ControlPlane(wedgie()).speakers
    unruly = unruly_systems(speakers)
    assert unruly == {2}
    assert can_be_searched(speakers, 8, unruly)
    assert not can_be_searched(speakers, MOST_WORK, unruly)


def test_where_nothing_is_stable_that_is_said() -> None:
    """Griffin's bad gadget, told by who checks and not only by who boots."""
    drawing = Drawing()
    drawing.router("goal", 9)
    names = ("one", "two", "three")
    for number, name in enumerate(names, 1):
        drawing.router(name, number)
        drawing.outside(name, "goal", "customer", BgpPolicy(preference=100))
    for name, other in zip(names, (*names[1:], names[0]), strict=True):
        drawing.outside(name, other, "peer", BgpPolicy(preference=200), BgpPolicy(preference=50))
    with pytest.raises(Unsettled):
        list(notes_on_routes(drawing.plan()))
