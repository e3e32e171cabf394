"""From the draft to the plan: BIRD's settings, and frozen values."""

from __future__ import annotations

from orchestrator.compile.draft import Draft, Machine, Port, System
from orchestrator.compile.relations import session_name
from orchestrator.plan.model import (
    AutonomousSystem,
    Expectation,
    Interface,
    Node,
    Plan,
    Switch,
)
from orchestrator.plan.services import BgpSession, RouterSettings


def set_routers(draft: Draft) -> None:
    """Full iBGP mesh between the loopbacks of an AS (RFC 4456 is for larger ones), and OSPF."""
    for system in draft.systems.values():
        for router in system.routers:
            sessions = _with_mesh(draft.sessions[router.name], router, system)
            assert router.loopback is not None
            router.settings = RouterSettings(
                router.loopback,
                system.asn,
                (system.prefix,),
                tuple(draft.ospf[router.name]),
                sessions,
            )


def _with_mesh(
    outside: list[BgpSession], router: Machine, system: System
) -> tuple[BgpSession, ...]:
    inside: list[BgpSession] = []
    for other in system.routers:
        if other is not router:
            name = session_name([*outside, *inside], "ibgp", other.name)
            addresses = router.address, other.address
            inside.append(BgpSession(name, "internal", *addresses, system.asn, other.name))
    return (*inside, *outside)


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
        machine.loopback,
        tuple(machine.routes),
    )


def _place(machine: Machine) -> str:
    if machine.at is None or isinstance(machine.at, str):
        return machine.at or ""
    return f"{machine.at[0]},{machine.at[1]}"


def _interface(port: Port) -> Interface:
    return Interface(port.name, port.mac, port.index, port.link, tuple(port.addresses), port.dhcp)


def _switch(machine: Machine) -> Switch:
    assert machine.prefix is not None
    ports = tuple(map(_interface, machine.ports))
    return Switch(machine.name, machine.role, machine.prefix, ports)


def freeze_system(system: System) -> AutonomousSystem:
    """An AS as others see it."""

    def related(kind: str) -> tuple[int, ...]:
        return tuple(sorted(asn for asn, what in system.relations.items() if what == kind))

    return AutonomousSystem(
        system.name,
        system.asn,
        system.prefix,
        tuple(router.name for router in system.routers),
        related("provider"),
        related("peer"),
        related("customer"),
    )
