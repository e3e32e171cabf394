"""What may be written of routing: timers, policy of sessions, tiers, announcements, RPKI."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from orchestrator.errors import Mistake
from orchestrator.spec.kinds import AnyPrefix, Asn, Label, nothing_to_mapping
from orchestrator.spec.units import read_duration_s
from orchestrator.spec.wires import Milliseconds, Shape

# From the customers up to the middle of the network.
TIERS = ("access", "aggregation", "regional", "backbone")
Tier = Literal["access", "aggregation", "regional", "backbone"]
Validation = Literal["validate", "ignore"]

# By IP version: longer ones are filtered nearly everywhere (RFC 7454, 6.1.3).
LONGEST_ANNOUNCED = {4: 24, 6: 48}
LONGEST_HOLD_S = 65535  # 16 bits in BGP's OPEN (RFC 4271, 4.2)


def _refuse_truth(value: Any) -> Any:
    """For pydantic ``true`` is a 1."""
    if isinstance(value, bool):
        raise Mistake(f"'{str(value).lower()}' is not a number")
    return value


def _whole_seconds(written: Any) -> int:
    seconds = read_duration_s(written)
    if seconds != int(seconds):
        raise Mistake(f"'{written}' is not whole seconds", "BGP and OSPF count in seconds")
    return int(seconds)


def _check_hold(seconds: int) -> int:
    if seconds < 3 or seconds > LONGEST_HOLD_S:
        message = f"a hold time of {seconds} s is out of range"
        raise Mistake(message, f"3 s to {LONGEST_HOLD_S} s (RFC 4271)")
    return seconds


def _check_interval(milliseconds: float) -> float:
    if not 10 <= milliseconds <= 10_000:
        raise Mistake(f"a BFD interval of {milliseconds:g} ms is out of range", "10 ms to 10 s")
    return milliseconds


def _truth_to_mapping(value: Any) -> Any:
    """``bfd: true`` is BFD with nothing else said of it."""
    if value is not None and not isinstance(value, bool | dict | Shape):
        raise Mistake(
            f"'{value}' is neither true nor false nor a mapping", "write 'true' or 'false'"
        )
    return {} if value is True else value


Number = Annotated[int, BeforeValidator(_refuse_truth)]
Preference = Annotated[Number, Field(ge=0, le=2**32 - 1)]
Seconds = Annotated[int, BeforeValidator(_whole_seconds)]
Hold = Annotated[Seconds, AfterValidator(_check_hold)]


class BfdSpec(Shape):
    """Bidirectional forwarding detection: how often, and how many may be missed."""

    interval: Annotated[Milliseconds, AfterValidator(_check_interval)] = 100.0
    multiplier: Annotated[Number, Field(ge=2, le=50)] = 3


BfdChoice = Annotated[BfdSpec | Literal[False], BeforeValidator(_truth_to_mapping)]


class PolicySpec(Shape):
    """What one side does with the routes of a session beyond what the relation says."""

    prefer: Preference | None = None
    limit: Annotated[Number, Field(ge=1, le=2**32 - 1)] | None = None
    prepend: Annotated[Number, Field(ge=0, le=16)] = 0
    med: Preference | None = None
    no_export: bool = False


class SessionSpec(Shape):
    """What may be said of a BGP session: our policy on it, and its timers."""

    policy: PolicySpec = PolicySpec()
    bfd: BfdChoice | None = None
    hold: Hold | None = None


class OspfSpec(Shape):
    """OSPF's timers, in whole seconds (RFC 2328, appendix C.3)."""

    hello: Annotated[Seconds, Field(ge=1, le=65535)] = 1
    dead: Annotated[Seconds, Field(ge=2, le=65535)] = 4

    @model_validator(mode="after")
    def _check_order(self) -> OspfSpec:
        if self.dead <= self.hello:
            raise Mistake("'dead' is not longer than 'hello'", "four times 'hello' is common")
        return self


class RoutingSpec(Shape):
    """How all routers of a lab do it, unless an AS or a session says otherwise."""

    bfd: BfdChoice = False
    hold: Hold = 90
    ospf: OspfSpec = OspfSpec()
    ecmp: bool = True
    graceful_restart: bool = False
    rpki: Validation = "ignore"


class AnnouncedSpec(Shape):
    """A prefix that an AS announces beside its own; ``anycast`` where others do so too."""

    prefix: AnyPrefix
    at: str | None = None
    anycast: bool = False


class RouteServerSpec(Shape):
    """The route server of an exchange."""

    asn: Asn | None = None


class RoaSpec(Shape):
    """A ROA by hand: this AS may originate this prefix, and parts of it to ``max_length``."""

    prefix: AnyPrefix
    as_: str = Field(alias="as")
    max_length: Annotated[Number, Field(ge=0, le=128)] | None = None


class RpkiSpec(Shape):
    """A cache of ROAs: one for every prefix that an AS has, and those by hand."""

    as_: str = Field(alias="as")
    router: str | None = None
    roas: list[RoaSpec] = Field(default_factory=list)


class PublicResolverSpec(Shape):
    """A resolver for everybody, one address at several places."""

    as_: str = Field(alias="as")
    routers: Annotated[list[Label], Field(min_length=1)]


def prefix_to_mapping(value: Any) -> Any:
    """An announced prefix with nothing else said of it."""
    return {"prefix": value} if isinstance(value, str) else value


Announced = Annotated[AnnouncedSpec, BeforeValidator(prefix_to_mapping)]
RouteServer = Annotated[
    RouteServerSpec | Literal[False],
    BeforeValidator(lambda value: _truth_to_mapping(nothing_to_mapping(value))),
]
Peering = Literal["bilateral", "route-server", "both"]
