"""What may be written of names and content: DNS, zones, CDNs, data centres, sites, homes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from orchestrator.spec.kinds import Count, Label, Place, Prefix, nothing_to_mapping
from orchestrator.spec.records import WRITTEN_OWNER, check_owner, master_form
from orchestrator.spec.wires import Profile, Shape, WireSpec, profile_to_mapping

Access = Annotated[
    WireSpec, BeforeValidator(profile_to_mapping, json_schema_input_type=WireSpec | Profile)
]


class HomeSpec(Shape):
    """A home behind NAT: a gateway, a LAN, and hosts that ask DHCP."""

    isp: str = Field(description="The AS it is a customer of.")
    router: str | None = Field(
        default=None, description="Where the line ends; the ISP's first router otherwise."
    )
    at: Place | None = Field(default=None, description="Where the home is.")
    access: Access | None = Field(
        default=None, description="What its line does: the name of a profile, or a link."
    )
    lan: Prefix | None = Field(
        default=None, description="192.168.1.0/24, then 192.168.2.0/24, … otherwise."
    )
    resolver: str | None = Field(
        default=None, description="One of 'resolvers', whom the gateway asks instead of the ISP's."
    )
    hosts: list[Label] = Field(
        min_length=1, description="Each runs a DHCP client, a browser and the usual tools."
    )


RouterNames = Annotated[
    list[str],
    Field(min_length=1),
    BeforeValidator(
        lambda value: [value] if isinstance(value, str) else value,
        json_schema_input_type=str | Annotated[list[str], Field(min_length=1)],
    ),
]


class ServersSpec(Shape):
    """Who serves a zone: an AS, and how many servers, or which, or at which routers each.

    A server at several routers is one address at all of them.
    """

    as_: str | None = Field(
        alias="as", default=None, description="The AS of the servers; that of 'dns' otherwise."
    )
    servers: Count | list[Label] | dict[Label, RouterNames] = Field(
        default=1, description="How many, or their names, or a mapping of names to routers."
    )


Servers = Annotated[
    ServersSpec, BeforeValidator(nothing_to_mapping, json_schema_input_type=ServersSpec | None)
]


class DnsSpec(Shape):
    """The tree above the zones: root servers and the servers of top-level domains."""

    as_: str | None = Field(
        alias="as", default=None, description="The AS of the servers below that name none."
    )
    root: ServersSpec = Field(default_factory=ServersSpec, description="The root servers.")
    tlds: dict[Label, Servers] = Field(
        default_factory=dict,
        description="Top-level domains and their servers, beside those that 'zones' uses.",
    )


Owner = Annotated[str, AfterValidator(check_owner), WithJsonSchema(WRITTEN_OWNER)]


class RecordSpec(Shape):
    """A resource record by hand: its owner within the zone, type and value."""

    owner: Owner = Field(default="@", description="A name within the zone; @ is the zone itself.")
    type: Literal["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT", "CAA"] = Field(
        description="The record's type."
    )
    value: str = Field(
        description="As a zone file has it.", examples=["10 mail.example.com.", "198.18.1.9"]
    )

    @field_validator("value")
    @classmethod
    def _check_value(cls, value: str, others: ValidationInfo) -> str:
        kind = others.data.get("type")
        return master_form(kind, value) if kind else value


class ZoneSpec(ServersSpec):
    """A zone, its servers, and records beside those that sites bring."""

    records: list[RecordSpec] = Field(default_factory=list, description="Records by hand.")


class CdnSpec(Shape):
    """A content delivery network: nginx caches, one at each router that is named.

    Visitors find the nearest by what DNS tells their resolver, or by one address at all edges.
    """

    as_: str = Field(alias="as", description="The AS of the edges.")
    steering: Literal["dns", "anycast"] = Field(
        default="dns",
        description="How visitors find the nearest edge: by a name, or by one address.",
    )
    edges: dict[Label, str] = Field(
        min_length=1, description="The caches, and the router that each is attached to."
    )


class DatacenterSpec(Shape):
    """A balancer, static and application servers, and a database on one LAN."""

    as_: str = Field(alias="as", description="The AS where it stands.")
    router: str | None = Field(
        default=None,
        description="What the balancer is attached to; the middle one of the AS's list otherwise.",
    )
    lan: Prefix | None = Field(
        default=None, description="10.0.0.0/24, then 10.0.1.0/24, … otherwise."
    )
    web: Annotated[int, Field(ge=0, le=64)] = Field(
        default=1, description="Static servers; with none the applications serve static files."
    )
    apps: Count = Field(default=2, description="Application servers.")


class SiteSpec(Shape):
    """A web site: where it is made, and the CDN in front of it if any."""

    origin: str = Field(description="The data centre where it is made.")
    cdn: str | None = Field(default=None, description="The CDN in front of it.")
