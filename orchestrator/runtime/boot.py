"""The steps of bringing a lab up and taking it down; lab.py tells their order.

Every step records what it makes outside of Docker before it makes it, so that `take_down`
finds it whatever happened in between. Containers are found by their label.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import docker

from orchestrator.errors import DeployError, HostError
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import HostSettings
from orchestrator.roles import ROLES
from orchestrator.runtime.containers import (
    Container,
    create_container,
    find_containers,
    remove_containers,
    start_container,
)
from orchestrator.runtime.engine import in_parallel
from orchestrator.runtime.gates import create_gate, open_gate
from orchestrator.runtime.images import image_tag, images_folder, missing_images
from orchestrator.runtime.keeper import namespaces_of, stop_keeper
from orchestrator.runtime.namespaces import (
    create_namespace,
    remove_namespace,
    switch_namespace,
)
from orchestrator.runtime.pki import mint_authority, mint_leaf
from orchestrator.runtime.polling import wait_for
from orchestrator.runtime.probing import ask
from orchestrator.runtime.state import LabState
from orchestrator.runtime.wiring import create_bridges, create_links

CA_FILE = "tls/ca.pem"
Rendered = Mapping[str, Mapping[str, str]]
# Told of nodes that are not ready yet, with the reason each one gives.
Watch = Callable[[Mapping[str, str]], None]
# From the root certificate (DER) to the files that make a browser trust it.
Trust = Callable[[bytes], Mapping[str, str]]


def require_images(client: docker.DockerClient, plan: Plan) -> dict[str, str]:
    """The image tag of each role in the plan. Raises HostError if one is not built."""
    folder = images_folder()
    kinds = sorted({ROLES[node.role].image for node in plan.nodes.values()})
    missing = missing_images(client, kinds, folder)
    if missing:
        raise HostError(f"images are missing: {', '.join(missing)}", "build them: make lab")
    tags = {kind: image_tag(kind, folder) for kind in kinds}
    return {role: tags[ROLES[role].image] for role in {n.role for n in plan.nodes.values()}}


def write_nodes(state: LabState, plan: Plan, rendered: Rendered, trust: Trust) -> None:
    """Every node's folder: its gate, its rendered files, and the root it trusts."""
    authority = mint_authority(plan.name)
    for node in plan.nodes.values():
        folder = state.node_folder(node.name)
        folder.mkdir(parents=True)
        create_gate(folder)
        files = {**rendered[node.name], CA_FILE: authority.root.pem}
        if ROLES[node.role].browser:
            files |= trust(authority.root.der)
            _write_resolv_conf(state, node)
        for path, text in files.items():
            _write(folder / path, text)
    for request in plan.certificates:
        leaf = mint_leaf(authority, request.hosts)
        stem = state.node_folder(request.node) / "tls" / f"{request.name}.pem"
        _write(stem, leaf.pem + authority.intermediate.pem)
        _write(stem.with_name(f"{stem.name}.key"), leaf.key_pem)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755 if text.startswith("#!") else 0o644)


def _write_resolv_conf(state: LabState, node: Node) -> None:
    """A file the node may write, since its DHCP client has to."""
    path = state.resolv_conf(node.name)
    assert isinstance(node.settings, HostSettings)
    _write(path, f"nameserver {node.settings.resolver}\n" if node.settings.resolver else "")


def make_containers(
    client: docker.DockerClient, state: LabState, plan: Plan, images: Mapping[str, str]
) -> dict[str, Container]:
    """Create and start every node; each waits at its gate."""
    seccomp = (images_folder() / "client" / "seccomp.json").read_text(encoding="utf-8")

    def make(node: Node) -> None:
        identifier = create_container(client, state, node, images[node.role], seccomp)
        start_container(client, identifier)

    in_parallel(make, plan.nodes.values())
    return find_containers(client, plan.name)


def wire_lab(state: LabState, plan: Plan, containers: dict[str, Container]) -> None:
    """Switches in namespaces of their own, then every link of the lab."""
    names = [switch_namespace(plan.name, switch) for switch in plan.switches]
    state.update(namespaces=tuple(names))
    for name in names:
        create_namespace(name)
    namespaces = namespaces_of(plan, containers)
    dead = sorted(set(plan.nodes) - set(namespaces))
    if dead:
        raise DeployError(f"nodes ended before they were wired: {', '.join(dead)}")
    create_bridges(plan, namespaces)
    create_links(plan, plan.links.values(), namespaces)


def start_daemons(
    state: LabState, plan: Plan, containers: dict[str, Container], within_s: float, watch: Watch
) -> None:
    """Open the gates: first of nodes that need nobody, then of those that ask them."""
    first = [node for node in plan.nodes.values() if not ROLES[node.role].waits_for]
    later = [node for node in plan.nodes.values() if ROLES[node.role].waits_for]
    for node in first:
        open_gate(state.node_folder(node.name))
    awaited = {role for node in later for role in ROLES[node.role].waits_for}
    await_ready(state, plan, containers, plan.with_role(*awaited), within_s, watch)
    for node in later:
        open_gate(state.node_folder(node.name))


def await_ready(
    state: LabState,
    plan: Plan,
    containers: dict[str, Container],
    nodes: tuple[Node, ...],
    within_s: float,
    watch: Watch,
) -> None:
    """Poll the nodes' probes until all hold. Raises DeployError with what each one lacks."""
    pending = {node.name: node for node in nodes}
    reasons: dict[str, str] = {}

    def round_of_probes() -> bool:
        reasons.clear()
        reasons.update(ill_nodes(state, plan, containers, tuple(pending.values())))
        for name in set(pending) - set(reasons):
            del pending[name]
        watch(reasons)
        return not pending

    if not wait_for(round_of_probes, within_s, every_s=0.05):
        listed = "\n".join(f"  {name}: {reason}" for name, reason in sorted(reasons.items()))
        hint = f"look at one of them: lab logs --name {plan.name} {min(reasons)}"
        raise DeployError(f"not ready after {within_s:.0f} s:\n{listed}", hint)


def ill_nodes(
    state: LabState, plan: Plan, containers: dict[str, Container], nodes: tuple[Node, ...]
) -> dict[str, str]:
    """Of ``nodes``, those that fail a probe, each with its first reason."""
    ca = state.node_folder(nodes[0].name) / CA_FILE if nodes else Path()

    def examine(node: Node) -> str:
        container = containers.get(node.name)
        if container is None:
            return "there is no container"
        probes = ROLES[node.role].probes(node, plan)
        answers = (ask(probe, container, ca) for probe in probes)
        idle = "" if container.running else "the container does not run"
        return next((answer for answer in answers if answer), idle)

    reasons = dict(zip((node.name for node in nodes), in_parallel(examine, nodes), strict=True))
    return {name: reason for name, reason in reasons.items() if reason}


def take_down(client: docker.DockerClient, state: LabState) -> int:
    """Remove everything a lab made. Returns the number of containers; fine to run again."""
    stop_keeper(state)
    removed = remove_containers(client, state.lab)
    for name in state.record().namespaces:
        remove_namespace(name)
    state.remove()
    return removed
