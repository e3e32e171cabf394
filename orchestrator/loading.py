"""From a topology file to a plan: read → check → compile. Needs no privilege and no Docker."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from orchestrator.compile.main import compile_plan
from orchestrator.errors import Problem, SpecError
from orchestrator.plan.model import Plan
from orchestrator.spec.check import check_topology
from orchestrator.spec.load import parse
from orchestrator.spec.model import Topology
from orchestrator.spec.problems import explain


def load(path: Path, name: str = "") -> Plan:
    """The plan of a topology file, under ``name`` if given. Raises SpecError or PlanError."""
    document = parse(_read(path), str(path))
    try:
        topology = Topology.model_validate(document.data)
    except ValidationError as error:
        raise explain(document, error, Topology) from None
    if name:
        topology = topology.model_copy(update={"name": name})
    check_topology(topology, document)
    return compile_plan(topology, document)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except IsADirectoryError:
        message, hint = "this is a directory", "name the file in it"
    except FileNotFoundError:
        message, hint = "there is no such file", "shipped ones are in topologies/"
    except OSError as error:
        message, hint = f"cannot read it: {error.strerror}", ""
    raise SpecError([Problem(str(path), 1, 1, message, hint)])


def shipped_topologies() -> Path:
    """The folder of the topologies that come with Clicklab."""
    package = Path(__file__).resolve().parent
    packaged = package / "_topologies"
    return packaged if packaged.is_dir() else package.parent / "topologies"
