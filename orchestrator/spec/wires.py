"""What may be written of a link: delay, loss, rate and the like, as a whole or by direction."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from orchestrator.errors import Mistake, nearest
from orchestrator.spec.profiles import PROFILES, Distribution
from orchestrator.spec.units import (
    MOST_PACKETS,
    read_queue,
    read_rate_bps,
    read_share,
    read_time_ms,
)

Milliseconds = Annotated[float, BeforeValidator(read_time_ms)]
BitsPerSecond = Annotated[int, BeforeValidator(read_rate_bps)]
Share = Annotated[float, BeforeValidator(read_share)]
QueueLength = Annotated[tuple[int, str], BeforeValidator(read_queue)]


def _refuse_truth(value: Any) -> Any:
    """For pydantic ``true`` is a 1, and every first frame is every frame."""
    if isinstance(value, bool):
        raise Mistake(f"'{str(value).lower()}' is not a number of frames", "write it like '100'")
    return value


FrameCount = Annotated[int, BeforeValidator(_refuse_truth), Field(ge=1, le=MOST_PACKETS)]


def _check_profile(name: str) -> str:
    if name not in PROFILES:
        hint = nearest(name, PROFILES, f"one of: {', '.join(PROFILES)}")
        raise Mistake(f"unknown profile '{name}'", hint)
    return name


class Shape(BaseModel):
    """A mapping that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BurstSpec(Shape):
    """Losses in bursts, by Gilbert and Elliott: see plan/impairment.py."""

    p: Share
    r: Share
    good: Share = 0.0
    bad: Share = 1.0

    @model_validator(mode="after")
    def _check_end(self) -> BurstSpec:
        if self.r == 0:
            raise Mistake("bursts never end with r of 0 %", "a burst is 1/r frames long on average")
        return self


def _read_loss(value: Any) -> Any:
    """A mapping is bursts; anything else is a share."""
    return value if isinstance(value, dict) else read_share(value)


class DirectionSpec(Shape):
    """One direction of a link; what is not written stays as it is."""

    delay: Milliseconds | None = None
    jitter: Milliseconds | None = None
    distribution: Distribution | None = None
    correlation: Share | None = None
    loss: Annotated[BurstSpec | float, BeforeValidator(_read_loss)] | None = None
    nth: FrameCount | None = None
    reorder: Share | None = None
    duplicate: Share | None = None
    corrupt: Share | None = None
    rate: BitsPerSecond | Literal["unlimited"] | None = None
    queue: QueueLength | None = None

    @model_validator(mode="after")
    def _check_loss(self) -> DirectionSpec:
        if self.loss is not None and self.nth is not None:
            raise Mistake("'loss' and 'nth' contradict each other", "a link has one loss model")
        return self


def profile_to_mapping(value: Any) -> Any:
    """The short form of an access line: the name of its profile alone."""
    return {"profile": value} if isinstance(value, str) else value


Profile = Annotated[str, AfterValidator(_check_profile)]


class WireSpec(DirectionSpec):
    """A link: both directions at once, and what differs from the first end to the second
    (``there``) and from the second to the first (``back``)."""

    profile: Profile | None = None
    mtu: Annotated[int, Field(ge=576, le=65000)] | None = None
    there: DirectionSpec | None = None
    back: DirectionSpec | None = None
