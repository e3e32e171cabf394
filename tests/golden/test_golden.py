"""Every plan and every rendered file of the golden topologies, byte for byte.

`pytest tests/golden --update-golden` rewrites them; the difference is then for review.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from orchestrator.loading import load
from orchestrator.plan.codec import to_plain
from orchestrator.render.main import render_node, render_plan
from orchestrator.roles import ROLES
from tests.golden.cases import CASES, FOLDER, Case, plan_of

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_plan(case: Case, update_golden: bool) -> None:
    plain, expected = to_plain(plan_of(case)), FOLDER / case.name / "plan.yaml"
    if update_golden:
        expected.parent.mkdir(exist_ok=True)
        text = yaml.dump(plain, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=100)
        expected.write_text(text, encoding="utf-8")
    assert plain == yaml.load(expected.read_text(encoding="utf-8"), _LOADER)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_files(case: Case, update_golden: bool) -> None:
    plan, folder = plan_of(case), FOLDER / case.name / "files"
    rendered = {
        f"{name}/{path}": text
        for name in case.files_of or plan.nodes
        for path, text in render_node(plan.nodes[name], plan).items()
    }
    if update_golden:
        _write(folder, rendered)
    assert rendered == _read(folder)


def _write(folder: Path, files: dict[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _read(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files}


def test_the_files_kept_show_every_role() -> None:
    kept = (
        (plan_of(case), name) for case in CASES for name in case.files_of or plan_of(case).nodes
    )
    assert {plan.nodes[name].role for plan, name in kept} == set(ROLES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_same_topology_gives_the_same_plan_and_bytes(case: Case) -> None:
    again = load(case.topology)
    assert again == plan_of(case)
    assert render_plan(again) == render_plan(plan_of(case))


_DIGEST = """
import hashlib, json, pathlib, sys
from orchestrator.loading import load
from orchestrator.plan.codec import to_plain
from orchestrator.render.main import render_plan
for path in sys.argv[1:]:
    plan = load(pathlib.Path(path))
    text = json.dumps([to_plain(plan), render_plan(plan)])
    print(hashlib.sha256(text.encode()).hexdigest())
"""


def test_no_order_comes_from_hashing() -> None:
    """Python orders sets of texts differently in each process: the plan must not notice."""
    argv = [sys.executable, "-c", _DIGEST, *(str(case.topology) for case in CASES)]
    runs = [
        subprocess.Popen(
            argv, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONHASHSEED": seed}
        )
        for seed in ("0", "4711")
    ]
    digests = [run.communicate()[0].split() for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert digests[0] == digests[1]
    assert len(digests[0]) == len(CASES)
