"""Internet-like graphs of ASes: the same seed, the same graph.

Three tiers, as measured of the real one (Gao, IEEE/ACM ToN 9(6), 2001; Dhamdhere and Dovrolis,
IEEE/ACM ToN 19(5), 2011): a few ASes that peer with each other and buy from nobody, regional
transit below, and mostly stubs with two providers. Customers go where customers are already
(Barabási and Albert, Science 286, 1999), so a few ASes have very many neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import log
from random import Random

from orchestrator.errors import UsageError
from orchestrator.spec.places import CITIES

FEWEST, MOST = 2, 2000
TRANSIT_SHARE = 0.15  # of all ASes, about what has customers in the real graph
ASES_PER_IXP = 25
FEWEST_MEMBERS, MOST_MEMBERS = 3, 20  # members peer with each other: sessions grow as the square
# How many providers, and how often.
TIER2_PROVIDERS = (1, 2, 2, 3)
STUB_PROVIDERS = (1, 2, 2, 2, 3)
TIER2_PEERS = (0, 1, 1, 2)
STRAIGHT_TO_TIER1 = 1 / 8  # of the stubs


@dataclass
class System:
    """An AS by its number in the graph, from 1; relations are numbers of others."""

    number: int
    tier: int
    providers: list[int] = field(default_factory=list)
    peers: list[int] = field(default_factory=list)
    city: str = ""


@dataclass
class Ixp:
    """An IXP, the numbers of its members, and where it stands."""

    number: int
    members: list[int]
    city: str = ""


@dataclass
class Internet:
    """A graph: ASes by number, tier by tier, and IXPs, the largest first."""

    seed: int
    systems: dict[int, System]
    ixps: list[Ixp]


def draw_internet(count: int, seed: int = 1, ixps: int | None = None) -> Internet:
    """A graph of ``count`` ASes and ``ixps`` IXPs, one per 25 ASes unless given.

    Raises UsageError for numbers that no graph can have.
    """
    ixps = round(count / ASES_PER_IXP) if ixps is None else ixps
    _refuse(count, seed, ixps)
    random = Random(seed)
    tiers = _tiers(count)
    _relate_tier1(tiers[0])
    _relate_tier2(random, *tiers[:2])
    _relate_stubs(random, *tiers)
    systems = {system.number: system for tier in tiers for system in tier}
    internet = Internet(seed, systems, list(_ixps(random, tiers[1], tiers[2], ixps)))
    # Last, so that the list of cities has no say in the graph.
    _place(random, internet)
    return internet


def _refuse(count: int, seed: int, ixps: int) -> None:
    if not FEWEST <= count <= MOST:
        raise UsageError(f"{count} ASes are no Internet", f"{FEWEST} to {MOST}")
    if seed < 0:
        raise UsageError(f"the seed {seed} is negative", "0 or more")
    if not 0 <= ixps <= count // FEWEST_MEMBERS:
        message = f"{count} ASes cannot have {ixps} IXPs"
        raise UsageError(message, f"0 to {count // FEWEST_MEMBERS}")


def _tiers(count: int) -> tuple[list[System], list[System], list[System]]:
    first = max(1, round(log(count)))
    second = first + round(TRANSIT_SHARE * count)
    return (
        [System(number, 1) for number in range(1, first + 1)],
        [System(number, 2) for number in range(first + 1, second + 1)],
        [System(number, 3) for number in range(second + 1, count + 1)],
    )


def _relate_tier1(tier1: Sequence[System]) -> None:
    for system in tier1:
        system.peers += range(1, system.number)


class _Urn:
    """Numbers to draw from: each once, and once more for every time it was drawn."""

    def __init__(self, random: Random, systems: Iterable[System] = ()) -> None:
        self._random = random
        self._tickets = [system.number for system in systems]

    def add(self, number: int) -> None:
        self._tickets.append(number)

    def draw(self, count: int) -> list[int]:
        """Up to ``count`` different numbers, lowest first."""
        count = min(count, len(set(self._tickets)))
        drawn: set[int] = set()
        while len(drawn) < count:
            drawn.add(self._random.choice(self._tickets))
        self._tickets += sorted(drawn)
        return sorted(drawn)


def _relate_tier2(random: Random, tier1: Sequence[System], tier2: Sequence[System]) -> None:
    sellers, peers = _Urn(random, tier1), _Urn(random)
    for system in tier2:
        system.providers += sellers.draw(random.choice(TIER2_PROVIDERS))
        system.peers += peers.draw(random.choice(TIER2_PEERS))
        peers.add(system.number)


def _relate_stubs(
    random: Random, tier1: Sequence[System], tier2: Sequence[System], stubs: Sequence[System]
) -> None:
    # Two who sell transit there must be, or nobody could have two providers.
    usual = _Urn(random, tier2 if len(tier2) > 1 else (*tier1, *tier2))
    anyone = _Urn(random, (*tier1, *tier2))
    for system in stubs:
        urn = anyone if random.random() < STRAIGHT_TO_TIER1 else usual
        system.providers += urn.draw(random.choice(STUB_PROVIDERS))


def _ixps(
    random: Random, tier2: Sequence[System], stubs: Sequence[System], count: int
) -> Iterator[Ixp]:
    """Exchanges whose sizes fall off as 1/rank, half of their members from each tier."""
    largest = (len(tier2) + len(stubs)) / 5
    for number in range(1, count + 1):
        size = min(max(round(largest / number), FEWEST_MEMBERS), MOST_MEMBERS)
        carriers = random.sample(tier2, min(size // 2, len(tier2)))
        content = random.sample(stubs, min(size - len(carriers), len(stubs)))
        members = sorted(system.number for system in (*carriers, *content))
        yield Ixp(number, members)


def _place(random: Random, internet: Internet) -> None:
    """Transit stands anywhere, stubs at their first IXP, else by their first provider."""
    at_ixp: dict[int, str] = {}
    for ixp in internet.ixps:
        ixp.city = random.choice(list(CITIES))
        for member in ixp.members:
            at_ixp.setdefault(member, ixp.city)
    for system in internet.systems.values():
        if system.tier < 3:
            system.city = random.choice(list(CITIES))
        else:
            nearby = internet.systems[system.providers[0]].city
            system.city = at_ixp.get(system.number, nearby)
