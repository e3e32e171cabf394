"""From the draft to the plan: BIRD's settings, the last checks, and frozen values."""

from __future__ import annotations

from ipaddress import IPv4Address

from orchestrator.compile.draft import Draft, Machine, Port, System
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
            sessions = [*_mesh(router, system), *draft.sessions[router.name]]
            assert router.loopback is not None
            router.settings = RouterSettings(
                router.loopback,
                system.asn,
                (system.prefix,),
                tuple(draft.ospf[router.name]),
                tuple(sessions),
            )


def _mesh(router: Machine, system: System) -> list[BgpSession]:
    return [
        BgpSession(
            f"ibgp_{other.name}".replace("-", "_"),
            "internal",
            router.address,
            other.address,
            system.asn,
            other.name,
        )
        for other in system.routers
        if other is not router
    ]


def refuse_duplicate_addresses(draft: Draft) -> None:
    """No address twice in the lab, not even behind different NATs: captures stay readable."""
    owners: dict[IPv4Address, Machine] = {}
    for machine in draft.machines.values():
        held = {entry.ip for port in machine.ports for entry in port.addresses}
        for address in sorted(held | ({machine.loopback} if machine.loopback else set())):
            first = owners.setdefault(address, machine)
            if first is not machine:
                message = f"address {address} of '{machine.name}' is already '{first.name}''s"
                draft.report(message, *machine.path, hint="give one of them another")


def freeze(draft: Draft) -> Plan:
    """The finished plan. The draft must hold no problem."""
    topology = draft.topology
    return Plan(
        name=topology.name,
        about=topology.about,
        nodes={name: _node(machine) for name, machine in draft.machines.items()},
        switches={name: _switch(machine) for name, machine in draft.switches.items()},
        links=dict(draft.links),
        systems={system.asn: _system(system) for system in draft.systems.values()},
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


def _system(system: System) -> AutonomousSystem:
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
