"""One prefix spread over all BGP sessions until nobody changes their mind.

Nothing is played in rounds: whoever heard something new waits in a heap and tells its neighbours
when its turn comes. Withdrawals go first, then better routes, shorter ones first; so where
everybody prefers customers to peers to providers, nearly every speaker tells its neighbours once.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping
from heapq import heappop, heappush

from orchestrator.errors import LabError
from orchestrator.plan.addresses import Prefix
from orchestrator.plan.routing import LONGEST_AS_PATH, SANE_LENGTHS
from orchestrator.routes.best_path import best_of, rank_all, sort_for_members
from orchestrator.routes.bgp_route import BgpRoute, own_route, tell_inside, tell_outside
from orchestrator.routes.bgp_sessions import BgpSpeaker, Channel, Outgoing
from orchestrator.routes.ospf import Interior
from orchestrator.routes.prefixes import PrefixIndex
from orchestrator.routes.rpki import Validator

# Turns per speaker after which a prefix counts as never settling; two or three are usual.
_MOST_TURNS = 50
_NAMED = 6

Heard = dict[int, BgpRoute]  # by the number of the channel
_WITHDRAWN = (-1_000_000, 0)


class Unsettled(LabError):
    """The policies of a lab contradict each other: BGP would change its mind for ever."""

    exit_code = 2

    def __init__(self, prefix: Prefix, routers: tuple[str, ...]) -> None:
        names = ", ".join(routers[:_NAMED]) + (", …" if len(routers) > _NAMED else "")
        super().__init__(
            f"BGP never settles on routes to {prefix}: {names} keep changing their minds",
            "let customers go before peers, and peers before providers; look for a 'prefer'",
        )
        self.prefix, self.routers = prefix, routers


class Settling:
    """Who heard what of one prefix, and what they make of it.

    ``heard`` is what passed each speaker's import filters, ``best`` what it chose,
    ``originators`` the ASes that announce it.
    """

    def __init__(
        self,
        prefix: Prefix,
        originators: Iterable[BgpSpeaker],
        channels: Mapping[str, Outgoing],
        interior: Interior,
        filters: Filters,
    ) -> None:
        self.prefix, self.heard = prefix, {name: Heard() for name in channels}
        self.best: dict[str, BgpRoute] = {}
        originators = tuple(originators)
        self.originators = frozenset(speaker.asn for speaker in originators)
        self._own = {speaker.name: own_route(speaker) for speaker in originators}
        self._channels, self._interior = channels, interior
        self._filters, self._refusing = filters, filters.refusing(prefix)
        # Empty whenever all is said.
        self._waiting: list[tuple[int, int, int, str]] = []
        self._urgency: dict[str, tuple[int, int]] = {}
        self._down: frozenset[int] = frozenset()

    def settle(self) -> None:
        """Go on until all is said. Raises Unsettled."""
        for name in self._own:
            self._wake(name, _WITHDRAWN)
        self._go_on()

    def after(self, down: Collection[Channel]) -> Settling:
        """How it is after some channels were down for a while: this one stays as it is.

        Raises Unsettled.
        """
        other = copy.copy(self)
        other.heard = {name: Heard(heard) for name, heard in self.heard.items()}
        other.best = dict(self.best)
        other._waiting, other._urgency = [], {}
        other._down = frozenset(channel.number for channel in down)
        for channel in down:
            if other.heard[channel.hearer.name].pop(channel.number, None) is not None:
                other._wake(channel.hearer.name, _WITHDRAWN)
        other._go_on()
        other._down = frozenset()
        for channel in down:
            other._tell_again(channel)
        other._go_on()
        return other

    def _tell_again(self, channel: Channel) -> None:
        teller = channel.teller.name
        if channel.teller.serves:
            self._serve(teller, self._channels[teller])
        else:
            self._tell(channel, self.best.get(teller))

    def _go_on(self) -> None:
        turns, most = 0, _MOST_TURNS * len(self._channels)
        restless: set[str] = set()
        while self._waiting:
            *_, name = heappop(self._waiting)
            if self._urgency.pop(name, None) is None:
                continue
            turns += 1
            if self._turn(name, self._channels[name]) and turns > most:
                restless.add(name)
            if turns > most + 2 * len(self._channels):
                raise Unsettled(self.prefix, tuple(sorted(restless)))

    def candidates(self, name: str) -> list[BgpRoute]:
        """All that a speaker can choose among, best first."""
        own = [self._own[name]] if name in self._own else []
        return rank_all([*own, *self.heard[name].values()])

    def _wake(self, name: str, urgency: tuple[int, int]) -> None:
        """Let a speaker have a turn, before all that are less urgent."""
        known = self._urgency.get(name)
        if known is None or urgency < known:
            self._urgency[name] = urgency
            heappush(self._waiting, (*urgency, self._channels[name].number, name))

    def _turn(self, name: str, outgoing: Outgoing) -> bool:
        """Let one speaker choose again; whether it changed its mind."""
        before = self.best.get(name)
        best = self._own.get(name) or best_of(self.heard[name].values())
        if best is None:
            self.best.pop(name, None)
        else:
            self.best[name] = best
        if outgoing.serves:
            self._serve(name, outgoing)
        elif best != before:
            for_all = (best and best.is_for_all) or (before and before.is_for_all)
            for channel in outgoing.all if for_all else outgoing.inwards:
                self._tell(channel, best)
        return best != before

    def _serve(self, name: str, outgoing: Outgoing) -> None:
        """A route server tells each member the best of what others told (BIRD's ``secondary``)."""
        routes = sort_for_members(self.heard[name].values())
        for channel in outgoing.all:
            others = (r for r in routes if r.channel and not channel.is_opposite(r.channel))
            self._tell(channel, next(others, None))

    def _tell(self, channel: Channel, best: BgpRoute | None) -> None:
        """Bring what the hearer has over a channel up to date."""
        hearer, told = channel.hearer, None
        if channel.number in self._down:
            return
        if best is not None:
            if channel.internal:
                told = tell_inside(channel, best, self._interior)
            elif hearer.name not in self._refusing:
                told = tell_outside(channel, best)
                if told and self._filters.refuses(hearer, self.prefix, told):
                    told = None
        heard = self.heard[hearer.name]
        if told is None:
            if heard.pop(channel.number, None) is not None:
                self._wake(hearer.name, _WITHDRAWN)
        elif told != heard.get(channel.number):
            heard[channel.number] = told
            self._wake(hearer.name, (-told.preference, len(told.as_path)))


class Filters:
    """What speakers refuse from other ASes, whoever tells it: by prefix, and by origin."""

    def __init__(self, speakers: Mapping[str, BgpSpeaker], validator: Validator) -> None:
        self._everybody, self._validator = frozenset(speakers), validator
        self._refused = PrefixIndex(
            (prefix, speaker.name) for speaker in speakers.values() for prefix in speaker.refused
        )

    def refusing(self, prefix: Prefix) -> frozenset[str]:
        """Who takes a prefix from nobody: it is theirs, or a bogon, or of an insane length."""
        if prefix.prefixlen not in SANE_LENGTHS[prefix.version]:
            return self._everybody
        return frozenset(self._refused.around(prefix))

    def refuses(self, hearer: BgpSpeaker, prefix: Prefix, route: BgpRoute) -> bool:
        """Whether a speaker refuses a route: it came through too many ASes, counted as often as
        they are in its path, or the speaker validates origins and this one is invalid."""
        if len(route.as_path) > LONGEST_AS_PATH:
            return True
        origin = route.as_path[-1]
        return bool(hearer.caches) and self._validator.is_invalid(hearer.caches, prefix, origin)
