"""What a user may write in a topology: the schema, section by section.

Each class is one mapping of the YAML file. Only what a mapping can say of itself is
checked here; what names something elsewhere in the file is checked in check.py.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Interface, IPv4Network
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

from orchestrator.spec.places import CITIES
from orchestrator.spec.problems import Mistake, did_you_mean
from orchestrator.spec.records import check_owner, master_form

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_URL = re.compile(r"https?://(?P<host>[^/:?#@]+)(:[0-9]+)?([/?#].*)?")
# RFC 6996 (private use) and RFC 5398 (documentation): a leak could reach nobody.
_SAFE_ASNS = (range(64496, 64512), range(64512, 65535), range(4200000000, 4294967295))
_SAFE_PREFIXES = tuple(
    IPv4Network(text)
    for text in (
        "198.18.0.0/15",
        "100.64.0.0/10",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
    )
)


def check_label(name: str) -> str:
    """A name that can be a host name: one label of RFC 1123, at most 63 octets."""
    if len(name) > 63:
        raise Mistake(f"name of {len(name)} octets: '{name[:20]}…'", "at most 63 (RFC 1123)")
    if not _LABEL.fullmatch(name):
        raise Mistake(f"'{name}' is not a name", "use a-z, 0-9 and inner hyphens (RFC 1123)")
    return name


def check_domain(name: str) -> str:
    """A domain name without its final dot."""
    if len(name) > 253:
        raise Mistake(f"domain name of {len(name)} octets", "at most 253 (RFC 1035)")
    if name.endswith("."):
        raise Mistake(f"'{name}' ends with a dot", "leave the dot out")
    for label in name.split("."):
        check_label(label)
    return name


def host_of(url: str) -> str:
    """The host name in a URL that is not checked otherwise, or nothing."""
    found = _URL.fullmatch(url)
    return found["host"] if found else ""


def _check_url(url: str) -> str:
    if not host_of(url):
        raise Mistake(f"'{url}' is not a URL", "write 'https://host/path'")
    return url


def _check_asn(asn: int) -> int:
    if any(asn in block for block in _SAFE_ASNS):
        return asn
    raise Mistake(
        f"AS {asn} is not reserved for private use or documentation",
        "use 64496-65534 or 4200000000-4294967294",
    )


def _check_prefix(prefix: IPv4Network) -> IPv4Network:
    if any(prefix.subnet_of(safe) for safe in _SAFE_PREFIXES):
        return prefix
    raise Mistake(
        f"{prefix} may belong to somebody", "use 198.18.0.0/15, 100.64.0.0/10 or RFC 1918 space"
    )


def _check_address(address: IPv4Interface) -> IPv4Interface:
    _check_prefix(address.network)
    return address


def _check_place(place: Any) -> Any:
    if not isinstance(place, str) or place in CITIES:
        return place
    hint = did_you_mean(place, CITIES) or "or give coordinates: [50.1, 8.7]"
    raise Mistake(f"unknown place '{place}'", hint)


def _names_to_mapping(value: Any) -> Any:
    return {name: {} for name in value} if isinstance(value, list) else value


def _nothing_to_mapping(value: Any) -> Any:
    return {} if value is None else value


Label = Annotated[str, AfterValidator(check_label)]
Domain = Annotated[str, AfterValidator(check_domain)]
Asn = Annotated[int, AfterValidator(_check_asn)]
Prefix = Annotated[IPv4Network, AfterValidator(_check_prefix)]
Address = Annotated[IPv4Interface, AfterValidator(_check_address)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Place = Annotated[str | tuple[Latitude, Longitude], BeforeValidator(_check_place)]
Count = Annotated[int, Field(ge=1, le=64)]


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


Routers = Annotated[
    dict[Label, Annotated[RouterSpec, BeforeValidator(_nothing_to_mapping)]],
    BeforeValidator(_names_to_mapping),
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


class IxpSpec(Mapping):
    """An Internet exchange point: one switch, and every member peers with every other."""

    at: Place | None = None
    prefix: Prefix | None = None
    members: list[str | MemberSpec] = Field(min_length=2)


class HomeSpec(Mapping):
    """A home behind NAT: a gateway, a LAN, and hosts that ask DHCP."""

    isp: str
    router: str | None = None
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
    tlds: dict[Label, Annotated[ServersSpec, BeforeValidator(_nothing_to_mapping)]] = Field(
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


class LinkSpec(Mapping):
    """A link by hand. An end is ``node`` or ``node:interface``."""

    ends: Annotated[list[str], Field(min_length=2, max_length=2)]
    addresses: Annotated[list[Address], Field(min_length=2, max_length=2)] | None = None


def _ends_to_mapping(value: Any) -> Any:
    return {"ends": value} if isinstance(value, list) else value


class ExpectSpec(Mapping):
    """What the lab promises, and the tests hold it to."""

    visit: Annotated[str, AfterValidator(_check_url)]
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
    expect: list[ExpectSpec] = Field(default_factory=list)
