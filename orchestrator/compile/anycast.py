"""Anycast: one address at several servers, each of which announces it while it is well.

A server that shares an address runs BIRD beside itself (RFC 4786 describes the practice). It tells
its router over iBGP, as a client for route reflection, so that the AS's other routers hear of it.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from orchestrator.compile.addressing import ANYCAST, ANYCAST6, Pool, interface_of
from orchestrator.compile.draft import Draft, Machine, Port, Server, System
from orchestrator.compile.relations import timers_of
from orchestrator.compile.sessions import Side, add_sessions
from orchestrator.plan.model import AnycastService
from orchestrator.plan.routing import Speaker
from orchestrator.spec.document import Path
from orchestrator.spec.routing import SessionSpec

SERVICE_OFFSET = 1


def add_service(
    draft: Draft, name: str, system: System, machines: list[Machine], path: Path
) -> Server:
    """Make machines share an address of each family, in prefixes that only their AS announces."""
    what = f"anycast service '{name}'"
    v4 = draft.take4(draft.shared.v4, ANYCAST.v4, what, path)
    v6 = draft.take6(_pool6(draft), ANYCAST.v6, what, path)
    addresses = tuple(interface_of(prefix, SERVICE_OFFSET).ip for prefix in (v4, v6))
    system.anycast += [v4, v6]
    for machine in machines:
        machine.anycast += addresses
    instances = tuple(machine.name for machine in machines)
    draft.anycast[name] = AnycastService(name, system.asn, (v4, v6), addresses, instances)
    return Server(name, addresses, tuple(machines))


def _pool6(draft: Draft) -> Pool:
    taken = [prefix for service in draft.anycast.values() for prefix in service.prefixes]
    return Pool(ANYCAST6, [*draft.reserved, *taken])


def set_speakers(draft: Draft) -> None:
    """A BGP speaker beside every server that shares an address."""
    for machine in draft.machines.values():
        if machine.anycast:
            _set_speaker(draft, machine)


def _set_speaker(draft: Draft, machine: Machine) -> None:
    port = machine.ports[0]
    link = draft.links[port.link]
    router = draft.machines[(link.a if link.b.node == machine.name else link.b).node]
    facing = next(p for p in router.ports if p.link == port.link)
    assert machine.asn is not None
    timers = timers_of(draft, SessionSpec())
    sides = _side(router, facing, machine.asn), _side(machine, port, machine.asn)
    add_sessions(draft, *sides, ("internal", "internal"), "anycast", timers, client=True)
    services = [s for s in draft.anycast.values() if machine.name in s.instances]
    machine.speaker = Speaker(
        IPv4Address(machine.address),
        machine.asn,
        tuple(prefix for service in services for prefix in service.prefixes),
        tuple(draft.sessions[machine.name]),
    )


def _side(machine: Machine, port: Port, asn: int) -> Side:
    return Side(machine, asn, tuple(entry.ip for entry in port.addresses))
