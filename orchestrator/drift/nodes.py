"""Nodes against the plan: they run, they serve what they should, their files are as rendered."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from pathlib import Path

from cryptography import x509

from orchestrator.drift.look import Finding, Look
from orchestrator.runtime.boot import CA_FILE, ill_nodes
from orchestrator.runtime.engine.client import explaining
from orchestrator.runtime.engine.containers import LAB_LABEL
from orchestrator.runtime.engine.gates import GATE

# Made when the lab was: not from templates.
_MINTED = ("tls/", "policies/")


def compare_containers(look: Look, nodes: Collection[str]) -> Iterator[Finding]:
    """Every node runs, and none is frozen."""
    frozen = _frozen(look)
    for node in nodes:
        container = look.containers.get(node)
        if container is None:
            yield node, f"{node} has no container"
        elif not container.running:
            yield node, f"{node} does not run"
        elif container.id in frozen:
            yield node, f"{node} is frozen"


def _frozen(look: Look) -> set[str]:
    filters = {"label": f"{LAB_LABEL}={look.state.lab}", "status": "paused"}
    with explaining():
        return {str(entry["Id"]) for entry in look.client.api.containers(filters=filters)}


def compare_services(look: Look, nodes: Collection[str]) -> Iterator[Finding]:
    """Every node passes its health checks."""
    running = tuple(look.plan.nodes[found.node] for found in look.running(nodes))
    ill = ill_nodes(look.state, look.plan, dict(look.containers), running)
    for node, reason in ill.items():
        yield node, f"{node}: {reason}"


def compare_files(look: Look, nodes: Collection[str]) -> Iterator[Finding]:
    """A node's files are those that its plan renders, and no others."""
    for node in nodes:
        folder, rendered = look.state.node_folder(node), look.planned.files[node]
        for path, text in rendered.items():
            if _read(folder / path) != text:
                yield node, f"{node}: /lab/{path} is not what the plan says"
        for path in sorted(_files(folder) - rendered.keys()):
            yield node, f"{node}: /lab/{path} is none of its files"


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _files(folder: Path) -> set[str]:
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {path for path in found if path != GATE and not path.startswith(_MINTED)}


def compare_certificates(look: Look, nodes: Collection[str]) -> Iterator[Finding]:
    """Every certificate that was minted is there, is for its hosts, and is good today."""
    for wanted in look.plan.certificates:
        if wanted.node in nodes:
            path = look.state.node_folder(wanted.node) / "tls" / f"{wanted.name}.pem"
            if fault := _fault_of(path, wanted.hosts):
                yield wanted.node, f"{wanted.node}: /lab/tls/{path.name} {fault}"
    for node in nodes:
        if not (look.state.node_folder(node) / CA_FILE).is_file():
            yield node, f"{node}: /lab/{CA_FILE} is gone"


def _fault_of(path: Path, hosts: Collection[str]) -> str:
    try:
        leaf = x509.load_pem_x509_certificate(path.read_bytes())
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ValueError, x509.ExtensionNotFound):
        return "is no certificate"
    if set(names.get_values_for_type(x509.DNSName)) != set(hosts):
        return "is for other hosts"
    now, first, last = time.time(), leaf.not_valid_before_utc, leaf.not_valid_after_utc
    return "" if first.timestamp() <= now < last.timestamp() else "is not valid today"
