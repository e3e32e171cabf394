"""Sessions that are shut because a neighbour announces more prefixes than a limit lets in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from orchestrator.plan.addresses import Family
from orchestrator.routes.bgp_sessions import BgpSpeaker, Outgoing, channels_of

# A node's name, and that of a session as it has it.
SessionEnd = tuple[str, str]
# How many prefixes pass the filters of each channel, by its number.
Count = Callable[[Mapping[str, Outgoing]], Counter[int]]


class WithinLimits(NamedTuple):
    """What each speaker tells over, the ends of sessions where a limit ``tripped``, and these with
    their other ends."""

    channels: dict[str, Outgoing]
    tripped: frozenset[SessionEnd]
    shut: frozenset[SessionEnd]


def channels_within_limits(
    speakers: Mapping[str, BgpSpeaker], family: Family, count: Count
) -> WithinLimits:
    """What is told over which session once every limit has shut what it shuts.

    A session that is shut may take others' routes along, so those that are left are counted anew.
    """
    shut = tripped = frozenset[SessionEnd]()
    while True:
        channels = channels_of(speakers, family, shut)
        limited = [c for each in channels.values() for c in each.all if c.heard.policy.limit]
        counted = count(channels) if limited else Counter()
        above = [c for c in limited if counted[c.number] > c.heard.policy.limit]
        if not above:
            return WithinLimits(channels, tripped, shut)
        tripped |= {(channel.hearer.name, channel.heard.name) for channel in above}
        shut |= tripped | {(channel.teller.name, channel.told.name) for channel in above}
