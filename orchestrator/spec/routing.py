"""What may be written of routing: timers, policy of sessions, tiers, announcements, RPKI."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from orchestrator.errors import Mistake
from orchestrator.spec.kinds import AnyPrefix, Asn, Label, nothing_to_mapping
from orchestrator.spec.units import WRITTEN_DURATION, read_duration_s
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
Seconds = Annotated[int, BeforeValidator(_whole_seconds), WithJsonSchema(WRITTEN_DURATION)]
Hold = Annotated[Seconds, AfterValidator(_check_hold)]


class BfdSpec(Shape):
    """Bidirectional forwarding detection: how often, and how many may be missed."""

    interval: Annotated[Milliseconds, AfterValidator(_check_interval)] = Field(
        default=300.0,
        description="The pause between two packets, 10 ms to 10 s.",
        json_schema_extra={"default": "300 ms"},
    )
    multiplier: Annotated[Number, Field(ge=2, le=50)] = Field(
        default=3, description="So many packets missed, and the session is down."
    )


BfdChoice = Annotated[
    BfdSpec | Literal[False],
    BeforeValidator(_truth_to_mapping, json_schema_input_type=BfdSpec | bool),
]


class PolicySpec(Shape):
    """What one side does with the routes of a session beyond what the relation says."""

    prefer: Preference | None = Field(
        default=None,
        description="Local preference of what is heard; by relation 300 (customers), 200 (peers) "
        "or 100 (providers).",
    )
    limit: Annotated[Number, Field(ge=1, le=2**32 - 1)] | None = Field(
        default=None, description="More prefixes than this, and the session goes down."
    )
    prepend: Annotated[Number, Field(ge=0, le=16)] = Field(
        default=0, description="How often its own AS number is put in front of what it tells."
    )
    med: Preference | None = Field(
        default=None, description="Which of several links the neighbour should prefer: the lowest."
    )
    no_export: bool = Field(
        default=False, description="The neighbour tells no other AS what it hears."
    )


class SessionSpec(Shape):
    """What may be said of a BGP session: our policy on it, and its timers."""

    policy: PolicySpec = Field(
        default=PolicySpec(), description="What this AS does beyond what the relation says."
    )
    bfd: BfdChoice | None = Field(default=None, description="BFD of this session.")
    hold: Hold | None = Field(default=None, description="BGP's hold time of this session.")


class OspfSpec(Shape):
    """OSPF's timers, in whole seconds (RFC 2328, appendix C.3)."""

    hello: Annotated[Seconds, Field(ge=1, le=65535)] = Field(
        default=1, description="The pause between two hellos.", json_schema_extra={"default": "1 s"}
    )
    dead: Annotated[Seconds, Field(ge=2, le=65535)] = Field(
        default=4,
        description="So long without one, and the neighbour is gone.",
        json_schema_extra={"default": "4 s"},
    )

    @model_validator(mode="after")
    def _check_order(self) -> OspfSpec:
        if self.dead <= self.hello:
            raise Mistake("'dead' is not longer than 'hello'", "four times 'hello' is common")
        return self


class RoutingSpec(Shape):
    """How all routers of a lab do it, unless an AS or a session says otherwise."""

    bfd: BfdChoice = Field(
        default=False,
        description="BFD on every link between routers and every session with another AS.",
    )
    hold: Hold = Field(
        default=90,
        description="BGP's hold time, 3 s to 65535 s.",
        json_schema_extra={"default": "90 s"},
    )
    ospf: OspfSpec = Field(default=OspfSpec(), description="OSPF's timers, in whole seconds.")
    ecmp: bool = Field(default=True, description="Equal paths are used side by side, flow by flow.")
    graceful_restart: bool = Field(default=False, description="Routes survive a restart of BIRD.")
    rpki: Validation = Field(
        default="ignore", description="Whether routers drop routes that ROAs make invalid."
    )


class AnnouncedSpec(Shape):
    """A prefix that an AS announces beside its own; ``anycast`` where others do so too."""

    prefix: AnyPrefix = Field(description="A /24 or a /48 at the longest.")
    at: str | None = Field(default=None, description="The only router that announces it.")
    anycast: bool = Field(default=False, description="Other ASes announce it too, and say so.")


class RouteServerSpec(Shape):
    """The route server of an exchange."""

    asn: Asn | None = Field(
        default=None, description="Its AS number: 65534, then 65533, … otherwise."
    )


class RoaSpec(Shape):
    """A ROA by hand: this AS may originate this prefix, and parts of it to ``max_length``."""

    prefix: AnyPrefix = Field(description="What may be originated.")
    as_: str = Field(alias="as", description="Who may.")
    max_length: Annotated[Number, Field(ge=0, le=128)] | None = Field(
        default=None, description="Parts of the prefix may be too, down to this length."
    )


class RpkiSpec(Shape):
    """A cache of ROAs: one for every prefix that an AS has, and those by hand."""

    as_: str = Field(alias="as", description="The AS where the cache stands.")
    router: str | None = Field(
        default=None,
        description="What it is attached to; the middle one of the AS's list otherwise.",
    )
    roas: list[RoaSpec] = Field(
        default_factory=list, description="ROAs beside those of what ASes have and announce."
    )


class PublicResolverSpec(Shape):
    """A resolver for everybody, one address at several places."""

    as_: str = Field(alias="as", description="The AS where it stands.")
    routers: Annotated[list[Label], Field(min_length=1)] = Field(
        description="Where it is: one address at all of them."
    )


def prefix_to_mapping(value: Any) -> Any:
    """An announced prefix with nothing else said of it."""
    return {"prefix": value} if isinstance(value, str) else value


Announced = Annotated[
    AnnouncedSpec,
    BeforeValidator(prefix_to_mapping, json_schema_input_type=AnnouncedSpec | AnyPrefix),
]
RouteServer = Annotated[
    RouteServerSpec | Literal[False],
    BeforeValidator(
        lambda value: _truth_to_mapping(nothing_to_mapping(value)),
        json_schema_input_type=RouteServerSpec | bool | None,
    ),
]
Peering = Literal["bilateral", "route-server", "both"]
