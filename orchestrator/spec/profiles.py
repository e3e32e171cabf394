"""Access networks by name: what each does to a frame on its way down and up.

Rates are those of whole frames; delays are one way and come on top of the distance.

fibre, cable, dsl, lte  the connectivity profiles of WebPageTest (FIOS 20/5 Mbit/s and 4 ms of
                        round trip, Cable 5/1 and 28, DSL 1.5/0.384 and 50, LTE 12/12 and 70);
                        old lines, kept because published measurements use them
wifi                    IEEE 802.11n, two streams in a 20 MHz channel: half of the 130 Mbit/s on
                        the air is left for frames; waiting for the channel jitters (Bianchi,
                        IEEE JSAC 18(3), 2000)
satellite               a geostationary hop: 35,786 km up and down again at the speed of light is
                        239 ms, and 21 ms for coding and the gateway (ITU-T G.114 plans with 260);
                        25/3 Mbit/s is what the FCC called broadband from 2015 to 2024
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# How jitter is distributed around the delay, as netem knows it (tc-netem(8)).
Distribution = Literal["uniform", "normal", "pareto", "paretonormal"]

MBIT = 1_000_000


@dataclass(frozen=True)
class AccessProfile:
    """An access network. ``down`` is towards the subscriber."""

    delay_ms: float
    down_bps: int
    up_bps: int
    jitter_ms: float = 0.0


PROFILES: dict[str, AccessProfile] = {
    "fibre": AccessProfile(2.0, 20 * MBIT, 5 * MBIT),
    "cable": AccessProfile(14.0, 5 * MBIT, 1 * MBIT),
    "dsl": AccessProfile(25.0, 1_500_000, 384_000),
    "wifi": AccessProfile(2.0, 65 * MBIT, 65 * MBIT, jitter_ms=1.0),
    "lte": AccessProfile(35.0, 12 * MBIT, 12 * MBIT),
    "satellite": AccessProfile(260.0, 25 * MBIT, 3 * MBIT),
}
