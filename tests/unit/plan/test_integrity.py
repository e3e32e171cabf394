"""Plans that name what they do not have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.plan.integrity import require_whole
from orchestrator.plan.model import Endpoint
from tests.unit.analysis.builders import minimal_plan


def test_a_compiled_plan_is_whole() -> None:
    require_whole(minimal_plan())


def test_a_link_to_nobody() -> None:
    plan = minimal_plan()
    (name, link), *_ = plan.links.items()
    broken = replace(link, a=Endpoint("nobody", "eth0"))
    with pytest.raises(ValueError, match=f"/links/{name}/a: there is no nobody:eth0"):
        require_whole(replace(plan, links={**plan.links, name: broken}))


def test_a_node_under_another_name() -> None:
    plan = minimal_plan()
    nodes = {**plan.nodes, "other": plan.nodes["laptop"]}
    with pytest.raises(ValueError, match="/nodes/other/name: it is called laptop here"):
        require_whole(replace(plan, nodes=nodes))
