"""A running lab, as Mininet has its networks: what scripts and Mininet's command line ask of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, NoReturn

from mininet.log import error
from mininet.net import Mininet

from orchestrator.errors import LabError, did_you_mean
from orchestrator.mininet.links import LabIntf, LabLink
from orchestrator.mininet.measures import Measures
from orchestrator.mininet.nodes import LabNode
from orchestrator.mininet.places import ContainerPlace, Place, SwitchPlace
from orchestrator.plan.lookups import find_link
from orchestrator.plan.model import Plan
from orchestrator.roles import ROLES
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import connect, require_root
from orchestrator.runtime.engine.containers import find_containers
from orchestrator.verbs.link import links_of

_NO_MAC = "00:00:00:00:00:00"


def net(lab: str) -> LabNet:
    """The running lab of this name. Raises UsageError where there is none, HostError without the
    privilege to enter its namespaces or without Docker."""
    require_root()
    plan, client = LabState(lab).plan(), connect()
    containers = find_containers(client, lab)

    def place_of(name: str) -> Place:
        if name in plan.switches:
            return SwitchPlace(lab, name)
        return ContainerPlace(client, lab, name, containers.get(name))

    return LabNet(plan, place_of)


class LabNet(Measures):
    """Nodes, switches and links of a lab. ``hosts`` are its end systems, those with a browser
    first; routers and gateways are nodes as well, in ``routers``.

    Where Mininet prints what is wrong and goes on, this does too.
    """

    def __init__(self, plan: Plan, place_of: Callable[[str], Place]) -> None:
        self.terms: list[Any] = []  # Mininet's command line keeps terminals here
        self.controllers: list[Any] = []
        super().__init__(plan)
        self.nameToNode = {
            name: LabNode(name, kind, place_of(name)) for name, kind in _kinds(plan).items()
        }
        roles = {name: ROLES[node.role] for name, node in plan.nodes.items()}
        ends = [name for name, role in roles.items() if not role.routes]
        ends.sort(key=lambda name: not roles[name].browser)
        self.hosts = [self.nameToNode[name] for name in ends]
        self.routers = [self.nameToNode[name] for name, role in roles.items() if role.routes]
        self.switches = [self.nameToNode[name] for name in plan.switches]
        self.links = _wired(plan, self.nameToNode)

    # ── nodes by name ─────────────────────────────────────────────────────────

    def get(self, *names: str) -> Any:
        """The node of a name, or a list of the nodes of several. KeyError where there is none."""
        found = [self[name] for name in names]
        return found[0] if len(found) == 1 else found

    getNodeByName = get

    def __getitem__(self, name: str) -> LabNode:
        if name not in self:
            hint = did_you_mean(name, self.nameToNode)
            raise KeyError(f"there is no node '{name}'; {hint}" if hint else name)
        return self.nameToNode[self._real(name)]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._real(name) in self.nameToNode

    def _real(self, name: str) -> str:
        """Python and Mininet's commands take no dashes in names: `edge_fra` is `edge-fra`."""
        return name if name in self.nameToNode else name.replace("_", "-")

    def __iter__(self) -> Iterator[str]:
        return (node.name for node in chain(self.hosts, self.routers, self.switches))

    def __len__(self) -> int:
        return len(self.nameToNode)

    def keys(self) -> list[str]:
        """The names of all nodes and switches."""
        return list(self)

    def values(self) -> list[LabNode]:
        """All nodes and switches."""
        return [self[name] for name in self]

    def items(self) -> list[tuple[str, LabNode]]:
        """Names and nodes, as of a dict."""
        return [(name, self[name]) for name in self]

    # ── a lab's life is not Mininet's business ────────────────────────────────

    def start(self) -> None:
        """Nothing: the lab runs."""

    def stop(self) -> None:
        """Let go of the lab, which stays up: shells and programs started here end."""
        for node in self.nameToNode.values():
            node.terminate()

    def __enter__(self) -> LabNet:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def __getattr__(self, name: str) -> NoReturn:
        hint = "a running lab is made from its topology" if hasattr(Mininet, name) else ""
        raise AttributeError(": ".join(filter(None, [f"a lab has no '{name}'", hint])))

    def waitConnected(self, timeout: float | None = None, delay: float = 0.5) -> bool:
        """True: switches have no controller to wait for."""
        return True

    def run(self, test: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What a test returns; the lab is let go of after it."""
        with self:
            return test(*args, **kwargs)

    def interact(self) -> None:
        """Open Mininet's command line; let go of the lab when it ends."""
        from orchestrator.mininet.console import CLI

        with self:
            CLI(self)

    monitor = Mininet.monitor

    # ── links ─────────────────────────────────────────────────────────────────

    linksBetween = Mininet.linksBetween

    def configLinkStatus(self, src: str, dst: str, status: str) -> None:
        """Take all links between two nodes ``down`` or ``up``, as `lab link` does."""
        ends = (("src", src), ("dst", dst))
        missing = [f"{end} not in network: {name}\n" for end, name in ends if name not in self]
        if missing or status not in ("up", "down"):
            error("".join(missing) or f"a link goes up or down, not '{status}'\n")
            return
        try:
            self._cut(self[src], self[dst], down=status == "down")
        except LabError as problem:
            error(f"{problem}\n")

    def _cut(self, a: LabNode, b: LabNode, down: bool) -> None:
        names = [link.name for link in self.linksBetween(a, b)]
        with links_of(self.plan.name) as layer:
            for name in names or [find_link(self.plan, f"{a},{b}").name]:
                layer.cut(name, down)


def _kinds(plan: Plan) -> dict[str, str]:
    """What each node is: its role, or that it is a switch."""
    return {name: node.role for name, node in plan.nodes.items()} | dict.fromkeys(
        plan.switches, "switch"
    )


def _wired(plan: Plan, nodes: Mapping[str, LabNode]) -> list[LabLink]:
    """Give every node its interfaces: first the loopback that others know it by, where it has one;
    return the links between them."""
    for node in plan.nodes.values():
        if node.loopbacks:
            here = nodes[node.name]
            here.attach(LabIntf(here, "lo", _NO_MAC, node.loopbacks))
    ports = [(node.name, port) for node in plan.nodes.values() for port in node.interfaces]
    ports += [(switch.name, port) for switch in plan.switches.values() for port in switch.ports]
    for name, port in ports:
        held = [entry.ip for entry in port.addresses]
        nodes[name].attach(LabIntf(nodes[name], port.name, port.mac, held))
    return [
        LabLink(link.name, *(nodes[end.node].intf(end.interface) for end in (link.a, link.b)))
        for link in plan.links.values()
    ]
