"""Probes as a scenario writes them, as they are run."""

from __future__ import annotations

from orchestrator.plan.addresses import of_family
from orchestrator.plan.model import Plan
from orchestrator.records.study import ProbeRun
from orchestrator.spec.scenario import ProbeSpec


def probe_run(name: str, spec: ProbeSpec, plan: Plan) -> ProbeRun:
    """A probe with all that its kind is to know; a node that is the right answer is its address."""
    family = None if spec.family is None else str(spec.family)
    options = {
        "family": family,
        "server": spec.server,
        "expect": None if spec.answer is None else _address(spec.answer, spec, plan),
        "port": None if spec.port is None else str(spec.port),
        "http": spec.version,
        "client": spec.client,
    }
    return ProbeRun(
        name=name,
        kind=spec.kind,
        source=spec.from_,
        target=spec.target,
        interval_ms=spec.every,
        timeout_ms=spec.timeout_ms,
        slow_ms=spec.slow,
        options={key: value for key, value in options.items() if value is not None},
    )


def _address(answer: str, spec: ProbeSpec, plan: Plan) -> str:
    node = plan.nodes.get(answer)
    return answer if node is None else str(of_family(node.addresses, spec.family or 4)[0])
