"""Plans that name what they do not have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.plan.codec import plan_from_plain, to_plain
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


def test_ports_that_are_at_no_end_of_their_link() -> None:
    plan = minimal_plan()
    laptop = plan.nodes["laptop"]
    port = replace(laptop.interfaces[0], link="elsewhere")
    nodes = {**plan.nodes, "laptop": replace(laptop, interfaces=(port,))}
    with pytest.raises(ValueError, match="laptop:eth0 is at no end of the link that it names"):
        require_whole(replace(plan, nodes=nodes))


def test_routers_of_no_system() -> None:
    with pytest.raises(ValueError, match="/nodes/isp/asn: there is no AS 64501"):
        require_whole(replace(minimal_plan(), systems={}))


def test_a_mac_that_is_none() -> None:
    plain = to_plain(minimal_plan())
    plain["nodes"]["laptop"]["interfaces"][0]["mac"] = "zz:00"
    with pytest.raises(TypeError, match="/nodes/laptop/interfaces/0/mac: 'zz:00': it is no MAC"):
        plan_from_plain(plain)
