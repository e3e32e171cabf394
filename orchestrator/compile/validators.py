"""Whoever validates origins must reach its cache of ROAs: before it has heard from it, and after.

Without ROAs a router takes every route. So it may follow a route that the ROAs would make invalid,
and never get them, because they lie behind it; or it gets them over a route that they then make
invalid, and loses them when they expire.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator

from orchestrator.errors import PlanError, Problem
from orchestrator.plan.hops import NoPath
from orchestrator.plan.model import Plan
from orchestrator.plan.routing import RouterSettings
from orchestrator.routes.bgp import control_plane
from orchestrator.routes.forwarding import ForwardingPlane, source_address
from orchestrator.routes.rpki import Validator
from orchestrator.spec.document import Document


def refuse_blind_validators(plan: Plan, document: Document) -> None:
    """Raise PlanError for every AS whose routers validate, and cannot keep hold of their cache."""
    if not _has_invalid(plan):
        return
    problems = list(_problems(plan, document))
    if problems:
        raise PlanError(problems)


def _has_invalid(plan: Plan) -> bool:
    """Whether anybody announces what is invalid; where nobody does, validation changes nothing."""
    if not plan.with_role("rpki"):
        return False
    control, validator = control_plane(plan), Validator(plan)
    caches = {speaker.caches for speaker in control.speakers.values() if speaker.caches}
    return any(
        validator.is_invalid(known, prefix, control.speakers[name].asn)
        for known in caches
        for prefix, names in control.announced.items()
        for name in names
    )


def _problems(plan: Plan, document: Document) -> Iterator[Problem]:
    hint = "put the cache where no such route leads to it, or let this AS write 'rpki: ignore'"
    validating = [n.name for n in plan.nodes.values() if getattr(n.settings, "rtr", ())]
    hearing: list[str] = []
    # Who has ROAs drops what is invalid, and tells its neighbours no more of it.
    while True:
        lost = _out_of_reach(_with_caches(plan, hearing), set(validating) - set(hearing), plan)
        more = [name for name in validating if name not in lost and name not in hearing]
        if not more:
            break
        hearing += more
    after = _out_of_reach(_with_caches(plan, hearing), hearing, plan)
    told: dict[str, str] = {}
    for router, why in lost.items():
        told.setdefault(_system(plan, router), f"{router} never hears its cache of ROAs: {why}")
    for router, why in after.items():
        message = f"{router} loses its cache of ROAs by what it hears from it: {why}"
        told.setdefault(_system(plan, router), message)
    for system, message in told.items():
        yield document.problem(message, "as", system, hint=hint, at_key=True)


def _system(plan: Plan, router: str) -> str:
    return next(s.name for s in plan.systems.values() if router in s.routers)


def _with_caches(plan: Plan, hearing: Collection[str]) -> ForwardingPlane:
    """The routes where some routers have their ROAs, and the others still have none."""
    nodes = dict(plan.nodes)
    for name, node in plan.nodes.items():
        if isinstance(node.settings, RouterSettings) and name not in hearing:
            settings = dataclasses.replace(node.settings, rtr=())
            nodes[name] = dataclasses.replace(node, settings=settings)
    return ForwardingPlane(dataclasses.replace(plan, nodes=nodes))


def _out_of_reach(plane: ForwardingPlane, routers: Collection[str], plan: Plan) -> dict[str, str]:
    """Which of some routers have no round trip to any of their caches, and why."""
    found = {name: _why_not(plane, name, plan) for name in routers}
    return {name: why for name, why in found.items() if why}


def _why_not(plane: ForwardingPlane, router: str, plan: Plan) -> str:
    """Why a router does not reach the last of its caches; "" where it reaches one."""
    settings, why = plan.nodes[router].settings, ""
    assert isinstance(settings, RouterSettings)
    for cache in settings.rtr:
        try:
            there = plane.path(router, cache.address)
            if there:
                back = source_address(plan.nodes[router], there[0].link, 4)
                plane.path(there[-1].receiver, back)
        except NoPath as reason:
            why = str(reason)
        else:
            return ""
    return why
