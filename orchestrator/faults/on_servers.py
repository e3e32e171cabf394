"""Faults that are all alike: the daemon of a server dies, and its node stays where it can.

Where the daemon is the node's first process the node ends with it, as a container does. Where
something runs beside it (BIRD, a health check), that lives on, sees it dead, and withdraws the
route to an address that is shared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from orchestrator.errors import FaultError, UsageError, nearest
from orchestrator.faults.fault import Fault, Memo, Options
from orchestrator.faults.on_nodes import (
    inspect,
    kill_daemon,
    power_off,
    power_on,
    require_free,
    restart,
    runs_daemon,
)
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import NameServerSettings
from orchestrator.roles import role_of

Servers = Mapping[str, tuple[str, ...]]


def daemons_of(node: Node) -> tuple[str, ...]:
    """The daemons of a node, by the names of their processes; none of a plain host's."""
    return role_of(node).daemons


def choose_daemon(node: Node, given: str) -> str:
    """One of a node's daemons: the one named, else its main one. Raises UsageError."""
    daemons = daemons_of(node)
    if not daemons:
        raise UsageError(f"{node.name} is a {node.role} and runs no daemon")
    if given and given not in daemons:
        hint = nearest(given, daemons)
        raise UsageError(f"{node.name} runs no '{given}'", hint)
    return given or daemons[0]


def with_role(*roles: str) -> Callable[[Plan], Servers]:
    """Servers by name, and all that share an address by the name of their service."""

    def choose(plan: Plan) -> Servers:
        return _with_shared(plan, {node.name: (node.name,) for node in plan.with_role(*roles)})

    return choose


def _with_shared(plan: Plan, servers: Servers) -> Servers:
    shared = {
        service.name: service.instances
        for service in plan.anycast.values()
        if servers.keys() >= set(service.instances)
    }
    return {**servers, **shared}


def of_zones(is_meant: Callable[[Plan, str], bool]) -> Callable[[Plan], Servers]:
    """Name servers of zones by name, all that share an address by that of their service, and
    all servers of a zone by the zone's: "example.com"."""

    def choose(plan: Plan) -> Servers:
        servers: dict[str, tuple[str, ...]] = {}
        zones: dict[str, tuple[str, ...]] = {}
        for node in plan.with_role("nameserver"):
            assert isinstance(node.settings, NameServerSettings)
            names = {zone.name for view in node.settings.views for zone in view.zones}
            for name in sorted(zone for zone in names if is_meant(plan, zone)):
                servers[node.name] = (node.name,)
                zone = name.rstrip(".") or "all"
                zones[zone] = (*zones.get(zone, ()), node.name)
        return {**_with_shared(plan, servers), **zones}

    return choose


def kill_plan(scene: Scene, nodes: Sequence[str], daemon: str) -> Memo:
    """A memo for the death of a daemon on nodes; "" is all of the node. Raises FaultError."""
    require_free(scene, nodes)
    for node in nodes:
        if daemon and not runs_daemon(scene, node, daemon):
            raise FaultError(f"{node}: {daemon} does not run", f"what it said: lab logs {node}")
    return {"nodes": list(nodes), "daemon": daemon}


def kill_servers(scene: Scene, memo: Memo) -> None:
    """Kill the memo's daemon on each of its nodes; where it names none, power the nodes off."""
    for node in memo["nodes"]:
        if memo["daemon"]:
            kill_daemon(scene, node, memo["daemon"])
        else:
            power_off(scene, node)


def servers_seen_dead(scene: Scene, memo: Memo) -> str:
    """No process of that name is left, or the node does not run."""
    for node in memo["nodes"]:
        if not memo["daemon"]:
            if inspect(scene, node)["Running"]:
                return f"{node} still runs"
        elif runs_daemon(scene, node, memo["daemon"]):
            return f"{memo['daemon']} still runs at {node}"
    return ""


def revive_servers(scene: Scene, memo: Memo) -> None:
    """Start nodes that ended, and those anew whose daemon is dead."""
    for node in memo["nodes"]:
        if not inspect(scene, node)["Running"]:
            power_on(scene, node)
        elif memo["daemon"] and not runs_daemon(scene, node, memo["daemon"]):
            restart(scene, node)


def server_down(
    name: str,
    about: str,
    target: str,
    servers: Callable[[Plan], Servers],
    affects: str,
    power: bool = False,
) -> Fault:
    """The fault that what servers are there for dies, or with ``power`` that they lose power.

    ``affects`` may name the target: "{target}".
    """

    def prepare(scene: Scene, target: str, options: Options) -> Memo:
        nodes = servers(scene.plan)[target]
        daemon = "" if power else choose_daemon(scene.plan.nodes[nodes[0]], "")
        return kill_plan(scene, nodes, daemon)

    return Fault(
        name=name,
        about=about,
        target=target,
        targets=lambda plan: list(servers(plan)),
        affects=lambda plan, target: affects.format(target=target),
        prepare=prepare,
        inject=kill_servers,
        seen=servers_seen_dead,
        heal=revive_servers,
        node_off=power,
    )
