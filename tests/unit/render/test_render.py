"""Rendering: every template is somebody's, and nothing unknown becomes an empty string."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
from jinja2 import TemplateNotFound, UndefinedError

from orchestrator.plan.model import Node
from orchestrator.render.main import render_node, render_plan
from orchestrator.render.wireshark import FILES
from orchestrator.roles import ROLES
from orchestrator.roles.base import Files, Role, Template
from tests.golden.cases import CASES, Case, plan_of

TEMPLATES = Path(str(files("orchestrator.render"))) / "templates"
_INCLUDED = re.compile(r'{% include "([^"]+)" %}')


def test_every_template_is_used() -> None:
    used = {
        template.name
        for case in CASES
        for node in plan_of(case).nodes.values()
        for template in ROLES[node.role].files(node).values()
    }
    used |= {f"wireshark/{name}" for name in FILES}
    there = {str(path.relative_to(TEMPLATES))[:-3]: path for path in TEMPLATES.rglob("*.j2")}
    for path in there.values():
        used |= set(_INCLUDED.findall(path.read_text(encoding="utf-8")))
    assert used == set(there)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_node_has_its_files(case: Case) -> None:
    plan = plan_of(case)
    rendered = render_plan(plan)
    assert list(rendered) == list(plan.nodes)
    for name, texts in rendered.items():
        assert texts == render_node(plan.nodes[name], plan)
        for path, text in texts.items():
            assert not path.startswith("/")
            assert text.endswith("\n")
            assert "None" not in text
            assert "{{" not in text


@pytest.mark.parametrize(
    ("template", "error"), [("absent/file", TemplateNotFound), ("nameserver/zone", UndefinedError)]
)
def test_what_is_not_known_is_an_error(
    template: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(node: Node) -> Files:
        return {"file": Template(template)}

    plan = plan_of(CASES[0])
    monkeypatch.setitem(ROLES, "router", Role("router", broken))
    with pytest.raises(error):
        render_node(plan.nodes["cloud"], plan)


def test_who_waits_for_another_waits_longer() -> None:
    """The edge for the balancer with all its retries, the balancer for an application that waits
    two seconds for its database; and nobody as long as a visitor would go away."""
    plan = plan_of(CASES[0])
    balancer = render_node(plan.nodes["shop-lb"], plan)["haproxy.cfg"]
    edge = render_node(plan.nodes["edge"], plan)["nginx.conf"]

    def number(pattern: str, text: str) -> int:
        [found] = re.findall(pattern, text)
        return int(found)

    answer = number(r"timeout server (\d+)s", balancer)
    tries = 1 + number(r"retries (\d+)", balancer)
    assert answer > 2
    assert answer * tries < number(r"proxy_read_timeout (\d+)s", edge) < 40
    assert number(r"timeout connect (\d+)s", balancer) * tries < answer * tries
