"""What a user may write in a topology: the schema, section by section.

Each class is one mapping of the YAML file. Only what a mapping can say of itself is
checked here; what names something elsewhere in the file is checked in check.py.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from orchestrator.errors import Mistake
from orchestrator.spec.kinds import (
    Address,
    AnyPrefix,
    Asn,
    Count,
    Domain,
    Label,
    Place,
    Prefix,
    Prefix6,
    Url,
    names_to_mapping,
    nothing_to_mapping,
)
from orchestrator.spec.records import check_owner, master_form
from orchestrator.spec.routing import (
    Announced,
    BfdChoice,
    Number,
    Peering,
    PolicySpec,
    PublicResolverSpec,
    RouteServer,
    RoutingSpec,
    RpkiSpec,
    SessionSpec,
    Tier,
    Validation,
)
from orchestrator.spec.wires import WireSpec, profile_to_mapping


class Mapping(BaseModel):
    """A mapping that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RouterSpec(Mapping):
    """A router of an AS, where it stands, and its tier in an AS built in tiers."""

    at: Place | None = None
    tier: Tier | None = None


class RelationSpec(SessionSpec):
    """A relation with another AS, when it matters which routers meet, or ``via`` which IXP.

    ``theirs`` is the policy of the other side.
    """

    as_: str = Field(alias="as")
    here: str | None = None
    there: str | None = None
    via: str | None = None
    theirs: PolicySpec = PolicySpec()
    wire: WireSpec | None = None


class ImportSpec(Mapping):
    """A file of AS relationships as CAIDA publishes them, and which part of it."""

    caida: Annotated[str, Field(min_length=1)]
    cone_of: Annotated[Number, Field(ge=1, le=2**32 - 2)] | None = None
    top: Annotated[Number, Field(ge=1)] | None = None


Routers = Annotated[
    dict[Label, Annotated[RouterSpec, BeforeValidator(nothing_to_mapping)]],
    BeforeValidator(names_to_mapping),
]
Relations = list[str | RelationSpec]


class AsSpec(Mapping):
    """An autonomous system: its number, its routers and whom it buys transit from."""

    asn: Asn
    at: Place | None = None
    prefix: Prefix | None = None
    prefix6: Prefix6 | None = None
    routers: Routers = Field(default_factory=dict)
    interior: Literal["ring", "chain", "mesh", "tiers"] | None = None
    reflectors: list[Label] | None = None
    providers: Relations = Field(default_factory=list)
    peers: Relations = Field(default_factory=list)
    announces: list[Announced] = Field(default_factory=list)
    hijacks: list[AnyPrefix] = Field(default_factory=list)
    resolver: bool | None = None
    bfd: BfdChoice | None = None
    rpki: Validation | None = None


class MemberSpec(SessionSpec):
    """A member of an IXP, when it matters which of its routers is there, or how it peers."""

    as_: str = Field(alias="as")
    router: str | None = None
    peering: Peering | None = None
    wire: WireSpec | None = None


class IxpSpec(Mapping):
    """An Internet exchange point: one switch; members peer through its route server, if it
    has one, or every one with every other."""

    at: Place | None = None
    prefix: Prefix | None = None
    prefix6: Prefix6 | None = None
    route_server: RouteServer = False
    members: list[str | MemberSpec] = Field(min_length=2)


class HomeSpec(Mapping):
    """A home behind NAT: a gateway, a LAN, and hosts that ask DHCP."""

    isp: str
    router: str | None = None
    at: Place | None = None
    access: Annotated[WireSpec, BeforeValidator(profile_to_mapping)] | None = None
    lan: Prefix | None = None
    resolver: str | None = None
    hosts: list[Label] = Field(min_length=1)


RouterNames = Annotated[
    list[str],
    Field(min_length=1),
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
]


class ServersSpec(Mapping):
    """Who serves a zone: an AS, and how many servers, or which, or at which routers each.

    A server at several routers is one address at all of them.
    """

    as_: str | None = Field(alias="as", default=None)
    servers: Count | list[Label] | dict[Label, RouterNames] = 1


class DnsSpec(Mapping):
    """The tree above the zones: root servers and the servers of top-level domains."""

    as_: str | None = Field(alias="as", default=None)
    root: ServersSpec = Field(default_factory=ServersSpec)
    tlds: dict[Label, Annotated[ServersSpec, BeforeValidator(nothing_to_mapping)]] = Field(
        default_factory=dict
    )


class RecordSpec(Mapping):
    """A resource record by hand: its owner within the zone, type and value."""

    owner: Annotated[str, AfterValidator(check_owner)] = "@"
    type: Literal["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT", "CAA"]
    value: str

    @field_validator("value")
    @classmethod
    def _check_value(cls, value: str, others: ValidationInfo) -> str:
        kind = others.data.get("type")
        return master_form(kind, value) if kind else value


class ZoneSpec(ServersSpec):
    """A zone, its servers, and records beside those that sites bring."""

    records: list[RecordSpec] = Field(default_factory=list)


class CdnSpec(Mapping):
    """A content delivery network: nginx caches, one at each router that is named.

    Visitors find the nearest by what DNS tells their resolver, or by one address at all edges.
    """

    as_: str = Field(alias="as")
    steering: Literal["dns", "anycast"] = "dns"
    edges: dict[Label, str] = Field(min_length=1)


class DatacenterSpec(Mapping):
    """A balancer, static and application servers, and a database on one LAN."""

    as_: str = Field(alias="as")
    router: str | None = None
    lan: Prefix | None = None
    web: Annotated[int, Field(ge=0, le=64)] = 1
    apps: Count = 2


class SiteSpec(Mapping):
    """A web site: where it is made, and the CDN in front of it if any."""

    origin: str
    cdn: str | None = None


class NodeSpec(Mapping):
    """A node by hand, beside what the sections above bring."""

    role: str
    as_: str | None = Field(alias="as", default=None)
    at: Place | None = None


class LinkSpec(WireSpec):
    """A link by hand. An end is ``node`` or ``node:interface``."""

    ends: Annotated[list[str], Field(min_length=2, max_length=2)]
    addresses: Annotated[list[Address], Field(min_length=2, max_length=2)] | None = None


def _ends_to_mapping(value: Any) -> Any:
    return {"ends": value} if isinstance(value, list) else value


class ExpectSpec(Mapping):
    """What the lab promises, and the tests hold it to."""

    visit: Url
    source: str = Field(alias="from")
    status: Annotated[int, Field(ge=100, le=599)] = 200


class Topology(Mapping):
    """A whole topology file."""

    name: Label
    about: str = ""
    as_: dict[Label, AsSpec] = Field(alias="as", default_factory=dict)
    import_: ImportSpec | None = Field(alias="import", default=None)
    ixps: dict[Label, IxpSpec] = Field(default_factory=dict)
    homes: dict[Label, HomeSpec] = Field(default_factory=dict)
    routing: RoutingSpec = RoutingSpec()
    rpki: RpkiSpec | None = None
    dns: DnsSpec | None = None
    resolvers: dict[Label, PublicResolverSpec] = Field(default_factory=dict)
    zones: dict[Domain, ZoneSpec] = Field(default_factory=dict)
    cdns: dict[Label, CdnSpec] = Field(default_factory=dict)
    datacenters: dict[Label, DatacenterSpec] = Field(default_factory=dict)
    sites: dict[Domain, SiteSpec] = Field(default_factory=dict)
    nodes: dict[Label, NodeSpec] = Field(default_factory=dict)
    links: list[Annotated[LinkSpec, BeforeValidator(_ends_to_mapping)]] = Field(
        default_factory=list
    )
    wires: dict[str, WireSpec] = Field(default_factory=dict)
    expect: list[ExpectSpec] = Field(default_factory=list)

    @model_validator(mode="after")
    def _check_systems(self) -> Topology:
        if not self.as_ and self.import_ is None:
            raise Mistake(
                "there is no AS in this topology", "add 'as: {NAME: {asn: …}}' or an 'import'"
            )
        return self
