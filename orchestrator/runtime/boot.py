"""The steps of bringing a lab up and taking it down; verbs/up.py tells their order.

Every step records what it makes outside of Docker before it makes it, so that `take_down`
finds it whatever happened in between. Containers are found by their label.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import repeat
from pathlib import Path
from queue import SimpleQueue

import docker

from orchestrator.errors import DeployError, HostError
from orchestrator.plan.health import HealthCheck
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import HostSettings
from orchestrator.roles import ROLES
from orchestrator.runtime.daemons.health import ask
from orchestrator.runtime.disk.captures import end_captures
from orchestrator.runtime.disk.labs import system_name
from orchestrator.runtime.disk.pki import mint_authority, mint_leaf
from orchestrator.runtime.disk.processes import workers_of
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import in_parallel
from orchestrator.runtime.engine.containers import (
    Container,
    create_container,
    find_containers,
    remove_containers,
    start_container,
)
from orchestrator.runtime.engine.gates import create_gate, open_gate
from orchestrator.runtime.engine.images import image_tag, images_folder, missing_images
from orchestrator.runtime.engine.priority import remove_group, weigh
from orchestrator.runtime.keeper import stop_keeper, stop_wire
from orchestrator.runtime.links.flapping import stop_all_flapping
from orchestrator.runtime.links.layer import LinkLayer
from orchestrator.runtime.network.namespaces import (
    create_namespace,
    name_namespace,
    names_like,
    remove_namespace,
)
from orchestrator.runtime.network.wiring import create_bridges, namespaces_of

CA_FILE = "tls/ca.pem"
# Asking costs the nodes' own processor time; many at once only because most of it is waiting.
_ASKERS, _ASK_EVERY_S = 32, 0.1
Rendered = Mapping[str, Mapping[str, str]]
# Told of nodes that are not ready yet, with the reason each one gives.
Watch = Callable[[Mapping[str, str]], None]
ChecksOf = Callable[[Node, Plan], tuple[HealthCheck, ...]]
# From the root certificate (DER) to the files that make a browser trust it.
# Who is called what without the DNS; the names are Debian's.
_HOSTS = """\
127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
"""
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
    _write(state.hosts, _HOSTS)
    authority = mint_authority(plan.name)
    state.keep_issuer(authority.intermediate.pem, authority.intermediate.key_pem)
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
    engine = client.api.info()
    seccomp = (images_folder() / "client" / "seccomp.json").read_text(encoding="utf-8")

    def make(node: Node) -> None:
        identifier = create_container(client, state, node, images[node.role], seccomp, engine)
        start_container(client, identifier)

    in_parallel(make, plan.nodes.values())
    weigh(plan.name)
    return find_containers(client, plan.name)


def wire_lab(state: LabState, plan: Plan, containers: dict[str, Container]) -> None:
    """Switches in namespaces of their own, those of nodes by name, then every link of the lab."""
    dead = sorted(node for node in plan.nodes if not containers[node].running)
    if dead:
        raise DeployError(f"nodes ended before they were wired: {', '.join(dead)}")
    names = {part: system_name(plan.name, part) for part in (*plan.nodes, *plan.switches)}
    state.update(namespaces=tuple(names.values()))
    for switch in plan.switches:
        create_namespace(names[switch])
    for node in plan.nodes:
        name_namespace(names[node], containers[node].namespace)
    namespaces = namespaces_of(plan)
    create_bridges(plan, namespaces)
    LinkLayer(state, plan, namespaces).create_all()


def start_daemons(
    state: LabState, plan: Plan, containers: dict[str, Container], within_s: float, watch: Watch
) -> None:
    """Open the gates: of nodes that need nobody, then of those that ask them, and so on."""
    present = {node.role for node in plan.nodes.values()}
    waiting, serving = list(plan.nodes.values()), set[str]()
    while waiting:
        able = [n for n in waiting if not (set(ROLES[n.role].waits_for) & present) - serving]
        waiting = [node for node in waiting if node not in able]
        for node in able:
            open_gate(state.node_folder(node.name))
        serving |= {node.role for node in able}
        asked = {role for node in waiting for role in ROLES[node.role].waits_for} & serving
        nodes = plan.with_role(*asked)
        await_ready(state, plan, containers, nodes, within_s, watch, _needed_by_others)


def _needed_by_others(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    """What must hold of a node for those that wait for it: less than all, where it says so."""
    role = ROLES[node.role]
    return (role.offers or role.checks)(node, plan)


def _all_checks(node: Node, plan: Plan) -> tuple[HealthCheck, ...]:
    return ROLES[node.role].checks(node, plan)


def await_ready(
    state: LabState,
    plan: Plan,
    containers: dict[str, Container],
    nodes: tuple[Node, ...],
    within_s: float,
    watch: Watch,
    checks_of: ChecksOf = _all_checks,
) -> None:
    """Ask each node's checks until all hold. Raises DeployError with what each one lacks.

    Nodes are asked independently, so that one whose answer takes its whole timeout does not
    keep the others waiting.
    """
    ca, deadline = _ca_of(state, nodes), time.monotonic() + within_s
    # Before any thread starts: they would all compute the lab's routes at once.
    checks = {node.name: checks_of(node, plan) for node in nodes}
    reasons: dict[str, str] = {}

    def ask_node(node: Node) -> str:
        return _ill(containers.get(node.name), checks[node.name], ca)

    with closing(_answers(nodes, ask_node, deadline)) as answers:
        for node, reason in answers:
            reasons.pop(node.name, None)
            if reason:
                _refuse_dead(containers, node)
                reasons[node.name] = reason
            watch(reasons)
    _refuse_ill(plan, reasons, within_s)


def _answers(
    nodes: Iterable[Node], ask_node: Callable[[Node], str], deadline: float
) -> Generator[tuple[Node, str], None, None]:
    """Each answer of each node as it comes. Who is not well is asked again until ``deadline``."""
    asked: dict[Future[str], Node] = {}
    # To wait for one of many futures costs more the more there are; a queue does not.
    answered: SimpleQueue[Future[str]] = SimpleQueue()

    def ask_after(pause_s: float, node: Node) -> str:
        time.sleep(pause_s)
        return ask_node(node)

    with ThreadPoolExecutor(_ASKERS) as pool:

        def let_ask(pause_s: float, node: Node) -> None:
            future = pool.submit(ask_after, pause_s, node)
            asked[future] = node
            future.add_done_callback(answered.put)

        for node in nodes:
            let_ask(0, node)
        while asked:
            future = answered.get()
            node, reason = asked.pop(future), future.result()
            if reason and time.monotonic() < deadline:
                let_ask(_ASK_EVERY_S, node)
            yield node, reason


def _refuse_dead(containers: dict[str, Container], node: Node) -> None:
    """A node whose first process has ended will never be ready; its log says why."""
    container = containers.get(node.name)
    if container is None or not Path(f"/proc/{container.pid}").exists():
        raise DeployError(f"{node.name} ended as it started", "with --keep: lab logs " + node.name)


def _refuse_ill(plan: Plan, reasons: Mapping[str, str], within_s: float) -> None:
    if reasons:
        listed = "\n".join(f"  {name}: {reason}" for name, reason in sorted(reasons.items()))
        hint = f"with --keep it stays as it is: lab logs --name {plan.name} {min(reasons)}"
        raise DeployError(f"not ready after {within_s:.0f} s:\n{listed}", hint)


def ill_nodes(
    state: LabState, plan: Plan, containers: dict[str, Container], nodes: tuple[Node, ...]
) -> dict[str, str]:
    """Of ``nodes``, those that fail a check, each with its first reason.

    One that is silent is asked twice: a busy machine may keep an answer for longer than the checks
    wait, and a node that is told to be ill is looked into.
    """
    ca, checks = _ca_of(state, nodes), [_all_checks(node, plan) for node in nodes]
    present = [containers.get(node.name) for node in nodes]
    with ThreadPoolExecutor(_ASKERS) as pool:
        reasons = pool.map(_ill, present, checks, repeat(ca), repeat(2))
    return {node.name: r for node, r in zip(nodes, reasons, strict=True) if r}


def _ca_of(state: LabState, nodes: tuple[Node, ...]) -> Path:
    """The lab's root certificate; every node has it."""
    return state.node_folder(nodes[0].name) / CA_FILE if nodes else Path()


def _ill(
    container: Container | None, checks: tuple[HealthCheck, ...], ca: Path, tries: int = 1
) -> str:
    """The first reason why a node fails its checks, or ""."""
    if container is None:
        return "there is no container"
    if not container.running:
        return "the container does not run"
    return next(filter(None, (ask(check, container, ca, tries) for check in checks)), "")


def take_down(client: docker.DockerClient, state: LabState) -> int:
    """Remove everything a lab made. Returns the number of containers; fine to run again.

    The record tells what there is; without it, all is found by label, environment and name.
    """
    state.mend_record()
    stop_keeper(state)
    stop_all_flapping(state)
    stop_wire(state)
    end_captures(state)
    for process in workers_of(state.folder):
        process.end()
    removed = remove_containers(client, state.lab)
    remove_group(state.lab)
    for name in {*state.record().namespaces, *names_like(system_name(state.lab, "*"))}:
        remove_namespace(name)
    state.remove()
    return removed
