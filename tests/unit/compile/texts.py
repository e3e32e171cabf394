"""Topologies written in a test, compiled without a file."""

from __future__ import annotations

from orchestrator.compile.main import compile_plan
from orchestrator.plan.model import Plan
from orchestrator.spec.check import check_topology
from orchestrator.spec.load import parse
from orchestrator.spec.model import Topology


def compiled(text: str) -> Plan:
    """The plan of a topology's text. Raises as loading one does, but for the schema."""
    document = parse(text.encode(), "lab.yaml")
    topology = Topology.model_validate(document.data)
    check_topology(topology, document)
    return compile_plan(topology, document)
