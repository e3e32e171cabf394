"""Templates that are compiled before they are wanted."""

from __future__ import annotations

import json
import subprocess
import sys

# The templates that a page is made of, compiled before and after it is made.
PROGRAM = """
import json
from orchestrator.report.environment import environment
from orchestrator.report.main import prepare_report

prepare_report()
kinds = [environment(autoescape=escaped).cache for escaped in (True, False)]
print(json.dumps([[name for _, name in kind.keys()] for kind in kinds]))
"""


def test_all_that_a_page_includes_is_compiled() -> None:
    said = subprocess.run([sys.executable, "-c", PROGRAM], check=True, stdout=subprocess.PIPE)
    pages, texts = json.loads(said.stdout)
    assert {"page.html.j2", "steps.html.j2", "waterfall.html.j2", "picture.html.j2"} <= set(pages)
    assert texts == ["journey.md.j2"]
