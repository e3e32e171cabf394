"""The shipped topologies, broken in two hundred ways: an answer each time, never a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from orchestrator.errors import LabError
from orchestrator.loading import load
from orchestrator.plan.codec import plan_from_plain, to_plain
from orchestrator.render.main import render_plan
from orchestrator.roles import ROLES
from orchestrator.shipped import shipped_topologies
from tests.errors.mutations import mutated_text, mutated_values

SOURCES = [path.read_bytes() for path in sorted(shipped_topologies().glob("*.yaml"))]


def judge(data: bytes, path: Path) -> None:
    """What is refused is refused with its place; what passes can be rendered and probed."""
    path.write_bytes(data)
    refusal = None
    try:
        plan = load(path)
    except LabError as error:
        refusal = error
    if refusal is None:
        render_plan(plan)
        for node in plan.nodes.values():
            ROLES[node.role].checks(node, plan)
        assert plan_from_plain(to_plain(plan)) == plan
    else:
        assert refusal.exit_code == 2
        assert str(refusal).startswith(f"{path}:")


@pytest.mark.parametrize("mutated", [mutated_values, mutated_text])
def test_only_lab_errors_escape(mutated: Callable[[bytes, Random], bytes], tmp_path: Path) -> None:
    for seed in range(100):
        random = Random(seed)
        judge(mutated(random.choice(SOURCES), random), tmp_path / f"{seed}.yaml")
