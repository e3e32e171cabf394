"""The pytest plugin as its users have it: installed, and run in an empty directory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from tests.e2e.conftest import REPOSITORY

EXAMPLE = re.search(
    r"^```python\n(.*?)^```", (REPOSITORY / "docs/testing.md").read_text(), re.M | re.S
)
FAILING = """
import pytest


@pytest.mark.topology("minimal")
def test_of_a_cut(lab):
    lab.link("cloud,isp").down()
    assert lab.visit("www.example.com", client="curl", timeout_s=1).status == 200
"""


def install(folder: Path) -> Path:
    """The package with pytest, by our lock; the virtual environment's folder of programs.

    As pip does it, but uv takes a tenth of its time.
    """
    uv = Path(sys.executable).with_name("uv")
    lock = ("--constraints", "constraints.txt", "--build-constraints", "constraints.txt")
    asked = (
        ("venv", "--python", sys.executable, folder),
        ("pip", "install", "--python", folder / "bin/python", *lock, ".[pytest]"),
    )
    for arguments in asked:
        done = subprocess.run(
            [uv, "--quiet", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    return folder / "bin"


def run(programs: Path, folder: Path, state: Path) -> subprocess.CompletedProcess[str]:
    """The tests in a folder; what a run that was killed at its bound left up goes all the same."""
    environment = {**os.environ, "CLICKLAB_STATE": str(state)}
    try:
        return subprocess.run(
            [programs / "pytest", "--junitxml=junit.xml", "--strict-markers"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
    except subprocess.TimeoutExpired:
        subprocess.run([programs / "lab", "down", "--all"], env=environment, check=True)
        raise


def test_the_documented_test_passes_and_a_failing_one_says_where_its_evidence_lies(
    tmp_path: Path,
) -> None:
    programs, folder, state = install(tmp_path / "venv"), tmp_path / "mine", tmp_path / "state"
    folder.mkdir()
    assert EXAMPLE is not None
    (folder / "test_documented.py").write_text(EXAMPLE[1])
    (folder / "test_failing.py").write_text(FAILING)
    done = run(programs, folder, state)
    told = done.stdout
    assert done.returncode == 1, told + done.stderr
    assert " 1 failed, 1 passed in " in told, told
    assert told.count("boots 12 nodes as lab pytest-minimal-") == 1
    assert [path.name for path in state.iterdir() if path.name.startswith("pytest-")] == []

    runs = {
        str(case.get("name")): [
            Path(str(prop.get("value")))
            for prop in case.iter("property")
            if prop.get("name") == "clicklab_run"
        ]
        for case in ElementTree.parse(folder / "junit.xml").iter("testcase")
    }
    [failed], passed = runs["test_of_a_cut"], runs["test_a_cut_is_felt_and_mended"]
    assert failed.parent == folder / "captures"
    assert {"visit.json", "plan.json", "laptop.pcapng", "journey.html"} <= {
        path.name for path in failed.iterdir()
    }
    assert len(passed) >= 3
    assert not any(run.exists() for run in passed)

    section = told.partition(" Clicklab ---")[2]
    read = f"captures/{failed.name}/"
    assert f"  evidence: {read}, to read: {read}journey.html\n" in section
    assert re.search(r"^  path: laptop → .*isp", section, re.M)
    assert "  link cloud--isp is changed\n" in section
    assert re.search(r"^  session down: \w+ to \w+, BGP over IPv[46]: ", section, re.M)
