"""BGP and OSPF as pure computation, router by router: what BIRD will choose, before it runs.

ospf          distances inside each AS
bgp_sessions  who speaks, and the sessions that come up
bgp_route     a route, and what becomes of it from one router to the next (policy)
best_path     which of its routes a router uses, and why
settling      a prefix spread over all sessions until nobody changes their mind
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from orchestrator.plan.addresses import FAMILIES, Address, Family, Prefix
from orchestrator.plan.kept import Asked, kept
from orchestrator.plan.model import Plan
from orchestrator.routes.best_path import Candidate, equals_of, explain_all
from orchestrator.routes.bgp_route import BgpRoute
from orchestrator.routes.bgp_sessions import Outgoing, channels_of, speakers_of
from orchestrator.routes.ospf import Distance, Interior
from orchestrator.routes.prefixes import PrefixIndex
from orchestrator.routes.rpki import Validator
from orchestrator.routes.settling import Filters, Settling, Unsettled

__all__ = ["BgpRoute", "Candidate", "ControlPlane", "Unsettled", "control_plane"]


class ControlPlane(Asked):
    """The routes of a plan. Every prefix is worked out when first asked for, and kept.

    ``announced`` says who originates each prefix. Routes are of all that speak BGP: routers,
    route servers, and the speakers beside servers, each by the name of its node.
    All that ask for routes may raise Unsettled.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan, self.interior = plan, Interior(plan)
        self.routers = self.interior.routers
        self.speakers = speakers_of(plan)
        self._channels: dict[Family, dict[str, Outgoing]] = {
            family: channels_of(self.speakers, family) for family in FAMILIES
        }
        self._filters = Filters(self.speakers, Validator(plan))
        announced: dict[Prefix, dict[str, None]] = {}
        for speaker in self.speakers.values():
            for prefix in speaker.originated:
                announced.setdefault(prefix, {})[speaker.name] = None
        self.announced = {prefix: tuple(names) for prefix, names in announced.items()}
        self._index = PrefixIndex((prefix, prefix) for prefix in self.announced)
        # Whole tables are big: a few are kept.
        self._settled = functools.lru_cache(maxsize=8)(self._settle)

    def distances(self, source: str) -> dict[str, Distance]:
        """OSPF cost and first hops from a router to each router of its AS."""
        return self.interior.distances(source)

    @kept
    def best_routes(self, prefix: Prefix) -> dict[str, BgpRoute]:
        """Each router's best route to an announced prefix; no entry where there is none."""
        return self._settled(prefix).best

    def equal_routes(self, router: str, prefix: Prefix) -> tuple[BgpRoute, ...]:
        """The routes that a router uses side by side, best first; one where ECMP is off."""
        if router not in self.best_routes(prefix):
            return ()
        settings = self.routers.get(router)
        if settings is None or not settings.ecmp:
            return (self.best_routes(prefix)[router],)
        return equals_of(self._settled(prefix).candidates(router))

    def explain(self, router: str, prefix: Prefix) -> list[Candidate]:
        """All routes that a router knows, best first, and on what each lost."""
        candidates = self._settled(prefix).candidates(router)
        return explain_all(candidates) if candidates else []

    def lookup(self, router: str, address: Address) -> Prefix | None:
        """The longest announced prefix around an address that a router has a route to."""
        return next((p for p in self.around(address) if router in self.best_routes(p)), None)

    def around(self, address: Address) -> Iterator[Prefix]:
        """The announced prefixes that hold an address, the longest first."""
        return self._index.around_address(address)

    def as_path(self, router: str, prefix: Prefix) -> tuple[int, ...] | None:
        """The AS path a router uses, its neighbour's ASN first; None where it has no route."""
        route = self.best_routes(prefix).get(router)
        return None if route is None else route.as_path

    def reachable(self, router: str) -> tuple[Prefix, ...]:
        """The prefixes that a router hears of from others, in the order they are announced."""
        return self._reachable.get(router, ())

    @functools.cached_property
    def _reachable(self) -> dict[str, tuple[Prefix, ...]]:
        heard: dict[str, list[Prefix]] = {name: [] for name in self.speakers}
        for prefix in self.announced:
            for name, route in self._settled(prefix).best.items():
                if route.channel is not None:
                    heard[name].append(prefix)
        return {name: tuple(prefixes) for name, prefixes in heard.items()}

    def _settle(self, prefix: Prefix) -> Settling:
        originators = [self.speakers[name] for name in self.announced.get(prefix, ())]
        channels = self._channels[prefix.version]
        settling = Settling(prefix, originators, channels, self.interior, self._filters)
        settling.settle()
        return settling


def control_plane(plan: Plan) -> ControlPlane:
    """The control plane of a plan, the same whoever asks."""
    return plan.once(ControlPlane)
