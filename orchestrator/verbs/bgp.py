"""All sessions of a lab, as the plan wants them and as BIRD has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.errors import UsageError
from orchestrator.looking_glass.running import RunningLab
from orchestrator.plan.addresses import FAMILIES
from orchestrator.plan.lookups import node_of
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import BgpSession, RouterSettings, RouteServerSettings, RtrServer
from orchestrator.refusals import why
from orchestrator.routes.bgp import control_plane
from orchestrator.runtime.daemons.sessions import Adjacency, Bird, Session, sessions_of
from orchestrator.runtime.engine.client import in_parallel
from orchestrator.runtime.engine.containers import Container


@dataclass(frozen=True)
class BgpRow:
    """A BGP session; ``bfd`` is its state, "" without BFD. Counts are of prefixes. ``shut`` says
    that the plan has it down: its neighbour announces more prefixes than its limit lets in."""

    node: str
    neighbour: str
    relation: str
    family: int
    session: Session
    bfd: str
    shut: bool = False

    @property
    def is_well(self) -> bool:
        """Whether it is as planned."""
        return self.session.is_up != self.shut


@dataclass(frozen=True)
class RtrRow:
    """A session with a cache of ROAs; ``roas`` counts those that the node has, of all caches."""

    node: str
    cache: str
    session: Session
    roas: int


@dataclass(frozen=True)
class OspfRow:
    """An OSPF neighbour on a link inside an AS, of version 2 (IPv4) or 3 (IPv6)."""

    node: str
    neighbour: str
    family: int
    interface: str
    state: str
    is_up: bool


@dataclass(frozen=True)
class Summary:
    """The sessions of some nodes."""

    bgp: tuple[BgpRow, ...]
    rtr: tuple[RtrRow, ...]
    ospf: tuple[OspfRow, ...]

    @property
    def all_up(self) -> bool:
        """Whether every BGP, RTR and OSPF session is up, but for those that the plan has shut."""
        rtr = all(row.session.is_up for row in self.rtr)
        return rtr and all(r.is_well for r in self.bgp) and all(r.is_up for r in self.ospf)


def summarise(lab: RunningLab, name: str = "") -> Summary:
    """The sessions of a node, or of all. Raises UsageError for a node that has no BIRD, and
    DeployError for one that does not run; among all nodes such a one's sessions are down."""
    if name:
        node = node_of(lab.plan, name)
        if not _speaks(node):
            hint = f"those that do: {', '.join(n.name for n in _speakers(lab.plan))}"
            raise UsageError(f"{name} is a {node.role} and runs no BIRD", hint)
        lab.running(name)
    nodes = [lab.plan.nodes[name]] if name else _speakers(lab.plan)
    told = in_parallel(lambda node: _ask(lab.containers.get(node.name), node), nodes)
    return summary_of(lab.plan, dict(zip((n.name for n in nodes), told, strict=True)))


def _speakers(plan: Plan) -> list[Node]:
    return [node for node in plan.nodes.values() if _speaks(node)]


def _speaks(node: Node) -> bool:
    return isinstance(node.settings, RouterSettings | RouteServerSettings) or bool(node.speaker)


def _ask(container: Container | None, node: Node) -> Bird | str:
    """What a node's BIRD tells, or why it tells nothing."""
    if container is None or not container.running:
        return "the node does not run"
    try:
        return sessions_of(container, bool(_caches(node)))
    except OSError as error:
        return f"BIRD does not answer: {why(error)}"


def summary_of(plan: Plan, told: dict[str, Bird | str]) -> Summary:
    """The planned sessions of nodes beside what their BIRDs tell, or why one tells nothing."""
    nodes = [(plan.nodes[name], bird) for name, bird in told.items()]
    return Summary(
        tuple(_bgp(plan, node, each, bird) for node, bird in nodes for each in _sessions(node)),
        tuple(_rtr(node, cache, bird) for node, bird in nodes for cache in _caches(node)),
        tuple(row for node, bird in nodes for row in _ospf(plan, node, bird)),
    )


def _sessions(node: Node) -> tuple[BgpSession, ...]:
    settings = node.settings
    if isinstance(settings, RouterSettings | RouteServerSettings):
        return settings.sessions
    return node.speaker.sessions if node.speaker else ()


def _caches(node: Node) -> tuple[RtrServer, ...]:
    settings = node.settings
    return settings.rtr if isinstance(settings, RouterSettings) else ()


def _bgp(plan: Plan, node: Node, planned: BgpSession, bird: Bird | str) -> BgpRow:
    session = _found(bird, planned.name, "BGP")
    bfd = bird.bfd.get(planned.neighbour, "missing") if isinstance(bird, Bird) else "unknown"
    relation = "route server" if planned.route_server else planned.relation
    return BgpRow(
        node.name,
        planned.neighbour_node,
        relation,
        planned.family,
        session,
        bfd if planned.bfd else "",
        (node.name, planned.name) in control_plane(plan).shut,
    )


def _rtr(node: Node, cache: RtrServer, bird: Bird | str) -> RtrRow:
    roas = bird.roas if isinstance(bird, Bird) else 0
    return RtrRow(node.name, cache.node, _found(bird, cache.protocol, "RPKI"), roas)


def _found(bird: Bird | str, name: str, kind: str) -> Session:
    if isinstance(bird, str):
        return Session(name, kind, "unknown", "", bird)
    return bird.sessions.get(name) or Session(name, kind, "missing", "", "BIRD has no such session")


def _ospf(plan: Plan, node: Node, bird: Bird | str) -> Iterator[OspfRow]:
    """Each link of a router inside its AS, for both versions."""
    if not isinstance(node.settings, RouterSettings):
        return
    told = bird.adjacencies if isinstance(bird, Bird) else ()
    for port in node.settings.ospf:
        if port.stub:
            continue
        link = plan.links[node.interface(port.interface).link]
        other = (link.b if link.a.node == node.name else link.a).node
        for family in FAMILIES:
            found = next((a for a in told if _is_at(a, port.interface, family)), None)
            state = found.state if found else "missing"
            is_up = found is not None and found.is_up
            yield OspfRow(node.name, other, family, port.interface, state, is_up)


def _is_at(adjacency: Adjacency, interface: str, family: int) -> bool:
    return (adjacency.instance, adjacency.interface) == (f"interior{family}", interface)
