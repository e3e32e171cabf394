"""Emptying what the lab remembers, so that a visit is a first visit.

Each cache is emptied by its own server's means: udhcpc gives its lease back, dnsmasq forgets
on SIGHUP, BIND on rndc's word, nginx when its files are gone.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

import docker

from orchestrator.errors import CommandFailed, DeployError
from orchestrator.plan.addresses import Address, of_family
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import HostSettings
from orchestrator.runtime.daemons.health import held_addresses
from orchestrator.runtime.engine.client import in_parallel
from orchestrator.runtime.engine.containers import Container
from orchestrator.runtime.engine.exec import run_exec
from orchestrator.runtime.network.wiring import forget_neighbours
from orchestrator.runtime.polling import wait_for

_LEASE_WITHIN_S = 10.0
Containers = Mapping[str, Container]


def empty_resolvers(client: docker.DockerClient, plan: Plan, containers: Containers) -> None:
    """Every resolver forgets all it learnt below the root; where the root is, it keeps.

    A resolver that runs has asked the root for its servers (priming, RFC 8109) long before
    anybody clicks; emptying that too would tell a story that does not happen.
    """
    tops = sorted({zone.rpartition(".")[2] for zone in plan.zones})

    def empty(node: Node) -> None:
        for top in tops:
            argv = ["rndc", "-k", "/run/rndc.key", "flushtree", top]
            _run(client, containers[node.name], argv)

    in_parallel(empty, plan.with_role("resolver"))
    for gateway in plan.with_role("gateway"):
        os.kill(containers[gateway.name].pid, signal.SIGHUP)


def empty_edges(client: docker.DockerClient, plan: Plan, containers: Containers) -> None:
    """Every edge forgets the objects it stored."""

    def empty(node: Node) -> None:
        argv = ["find", "/run/site", "-type", "f", "-delete"]
        _run(client, containers[node.name], argv)

    in_parallel(empty, plan.with_role("edge"))


def renew_lease(plan: Plan, containers: Containers, host: Node) -> None:
    """The host gives its address back and asks DHCP from the start, as one new on its LAN.

    DISCOVER, OFFER, REQUEST, ACK (RFC 2131); then neither it nor its gateway knows the other's
    MAC. udhcpc takes SIGUSR2 for "release" and SIGUSR1 for "renew". Fine for a static host.
    What it made of router advertisements (RFC 4862) it keeps: nobody gives such back.
    """
    assert isinstance(host.settings, HostSettings)
    leases = of_family(host.settings.leases, 4)
    if not leases:
        return
    container = containers[host.name]
    try:
        os.kill(container.pid, signal.SIGUSR2)
        _await_lease(container, host, leases[0], is_held=False)
    finally:
        os.kill(container.pid, signal.SIGUSR1)
        _await_lease(container, host, leases[0], is_held=True)
    forget_neighbours(container.namespace)
    forget_neighbours(containers[host.settings.gateway].namespace)


def _await_lease(container: Container, host: Node, lease: Address, is_held: bool) -> None:
    interface = host.interfaces[0].name
    changed = wait_for(
        lambda: (lease in held_addresses(container, interface)) == is_held, _LEASE_WITHIN_S
    )
    if not changed:
        act = "take" if is_held else "give back"
        raise DeployError(f"{host.name} did not {act} {lease}", f"lab logs {host.name}")


def _run(client: docker.DockerClient, container: Container, argv: list[str]) -> None:
    result = run_exec(client, container.id, argv)
    if result.code:
        raise CommandFailed(container.node, argv, result.code, result.stderr.decode())
