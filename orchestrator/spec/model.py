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
)

from orchestrator.spec.kinds import (
    Address,
    Asn,
    Count,
    Domain,
    Label,
    Place,
    Prefix,
    Url,
    names_to_mapping,
    nothing_to_mapping,
)
from orchestrator.spec.records import check_owner, master_form
from orchestrator.spec.wires import WireSpec, profile_to_mapping


class Mapping(BaseModel):
    """A mapping that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RouterSpec(Mapping):
    """A router of an AS, and where it stands."""

    at: Place | None = None


class RelationSpec(Mapping):
    """A relation with another AS, when it matters which routers meet."""

    as_: str = Field(alias="as")
    here: str | None = None
    there: str | None = None
    wire: WireSpec | None = None


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
    routers: Routers = Field(default_factory=dict)
    interior: Literal["ring", "chain", "mesh"] = "ring"
    providers: Relations = Field(default_factory=list)
    peers: Relations = Field(default_factory=list)
    resolver: bool | None = None


class MemberSpec(Mapping):
    """A member of an IXP, when it matters which of its routers is there."""

    as_: str = Field(alias="as")
    router: str | None = None
    wire: WireSpec | None = None


class IxpSpec(Mapping):
    """An Internet exchange point: one switch, and every member peers with every other."""

    at: Place | None = None
    prefix: Prefix | None = None
    members: list[str | MemberSpec] = Field(min_length=2)


class HomeSpec(Mapping):
    """A home behind NAT: a gateway, a LAN, and hosts that ask DHCP."""

    isp: str
    router: str | None = None
    at: Place | None = None
    access: Annotated[WireSpec, BeforeValidator(profile_to_mapping)] | None = None
    lan: Prefix | None = None
    hosts: list[Label] = Field(min_length=1)


class ServersSpec(Mapping):
    """Who serves a zone: an AS, and how many servers or which."""

    as_: str | None = Field(alias="as", default=None)
    servers: Count | list[Label] = 1


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
    """A content delivery network: nginx caches, one at each router that is named."""

    as_: str = Field(alias="as")
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
    as_: dict[Label, AsSpec] = Field(alias="as", min_length=1)
    ixps: dict[Label, IxpSpec] = Field(default_factory=dict)
    homes: dict[Label, HomeSpec] = Field(default_factory=dict)
    dns: DnsSpec | None = None
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
