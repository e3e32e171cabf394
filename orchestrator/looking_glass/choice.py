"""Why a router uses the route it uses: BIRD's routes, compared by the rules of routes/best_path.py.

The reason is found among the routes that BIRD has, not among those the plan expects: during a
failure these differ, and then the plan's choice is told beside BIRD's.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from orchestrator.plan.addresses import FAMILIES, Address
from orchestrator.plan.model import Plan
from orchestrator.routes.best_path import explain_all, rank_all
from orchestrator.routes.bgp import BgpRoute, ControlPlane, Unsettled, control_plane
from orchestrator.routes.bgp_sessions import Channel, channels_of
from orchestrator.runtime.daemons.rib import Community, RibRoute

# What the routers' filters write on routes: (their ASN, 1, this).
_ORIGINS = {0: "own", 1: "customer", 2: "peer", 3: "provider"}
_NO_EXPORT = (65535, 65281)  # RFC 1997
_WELL_KNOWN: dict[Community, str] = {_NO_EXPORT: "no-export", (65535, 65282): "no-advertise"}


@dataclass(frozen=True)
class Candidate:
    """A route of BIRD's, and on what it lost; "" for the best one."""

    route: RibRoute
    reason: str


@dataclass(frozen=True)
class Choice:
    """What a router knows about an address. ``why`` says on what the best route won, ``planned``
    what the plan expects instead; "" where BIRD has what it expects."""

    candidates: tuple[Candidate, ...]
    why: str
    planned: str

    @property
    def best(self) -> RibRoute | None:
        """The route that is in use; None where there is none."""
        return next((c.route for c in self.candidates if c.route.best), None)


def explain(plan: Plan, router: str, address: Address, routes: Sequence[RibRoute]) -> Choice:
    """A router's choice among its routes to the longest prefix around an address."""
    best = next((route for route in routes if route.best), None)
    reasons = _reasons(plan, router, best, routes)
    candidates = [Candidate(route, reasons[route.session]) for route in routes]
    rivals = [route for route in routes if best is None or _goes_elsewhere(route, best)]
    why = _why(best, {route.session for route in rivals}, reasons)
    return Choice(tuple(candidates), why, _planned(plan, router, address, best))


def _goes_elsewhere(route: RibRoute, best: RibRoute) -> bool:
    """Whether a route is more than the best one once again, told by another reflector."""
    return (route.as_path, route.next_hop) != (best.as_path, best.next_hop)


def _reasons(
    plan: Plan, router: str, best: RibRoute | None, routes: Sequence[RibRoute]
) -> dict[str, str]:
    """On what each session's route lost, those that came nearest first."""
    if best is not None and best.source != "BGP":
        told = f"BIRD's preference: {best.source} {best.preference}"
        return {r.session: "" if r.best else f"{told} > {r.preference}" for r in routes}
    channels = control_plane(plan).once(_channels)
    known = {r.session: _as_planned(r, channels.get((router, r.session))) for r in routes}
    sessions = {id(route): session for session, route in known.items()}
    ranked = rank_all([route for route in known.values() if route is not None])
    judged = {sessions[id(c.route)]: c.reason for c in explain_all(ranked)} if ranked else {}
    return {**judged, **{session: "" for session in known if session not in judged}}


def _why(best: RibRoute | None, rivals: Container[str], reasons: dict[str, str]) -> str:
    """On what the best route won: what the next one that goes elsewhere lost on."""
    if best is None:
        return ""
    if best.source.startswith("OSPF"):
        return f"OSPF cost {best.metric}"
    if reasons[best.session]:
        return "BIRD's own choice"
    lost = next((why for session, why in reasons.items() if session in rivals and why), "")
    return lost or ("the only way" if best.source == "BGP" else "")


def _planned(plan: Plan, router: str, address: Address, best: RibRoute | None) -> str:
    """The route that the plan expects, where BIRD uses one of another session or has none; of
    several outcomes any is as expected."""
    control = control_plane(plan)
    try:
        prefix = best.prefix if best is not None else control.lookup(router, address)
        if prefix is None or prefix not in control.announced:
            return ""
        outcomes = (control.best_routes(prefix), *control.other_routes(prefix))
        routes = [outcome[router] for outcome in outcomes if router in outcome]
    except Unsettled:
        return ""
    if not routes or any(_is_planned(route, best) for route in routes):
        return ""
    path = " ".join(map(str, routes[0].as_path)) or "inside the AS"
    return f"plan: {path}, told by {routes[0].told_by}"


def _is_planned(route: BgpRoute, best: RibRoute | None) -> bool:
    """Whether BIRD uses the session that the plan expects, or its own route."""
    session = route.channel.heard.name if route.channel is not None else ""
    return best is not None and session in (best.session, "" if best.source != "BGP" else None)


def _as_planned(route: RibRoute, channel: Channel | None) -> BgpRoute | None:
    """A route of BIRD's as routes/best_path.py compares them; None if it is not BGP's.

    What BIRD does not write on it, its teller's router id, follows from its session.
    """
    if route.source != "BGP" or channel is None:
        return None
    own = [c[2] for c in route.communities if len(c) == 3 and c[:2] == (channel.hearer.asn, 1)]
    return BgpRoute(
        as_path=route.as_path,
        relation=_ORIGINS.get(own[0], "") if own else channel.heard.relation,
        preference=100 if route.local_pref is None else route.local_pref,
        med=route.med,
        no_export=_NO_EXPORT in route.communities,
        border="",
        session=channel.heard,
        next_hop=route.next_hop,
        next_node="",
        channel=channel,
        external=not channel.internal,
        metric=route.metric or 0,
        originator=int(route.originator) if route.originator else channel.teller.router_id,
        clusters=tuple(int(cluster) for cluster in route.clusters),
        address=channel.address,
    )


def _channels(control: ControlPlane) -> dict[tuple[str, str], Channel]:
    """What each router hears over, by its name and the session's."""
    return {
        (channel.hearer.name, channel.heard.name): channel
        for family in FAMILIES
        for outgoing in channels_of(control.speakers, family).values()
        for channel in outgoing.all
    }


def name_community(community: Community) -> str:
    """A community as it is written, and what it means in a lab: "64501:1:3 provider"."""
    written = ":".join(map(str, community))
    meaning = _WELL_KNOWN.get(community, "")
    if len(community) == 3 and community[1] == 1:
        meaning = _ORIGINS.get(community[2], "")
    return f"{written} {meaning}".strip()
