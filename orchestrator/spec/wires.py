"""What may be written of a link: delay, loss, rate and the like, as a whole or by direction."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from orchestrator.errors import Mistake, nearest
from orchestrator.spec.profiles import PROFILES, Distribution
from orchestrator.spec.units import (
    MOST_PACKETS,
    WRITTEN_QUEUE,
    WRITTEN_RATE,
    WRITTEN_SHARE,
    WRITTEN_TIME,
    read_queue,
    read_rate_bps,
    read_share,
    read_time_ms,
)

Milliseconds = Annotated[float, BeforeValidator(read_time_ms), WithJsonSchema(WRITTEN_TIME)]
BitsPerSecond = Annotated[int, BeforeValidator(read_rate_bps), WithJsonSchema(WRITTEN_RATE)]
Share = Annotated[float, BeforeValidator(read_share), WithJsonSchema(WRITTEN_SHARE)]
QueueLength = Annotated[tuple[int, str], BeforeValidator(read_queue), WithJsonSchema(WRITTEN_QUEUE)]


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

    p: Share = Field(description="How likely a frame begins a burst.")
    r: Share = Field(description="How likely a frame of a burst is its last.")
    good: Share = Field(
        default=0.0, description="Lost outside of bursts.", json_schema_extra={"default": "0 %"}
    )
    bad: Share = Field(
        default=1.0, description="Lost in a burst.", json_schema_extra={"default": "100 %"}
    )

    @model_validator(mode="after")
    def _check_end(self) -> BurstSpec:
        if self.r == 0:
            raise Mistake("bursts never end with r of 0 %", "a burst is 1/r frames long on average")
        return self


def _read_loss(value: Any) -> Any:
    """A mapping is bursts; anything else is a share."""
    return value if isinstance(value, dict) else read_share(value)


Loss = Annotated[
    BurstSpec | float, BeforeValidator(_read_loss, json_schema_input_type=BurstSpec | Share)
]


class DirectionSpec(Shape):
    """One direction of a link; what is not written stays as it is."""

    model_config = ConfigDict(json_schema_extra={"not": {"required": ["loss", "nth"]}})

    delay: Milliseconds | None = Field(
        default=None, description="Delay one way, instead of the distance's."
    )
    jitter: Milliseconds | None = Field(
        default=None, description="By how much the delay varies, at most the delay."
    )
    distribution: Distribution | None = Field(
        default=None, description="How jitter is distributed around the delay."
    )
    correlation: Share | None = Field(
        default=None, description="How much a frame's jitter depends on that of the frame before."
    )
    loss: Loss | None = Field(
        default=None, description="Frames lost at random, or in bursts; not together with 'nth'."
    )
    nth: FrameCount | None = Field(default=None, description="Every n-th frame is lost.")
    reorder: Share | None = Field(default=None, description="Frames that overtake others.")
    duplicate: Share | None = Field(default=None, description="Frames that arrive twice.")
    corrupt: Share | None = Field(default=None, description="Frames with a wrong bit.")
    rate: BitsPerSecond | Literal["unlimited"] | None = Field(
        default=None, description="Of whole frames."
    )
    queue: QueueLength | None = Field(default=None, description="How much waits for the rate.")

    @model_validator(mode="after")
    def _check_loss(self) -> DirectionSpec:
        if self.loss is not None and self.nth is not None:
            raise Mistake("'loss' and 'nth' contradict each other", "a link has one loss model")
        return self


LEAST_MTU = 1280  # of IPv6 (RFC 8200, section 5), which every link carries


def _check_mtu(octets: int) -> int:
    if octets < LEAST_MTU:
        hint = f"at least {LEAST_MTU}, which IPv6 needs (RFC 8200, section 5)"
        raise Mistake(f"an MTU of {octets} octets is too small", hint)
    return octets


Mtu = Annotated[
    int, Field(le=65000, json_schema_extra={"minimum": LEAST_MTU}), AfterValidator(_check_mtu)
]


def profile_to_mapping(value: Any) -> Any:
    """The short form of an access line: the name of its profile alone."""
    return {"profile": value} if isinstance(value, str) else value


Profile = Annotated[str, AfterValidator(_check_profile), WithJsonSchema({"enum": list(PROFILES)})]


class WireSpec(DirectionSpec):
    """A link: both directions at once, and what differs from the first end to the second
    (``there``) and from the second to the first (``back``)."""

    profile: Profile | None = Field(
        default=None, description="An access line: delay on top of the distance, rates down and up."
    )
    mtu: Mtu | None = Field(default=None, description="Octets of IP in a frame.")
    there: DirectionSpec | None = Field(
        default=None, description="Only from the link's first end to its second."
    )
    back: DirectionSpec | None = Field(
        default=None, description="Only from the link's second end to its first."
    )
