"""From the plan to files: what each node finds under /lab, as text.

One template per file, found by the node's role; a name that a template does not know is an
error (StrictUndefined), never an empty string in a configuration.
"""

from __future__ import annotations

import functools
from importlib.resources import files

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound

from orchestrator.plan.addresses import in_url, link_local, of_family
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import LONGEST_AS_PATH, MOST_NEXT_HOPS, SANE_LENGTHS
from orchestrator.roles import ROLES


class _PackageLoader(BaseLoader):
    """Templates out of the package, wherever it is installed."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:
        source = files("orchestrator.render").joinpath("templates", *f"{template}.j2".split("/"))
        if not source.is_file():
            raise TemplateNotFound(template)
        return source.read_text(encoding="utf-8"), template, None


@functools.cache
def environment() -> Environment:
    """The templates of this package, for configuration files; made once."""
    made = Environment(
        loader=_PackageLoader(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # configuration files, not HTML
    )
    made.filters |= {"of_family": of_family, "link_local": link_local, "in_url": in_url}
    made.globals |= {
        "MOST_NEXT_HOPS": MOST_NEXT_HOPS,
        "LONGEST_AS_PATH": LONGEST_AS_PATH,
        "SANE_LENGTHS": SANE_LENGTHS,
    }
    return made


def render_node(node: Node, plan: Plan) -> dict[str, str]:
    """The files of one node: path relative to /lab → text."""
    return {
        path: environment()
        .get_template(template.name)
        .render(node=node, plan=plan, settings=node.settings, **template.context)
        for path, template in ROLES[node.role].files(node).items()
    }


def render_plan(plan: Plan) -> dict[str, dict[str, str]]:
    """The files of every node, by node name."""
    return {name: render_node(node, plan) for name, node in plan.nodes.items()}
