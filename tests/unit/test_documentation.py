"""What the documentation shows must be true: its topologies load, its verbs exist."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.cli.main import VERBS
from orchestrator.loading import load
from tests.documented import REPOSITORY, examples

COMPLETE = [block for block in examples("docs/topology.md") if block.startswith("name:")]


def test_the_reference_has_examples() -> None:
    assert len(COMPLETE) >= 8


@pytest.mark.parametrize("block", COMPLETE, ids=lambda block: block.split("\n")[0])
def test_a_documented_topology_loads(block: str, tmp_path: Path) -> None:
    path = tmp_path / "example.yaml"
    path.write_text(block)
    assert load(path).nodes


def test_every_verb_is_shown_and_exists() -> None:
    readme, page = ((REPOSITORY / name).read_text() for name in ("README.md", "docs/cli.md"))
    shown = set(re.findall(r"^(?:sudo )?lab ([a-z]+)", readme, re.M))
    assert shown
    assert shown <= set(VERBS)
    assert set(VERBS) <= set(re.findall(r"(?:^|`)(?:sudo )?lab ([a-z]+)", page, re.M))


def test_the_cheat_sheet_has_ten_lines() -> None:
    readme = (REPOSITORY / "README.md").read_text()
    sheet = readme.partition("## Cheat sheet")[2].partition("```sh\n")[2].partition("```")[0]
    assert len(sheet.splitlines()) == 10


def layers() -> list[str]:
    """The packages of the contract in pyproject.toml, from the top."""
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]
    listed = next(each["layers"] for each in contracts["contracts"] if each["type"] == "layers")
    return [name for layer in listed for name in layer.split(" | ")]


@pytest.mark.parametrize("page", ["docs/design.md", "CONTRIBUTING.md"])
def test_the_layout_is_told_as_the_contract_has_it(page: str) -> None:
    block = next(
        found
        for found in re.findall(r"^```\n(.*?)^```", (REPOSITORY / page).read_text(), re.M | re.S)
        if re.search(r"^ *verbs/", found, re.M)
    )
    name = r"([a-z_]+)(?:/|\.py)"
    below = block[block.index("cli/") :]
    told = re.findall(rf"^ {{0,2}}{name}(?: \| {name})?(?= )", below, re.M)
    assert [one for pair in told for one in pair if one] == layers()


@pytest.mark.parametrize("page", ["docs/design.md", "CONTRIBUTING.md"])
def test_every_file_that_is_named_is_there(page: str) -> None:
    text = (REPOSITORY / page).read_text()
    text = re.sub(r"\| model to read for it \|.*?\n\n", "", text, flags=re.S)  # of other projects
    named = set(re.findall(r"(?<![\w<./-])(?:[a-z_]+/)+[a-z_]+\.(?:py|c|md|json|toml)\b", text))
    roots = (REPOSITORY, REPOSITORY / "orchestrator", REPOSITORY / "orchestrator/analysis")
    assert len(named) >= 5
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []


def public_docstrings() -> Iterator[tuple[str, str]]:
    """Of every public function and class: where it is, and what is said of it."""
    for path in sorted((REPOSITORY / "orchestrator").rglob("*.py")):
        for found in ast.walk(ast.parse(path.read_text())):
            if isinstance(found, ast.FunctionDef | ast.ClassDef) and found.name[0] != "_":
                yield f"{path.name}:{found.name}", ast.get_docstring(found) or ""


def test_no_docstring_is_a_riddle() -> None:
    """ "When." and "Both." tell nobody what comes out."""
    assert [where for where, said in public_docstrings() if 0 < len(said.split()) < 3] == []
