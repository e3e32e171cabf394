"""A plan survives being written down."""

from __future__ import annotations

import json

import pytest

from orchestrator.plan.codec import plan_from_plain, to_plain
from tests.golden.cases import CASES, Case, plan_of


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_plan_comes_back_from_json_as_it_was(case: Case) -> None:
    plan = plan_of(case)
    again = plan_from_plain(json.loads(json.dumps(to_plain(plan))))
    assert again == plan
    assert list(again.nodes) == list(plan.nodes)
    assert list(again.systems) == list(plan.systems)


@pytest.mark.parametrize("foreign", [{}, [], None, {"name": "lab"}, {"name": 1, "nodes": []}])
def test_foreign_data_is_no_plan(foreign: object) -> None:
    with pytest.raises((KeyError, TypeError)):
        plan_from_plain(foreign)
