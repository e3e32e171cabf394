"""From the draft to the plan: routers' settings, and frozen values."""

from __future__ import annotations

from orchestrator.compile.draft import Draft, Machine, Port, System
from orchestrator.compile.origins import bogons, own_prefixes
from orchestrator.compile.rpki import validates
from orchestrator.plan.addresses import Prefix
from orchestrator.plan.model import (
    AutonomousSystem,
    Expectation,
    Interface,
    Node,
    Plan,
    Switch,
)
from orchestrator.plan.routing import RouterSettings, RouteServerSettings


def set_routers(draft: Draft) -> None:
    """What BIRD needs to know, at every router and every route server."""
    filtered = bogons(draft)
    for system in draft.systems.values():
        for router in system.routers:
            router.settings = _router_settings(draft, system, router, filtered)
    for machine in draft.machines.values():
        if machine.role == "routeserver":
            assert machine.asn is not None
            sessions = tuple(draft.sessions[machine.name])
            machine.settings = RouteServerSettings(machine.address, machine.asn, filtered, sessions)


def _router_settings(
    draft: Draft, system: System, router: Machine, filtered: tuple[Prefix, ...]
) -> RouterSettings:
    routing = draft.topology.routing
    return RouterSettings(
        router.address,
        system.asn,
        tuple(draft.origins[router.name]),
        own_prefixes(draft, system),
        filtered,
        tuple(draft.ospf[router.name]),
        tuple(draft.sessions[router.name]),
        routing.ospf.hello,
        routing.ospf.dead,
        routing.ecmp,
        routing.graceful_restart,
        draft.rtr if validates(draft, system) else (),
        tuple(draft.lines[router.name]),
        system.resolver.addresses if system.resolver else (),
    )


def freeze(draft: Draft) -> Plan:
    """The finished plan. The draft must hold no problem."""
    topology = draft.topology
    return Plan(
        name=topology.name,
        about=topology.about,
        nodes={name: _node(machine) for name, machine in draft.machines.items()},
        switches={name: _switch(machine) for name, machine in draft.switches.items()},
        links=dict(draft.links),
        systems={system.asn: freeze_system(system) for system in draft.systems.values()},
        certificates=tuple(draft.certificates),
        zones=tuple(topology.zones),
        sites=tuple(topology.sites),
        expectations=tuple(Expectation(e.visit, e.source, e.status) for e in topology.expect),
        anycast=dict(draft.anycast),
    )


def _node(machine: Machine) -> Node:
    assert machine.settings is not None, machine.name
    return Node(
        machine.name,
        machine.role,
        machine.number,
        machine.asn,
        _place(machine),
        tuple(map(_interface, machine.ports)),
        machine.settings,
        tuple(machine.loopbacks),
        tuple(machine.routes),
        tuple(machine.anycast),
        machine.speaker,
    )


def _place(machine: Machine) -> str:
    if machine.at is None or isinstance(machine.at, str):
        return machine.at or ""
    return f"{machine.at[0]},{machine.at[1]}"


def _interface(port: Port) -> Interface:
    return Interface(port.name, port.mac, port.index, port.link, tuple(port.addresses), port.dhcp)


def _switch(machine: Machine) -> Switch:
    ports = tuple(map(_interface, machine.ports))
    return Switch(machine.name, machine.role, machine.prefixes, ports)


def freeze_system(system: System) -> AutonomousSystem:
    """An AS as others see it."""

    def related(kind: str) -> tuple[int, ...]:
        return tuple(sorted(asn for asn, what in system.relations.items() if what == kind))

    return AutonomousSystem(
        system.name,
        system.asn,
        system.prefixes,
        tuple(router.name for router in system.routers),
        related("provider"),
        related("peer"),
        related("customer"),
    )
