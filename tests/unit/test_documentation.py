"""What the documentation shows must be true: its topologies load, its verbs exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.cli.main import VERBS
from orchestrator.loading import load

REPOSITORY = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(
    r"^```yaml\n(.*?)^```", (REPOSITORY / "docs/topology.md").read_text(), re.M | re.S
)
COMPLETE = [block for block in BLOCKS if block.startswith("name:")]


def test_the_reference_has_examples() -> None:
    assert len(COMPLETE) >= 8


@pytest.mark.parametrize("block", COMPLETE, ids=lambda block: block.split("\n")[0])
def test_a_documented_topology_loads(block: str, tmp_path: Path) -> None:
    path = tmp_path / "example.yaml"
    path.write_text(block)
    assert load(path).nodes


def test_every_verb_of_the_readme_exists() -> None:
    readme = (REPOSITORY / "README.md").read_text()
    shown = set(re.findall(r"^(?:sudo )?lab ([a-z]+)", readme, re.M))
    assert shown
    assert shown <= set(VERBS)
    assert set(VERBS) <= shown
