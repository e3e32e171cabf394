"""BGP and OSPF as pure computation, router by router: what BIRD will choose, before it runs.

ospf          distances inside each AS
bgp_sessions  who speaks, and the sessions that come up
bgp_route     a route, and what becomes of it from one router to the next (policy)
best_path     which of its routes a router uses, and why
settling      a prefix spread over all sessions until nobody changes their mind
outcomes      whether they could have settled on something else
limits        sessions that are shut because a neighbour announces too many prefixes
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Mapping

from orchestrator.plan.addresses import FAMILIES, Address, Family, Prefix
from orchestrator.plan.kept import Asked, kept
from orchestrator.plan.model import Plan
from orchestrator.routes.best_path import Candidate, equals_of, explain_all
from orchestrator.routes.bgp_route import BgpRoute
from orchestrator.routes.bgp_sessions import Channel, Outgoing, speakers_of
from orchestrator.routes.limits import SessionEnd, WithinLimits, channels_within_limits
from orchestrator.routes.ospf import Distance, Interior
from orchestrator.routes.outcomes import can_be_searched, other_outcomes, unruly_systems
from orchestrator.routes.prefixes import PrefixIndex
from orchestrator.routes.rpki import Validator
from orchestrator.routes.settling import Filters, Settling, Unsettled

__all__ = ["BgpRoute", "Candidate", "ControlPlane", "Unsettled", "control_plane"]


class ControlPlane(Asked):
    """The routes of a plan. Every prefix is worked out when first asked for, and kept.

    ``announced`` says who originates each prefix. Routes are of all that speak BGP: routers,
    route servers, and the speakers beside servers, each by the name of its node. Where a prefix
    has several outcomes they are those of the first, or of the one with a number.
    All that ask for routes may raise Unsettled.
    """

    def __init__(self, plan: Plan, outcome: int = 0) -> None:
        self.plan, self.interior, self._outcome = plan, Interior(plan), outcome
        self.routers = self.interior.routers
        self.speakers = speakers_of(plan)
        self._filters = Filters(self.speakers, Validator(plan))
        announced: dict[Prefix, dict[str, None]] = {}
        for speaker in self.speakers.values():
            for prefix in speaker.originated:
                announced.setdefault(prefix, {})[speaker.name] = None
        self.announced = {prefix: tuple(names) for prefix, names in announced.items()}
        self._index = PrefixIndex((prefix, prefix) for prefix in self.announced)
        self._unruly = unruly_systems(self.speakers)
        # Whole tables are big: a few are kept.
        self._settled = functools.lru_cache(maxsize=8)(self._settle)

    @property
    def is_unruly(self) -> bool:
        """Whether policies allow for several outcomes, or for none; where not, there is one."""
        return bool(self._unruly)

    @functools.cached_property
    def is_searched(self) -> bool:
        """Whether other outcomes are looked for: policies allow for them, and it is no large lab,
        where that takes too long."""
        searchable = can_be_searched(self.speakers, len(self.announced), self._unruly)
        return self.is_unruly and searchable

    @functools.cached_property
    def outcomes(self) -> int:
        """How many outcomes the prefix has that has most: 1 unless policies are unruly."""
        if not self.is_searched:
            return 1
        return 1 + max((len(self.other_routes(prefix)) for prefix in self.announced), default=0)

    @functools.cached_property
    def tripped(self) -> frozenset[SessionEnd]:
        """The sessions, as node and name, that a limit shuts: a neighbour announces more prefixes
        than it lets in."""
        return frozenset(end for family in FAMILIES for end in self._sessions(family).tripped)

    @functools.cached_property
    def shut(self) -> frozenset[SessionEnd]:
        """The same sessions as both their ends have them."""
        return frozenset(end for family in FAMILIES for end in self._sessions(family).shut)

    def distances(self, source: str) -> dict[str, Distance]:
        """OSPF cost and first hops from a router to each router of its AS."""
        return self.interior.distances(source)

    @kept
    def best_routes(self, prefix: Prefix) -> dict[str, BgpRoute]:
        """Each router's best route to an announced prefix; no entry where there is none."""
        return self._settled(prefix).best

    @kept
    def other_routes(self, prefix: Prefix) -> tuple[dict[str, BgpRoute], ...]:
        """The best routes of each other outcome that was found, as stable as the first: which one
        a lab is in depends on who spoke first, or on what failed before (RFC 4264)."""
        if not self.is_searched:
            return ()
        channels = self._sessions(prefix.version).channels
        others = other_outcomes(self._settled(prefix), channels, self._unruly)
        return tuple(other.best for other in others)

    def channels(self, family: Family) -> Iterator[Channel]:
        """All that routes of a family are told over, without the sessions that are shut."""
        for outgoing in self._sessions(family).channels.values():
            yield from outgoing.all

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
            others = self.other_routes(prefix)
            for name, route in self._settled(prefix).best.items():
                if route.channel is not None and all(name in other for other in others):
                    heard[name].append(prefix)
        return {name: tuple(prefixes) for name, prefixes in heard.items()}

    def _settle(self, prefix: Prefix) -> Settling:
        channels = self._sessions(prefix.version).channels
        settled = self._settle_over(channels, prefix)
        if not (self._outcome and self.is_searched):
            return settled
        outcomes = (settled, *other_outcomes(settled, channels, self._unruly))
        return outcomes[min(self._outcome, len(outcomes) - 1)]

    def _settle_over(self, channels: Mapping[str, Outgoing], prefix: Prefix) -> Settling:
        originators = [self.speakers[name] for name in self.announced.get(prefix, ())]
        settling = Settling(prefix, originators, channels, self.interior, self._filters)
        settling.settle()
        return settling

    @kept
    def _sessions(self, family: Family) -> WithinLimits:

        def count(channels: Mapping[str, Outgoing]) -> Counter[int]:
            counted: Counter[int] = Counter()
            for prefix in self.announced:
                if prefix.version == family:
                    for heard in self._settle_over(channels, prefix).heard.values():
                        counted.update(heard.keys())
            return counted

        return channels_within_limits(self.speakers, family, count)


def control_plane(plan: Plan) -> ControlPlane:
    """The control plane of a plan, the same whoever asks."""
    return plan.once(ControlPlane)
