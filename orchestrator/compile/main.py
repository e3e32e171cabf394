"""From what was written to what is decided: the steps, in order."""

from __future__ import annotations

from orchestrator.compile.anycast import set_speakers
from orchestrator.compile.claims import refuse_pointless_hijacks, reserve_claims
from orchestrator.compile.content import add_datacenters, add_edges
from orchestrator.compile.draft import Draft
from orchestrator.compile.extras import add_links, add_nodes
from orchestrator.compile.freeze import freeze, set_routers
from orchestrator.compile.homes import add_homes
from orchestrator.compile.interior import add_ibgp
from orchestrator.compile.ixps import add_ixps
from orchestrator.compile.names import add_name_servers, add_resolvers, set_resolvers
from orchestrator.compile.origins import set_origins
from orchestrator.compile.reach import refuse_unreachable
from orchestrator.compile.relations import add_relations
from orchestrator.compile.rpki import add_rpki, set_roas
from orchestrator.compile.systems import add_systems, refuse_islands
from orchestrator.compile.validators import refuse_blind_validators
from orchestrator.compile.wires import set_wires
from orchestrator.compile.zonecheck import refuse_bad_zones
from orchestrator.compile.zones import set_zones
from orchestrator.errors import PlanError
from orchestrator.plan.model import Plan
from orchestrator.spec.document import Document
from orchestrator.spec.model import Topology


def compile_plan(topology: Topology, document: Document) -> Plan:
    """Decide everything a topology leaves open. Raises PlanError with every problem found."""
    draft = Draft(topology, document)
    reserve_claims(draft)
    add_systems(draft)
    add_nodes(draft)
    add_ibgp(draft)
    add_relations(draft)
    add_ixps(draft)
    add_resolvers(draft)
    add_homes(draft)
    servers = add_name_servers(draft)
    add_edges(draft, add_datacenters(draft))
    add_rpki(draft)
    add_links(draft)
    set_wires(draft)
    _refuse(draft)
    refuse_islands(draft)
    refuse_unreachable(draft, servers)
    refuse_pointless_hijacks(draft)
    set_resolvers(draft, servers)
    set_zones(draft, servers)
    refuse_bad_zones(draft)
    _refuse(draft)
    set_origins(draft)
    set_roas(draft)
    set_speakers(draft)
    set_routers(draft)
    plan = freeze(draft)
    refuse_blind_validators(plan, document)
    return plan


def _refuse(draft: Draft) -> None:
    if draft.problems:
        raise PlanError(draft.problems)
