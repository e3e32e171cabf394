"""What may be written of ASes: their routers, whom they buy transit from, and where they peer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from orchestrator.spec.kinds import (
    AnyPrefix,
    Asn,
    Label,
    Place,
    Prefix,
    Prefix6,
    names_to_mapping,
    nothing_to_mapping,
)
from orchestrator.spec.routing import (
    Announced,
    BfdChoice,
    Number,
    Peering,
    PolicySpec,
    RouteServer,
    SessionSpec,
    Tier,
    Validation,
)
from orchestrator.spec.wires import Shape, WireSpec


class RouterSpec(Shape):
    """A router of an AS, where it stands, and its tier in an AS built in tiers."""

    at: Place | None = Field(default=None, description="Where it stands, if not where its AS does.")
    tier: Tier | None = Field(default=None, description="How far it is from the customers.")


class RelationSpec(SessionSpec):
    """A relation with another AS, when it matters which routers meet, or ``via`` which IXP.

    ``theirs`` is the policy of the other side.
    """

    as_: str = Field(alias="as", description="The other AS.")
    here: str | None = Field(default=None, description="The router of this AS, if not the nearest.")
    there: str | None = Field(
        default=None, description="The router of the other, if not the nearest."
    )
    via: str | None = Field(
        default=None,
        description="Of a peer: the IXP where they meet, instead of a link of their own.",
    )
    theirs: PolicySpec = Field(
        default=PolicySpec(), description="What the other AS does beyond what the relation says."
    )
    wire: WireSpec | None = Field(default=None, description="What the link between the two does.")


class ImportSpec(Shape):
    """A file of AS relationships as CAIDA publishes them, and which part of it."""

    caida: Annotated[str, Field(min_length=1)] = Field(
        description="The file, beside the topology; it may be packed: .gz or .bz2.",
        examples=["20260101.as-rel.txt.bz2"],
    )
    cone_of: Annotated[Number, Field(ge=1, le=2**32 - 2)] | None = Field(
        default=None, description="Only the AS of this number, its customers, theirs, and so on."
    )
    top: Annotated[Number, Field(ge=1)] | None = Field(
        default=None, description="Only so many ASes, those with the largest customer cones."
    )


Router = Annotated[
    RouterSpec, BeforeValidator(nothing_to_mapping, json_schema_input_type=RouterSpec | None)
]
Routers = Annotated[
    dict[Label, Router],
    BeforeValidator(names_to_mapping, json_schema_input_type=dict[Label, Router] | set[Label]),
]
Relations = list[str | RelationSpec]


class AsSpec(Shape):
    """An autonomous system: its number, its routers and whom it buys transit from."""

    asn: Asn = Field(description="Its number, out of those for private use or documentation.")
    at: Place | None = Field(default=None, description="Where routers stand that name no place.")
    prefix: Prefix | None = Field(
        default=None,
        description="What it announces: the next free /22 otherwise; /24 at the smallest.",
    )
    prefix6: Prefix6 | None = Field(
        default=None,
        description="The same of IPv6: the next free /32 otherwise; /44 at the smallest.",
    )
    routers: Routers = Field(
        default_factory=dict,
        description="Names, or a mapping of them; one router with the AS's name otherwise.",
    )
    interior: Literal["ring", "chain", "mesh", "tiers"] | None = Field(
        default=None, description="How its routers are linked: ring, or tiers if a router has one."
    )
    reflectors: list[Label] | None = Field(
        default=None,
        description="Its iBGP route reflectors; [] is a full mesh. From five routers on it has "
        "two of the highest tier otherwise.",
    )
    providers: Relations = Field(
        default_factory=list, description="ASes it buys transit from: names, or relations."
    )
    peers: Relations = Field(
        default_factory=list,
        description="ASes it exchanges its own and its customers' routes with.",
    )
    announces: list[Announced] = Field(default_factory=list, description="Prefixes beside its own.")
    hijacks: list[AnyPrefix] = Field(
        default_factory=list, description="Prefixes of others that it announces."
    )
    resolver: bool | None = Field(
        default=None, description="Whether it has a recursive resolver; it has if it has homes."
    )
    bfd: BfdChoice | None = Field(default=None, description="BFD between its routers.")
    rpki: Validation | None = Field(
        default=None, description="Whether its routers drop routes that ROAs make invalid."
    )


class MemberSpec(SessionSpec):
    """A member of an IXP, when it matters which of its routers is there, or how it peers."""

    as_: str = Field(alias="as", description="The AS that is a member.")
    router: str | None = Field(
        default=None, description="Its router there; its first one where the IXP stands otherwise."
    )
    peering: Peering | None = Field(
        default=None, description="With whom: through the route server where there is one."
    )
    wire: WireSpec | None = Field(default=None, description="What its link to the switch does.")


class IxpSpec(Shape):
    """An Internet exchange point: one switch; members peer through its route server, if it
    has one, or every one with every other."""

    at: Place | None = Field(default=None, description="Where the switch stands.")
    prefix: Prefix | None = Field(
        default=None, description="The LAN: 198.19.255.0/24, then 198.19.254.0/24, … otherwise."
    )
    prefix6: Prefix6 | None = Field(default=None, description="The same of IPv6: a /64.")
    route_server: RouteServer = Field(
        default=False, description="Whether members peer through a route server: true, or its ASN."
    )
    members: list[str | MemberSpec] = Field(
        min_length=2, description="The ASes that meet there: names, or more of one."
    )
