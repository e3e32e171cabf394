"""Emptying what the lab remembers, so that a visit is a first visit.

Each cache is emptied by its own server's means: udhcpc gives its lease back, dnsmasq forgets
on SIGHUP, BIND on rndc's word, nginx when its files are gone. A node that is off or frozen is left
as it is, and so is a BIND that does not run: what it remembers, nobody gets to hear.
"""

from __future__ import annotations

import shlex
import signal
from collections.abc import Mapping

import docker

from orchestrator.errors import CommandFailed
from orchestrator.plan.addresses import of_family
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import HostSettings
from orchestrator.runtime.daemons.health import held_addresses
from orchestrator.runtime.engine.client import in_parallel
from orchestrator.runtime.engine.containers import Container
from orchestrator.runtime.engine.exec import run_exec
from orchestrator.runtime.network.wiring import forget_neighbours
from orchestrator.runtime.polling import wait_for

_LEASE_WITHIN_S = 10.0
# udhcpc takes SIGUSR2 for "release" and SIGUSR1 for "renew". All of it in the node: whoever asked
# may be killed in between, and would leave a host that does not ask any more.
_RELEASE_AND_ASK = """kill -USR2 1; tries=0
while [ $tries -lt 100 ] && ip -4 -o address show dev "$1" | grep -q inet
do sleep 0.02; tries=$((tries + 1)); done
kill -USR1 1"""
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
            with_named = ["sh", "-c", f"pidof named >/dev/null || exit 0; exec {shlex.join(argv)}"]
            _run(client, containers[node.name], with_named)

    in_parallel(empty, _answering(plan, containers, "resolver"))
    for gateway in _answering(plan, containers, "gateway"):
        containers[gateway.name].signal(signal.SIGHUP)


def empty_edges(client: docker.DockerClient, plan: Plan, containers: Containers) -> None:
    """Every edge forgets the objects it stored."""

    def empty(node: Node) -> None:
        argv = ["find", "/run/site", "-type", "f", "-delete"]
        _run(client, containers[node.name], argv)

    in_parallel(empty, _answering(plan, containers, "edge"))


def _answering(plan: Plan, containers: Containers, role: str) -> list[Node]:
    nodes = plan.with_role(role)
    return [n for n in nodes if n.name in containers and containers[n.name].answers]


def renew_lease(
    client: docker.DockerClient, plan: Plan, containers: Containers, host: Node
) -> bool:
    """The host gives its address back and asks DHCP from the start, as one new on its LAN.

    DISCOVER, OFFER, REQUEST, ACK (RFC 2131); then neither it nor its gateway knows the other's
    MAC. False where it gets no address, or another one; it goes on asking. Fine for a static host.
    What it made of router advertisements (RFC 4862) it keeps: nobody gives such back.
    """
    assert isinstance(host.settings, HostSettings)
    leases = of_family(host.settings.leases, 4)
    if not leases:
        return True
    container, interface = containers[host.name], host.interfaces[0].name
    _run(client, container, ["sh", "-c", _RELEASE_AND_ASK, "sh", interface])
    held = wait_for(lambda: leases[0] in held_addresses(container, interface), _LEASE_WITHIN_S)
    forget_neighbours(container.namespace)
    gateway = containers.get(host.settings.gateway)
    if gateway is not None and gateway.running:
        forget_neighbours(gateway.namespace)
    return bool(held)


def _run(client: docker.DockerClient, container: Container, argv: list[str]) -> None:
    result = run_exec(client, container.id, argv)
    if result.code:
        raise CommandFailed(container.node, argv, result.code, result.stderr.decode())
