"""What a user may write in a topology: the schema, section by section.

Each class is one mapping of the YAML file. Only what a mapping can say of itself is
checked here; what names something elsewhere in the file is checked in check.py. What an editor
shows of a key is its description, which schema.py makes JSON of.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from orchestrator.errors import Mistake
from orchestrator.spec.kinds import Address, Domain, Label, Place, Url
from orchestrator.spec.routing import PublicResolverSpec, RoutingSpec, RpkiSpec
from orchestrator.spec.services import (
    CdnSpec,
    DatacenterSpec,
    DnsSpec,
    HomeSpec,
    SiteSpec,
    ZoneSpec,
)
from orchestrator.spec.systems import AsSpec, ImportSpec, IxpSpec
from orchestrator.spec.wires import Shape, WireSpec

NODE_ROLES = ("host", "router")  # what may be drawn


class NodeSpec(Shape):
    """A node by hand, beside what the sections above bring."""

    role: str = Field(description="What it is.", json_schema_extra={"enum": list(NODE_ROLES)})
    as_: str | None = Field(
        alias="as", default=None, description="Its AS, which a router has to have."
    )
    at: Place | None = Field(default=None, description="Where it stands.")


Ends = Annotated[list[str], Field(min_length=2, max_length=2)]


class LinkSpec(WireSpec):
    """A link by hand. An end is ``node`` or ``node:interface``."""

    ends: Ends = Field(description="Its two ends.", examples=[["a", "b"], ["a:eth1", "b:eth1"]])
    addresses: Annotated[list[Address], Field(min_length=2, max_length=2)] | None = Field(
        default=None,
        description="Of both ends, with the prefix length; the next free /31 otherwise.",
    )


def _ends_to_mapping(value: Any) -> Any:
    return {"ends": value} if isinstance(value, list) else value


DrawnLink = Annotated[
    LinkSpec, BeforeValidator(_ends_to_mapping, json_schema_input_type=LinkSpec | Ends)
]


class ExpectSpec(Shape):
    """What the lab promises, and the tests hold it to."""

    visit: Url = Field(description="A page of one of the sites.")
    source: str = Field(alias="from", description="The host that visits it.")
    status: Annotated[int, Field(ge=100, le=599)] = Field(
        default=200, description="The HTTP status that comes of it."
    )


class Topology(Shape):
    """A whole topology file."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": ["as"]}, {"required": ["import"]}]}
    )

    name: Label = Field(description="What the lab is called.")
    about: str = Field(default="", description="What it is for: a line of free text.")
    as_: dict[Label, AsSpec] = Field(
        alias="as", default_factory=dict, description="Autonomous systems, by name."
    )
    import_: ImportSpec | None = Field(
        alias="import", default=None, description="ASes out of a file of CAIDA's."
    )
    ixps: dict[Label, IxpSpec] = Field(
        default_factory=dict, description="Internet exchange points, by name."
    )
    homes: dict[Label, HomeSpec] = Field(
        default_factory=dict, description="Homes behind NAT, with the hosts that click."
    )
    routing: RoutingSpec = Field(
        default=RoutingSpec(), description="How all routers do it: timers, BFD, ECMP, validation."
    )
    rpki: RpkiSpec | None = Field(default=None, description="A cache of ROAs, which routers ask.")
    dns: DnsSpec | None = Field(default=None, description="The root and the top-level domains.")
    resolvers: dict[Label, PublicResolverSpec] = Field(
        default_factory=dict, description="Recursive resolvers for everybody, by name."
    )
    zones: dict[Domain, ZoneSpec] = Field(
        default_factory=dict, description="Zones and their servers, by domain."
    )
    cdns: dict[Label, CdnSpec] = Field(
        default_factory=dict, description="Content delivery networks, by name."
    )
    datacenters: dict[Label, DatacenterSpec] = Field(
        default_factory=dict, description="Where sites are made, by name."
    )
    sites: dict[Domain, SiteSpec] = Field(
        default_factory=dict, description="Host names, and what serves them."
    )
    nodes: dict[Label, NodeSpec] = Field(
        default_factory=dict, description="Nodes by hand, by name."
    )
    links: list[DrawnLink] = Field(
        default_factory=list, description="Links by hand: two ends, or more of one."
    )
    wires: dict[str, WireSpec] = Field(
        default_factory=dict, description="What links do, by the names that 'lab plan' lists."
    )
    expect: list[ExpectSpec] = Field(
        default_factory=list, description="What the lab promises, as the tests hold it to."
    )

    @model_validator(mode="after")
    def _check_systems(self) -> Topology:
        if not self.as_ and self.import_ is None:
            raise Mistake(
                "there is no AS in this topology", "add 'as: {NAME: {asn: …}}' or an 'import'"
            )
        return self
