"""What a link does to the frames that cross it, one direction at a time.

The model is the union of what both backends can do (netem in the kernel, `wire` in user space),
in the order in which it happens: a frame may be lost, is queued for the rate, waits for its
delay, and may come out of order, twice, or with a flipped bit.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from orchestrator.spec.profiles import Distribution as Distribution


@dataclass(frozen=True)
class NoLoss:
    """Every frame arrives."""


@dataclass(frozen=True)
class Bernoulli:
    """Each frame is lost with ``probability``; ``correlation`` is how much it leans on the last."""

    probability: float
    correlation: float = 0.0


@dataclass(frozen=True)
class GilbertElliott:
    """Losses in bursts (Gilbert 1960, Elliott 1963): two states, and a loss rate in each.

    ``p`` is the probability to go from good to bad at a frame, ``r`` to come back; bursts of
    bad frames are 1/r long on average. ``good_loss`` and ``bad_loss`` are lost in each state.
    """

    p: float
    r: float
    good_loss: float = 0.0
    bad_loss: float = 1.0


@dataclass(frozen=True)
class Nth:
    """Every n-th frame is lost, counted from the first."""

    n: int


Loss = NoLoss | Bernoulli | GilbertElliott | Nth
LOSSLESS = NoLoss()


@dataclass(frozen=True)
class Queue:
    """What waits for the rate, before frames are dropped at its tail."""

    length: int
    counted: Literal["packets", "bytes"] = "packets"


@dataclass(frozen=True)
class Impairment:
    """One direction of a link. Times in milliseconds, rate in bits of whole frames per second,
    shares between 0 and 1. ``rate_bps`` of None is as fast as it goes.

    ``reorder`` is the share of frames that overtake those still waiting for their delay.
    """

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    distribution: Distribution = "uniform"
    correlation: float = 0.0
    loss: Loss = LOSSLESS
    reorder: float = 0.0
    duplicate: float = 0.0
    corrupt: float = 0.0
    rate_bps: int | None = None
    queue: Queue = Queue(1000)

    @property
    def is_none(self) -> bool:
        """Whether frames pass untouched."""
        return self == CLEAR

    def changed(self, **changes: Any) -> Impairment:
        """The same with some fields changed."""
        return dataclasses.replace(self, **changes)


CLEAR = Impairment()
