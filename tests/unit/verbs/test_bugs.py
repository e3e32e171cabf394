"""A bug of ours leaves a file that can be pasted into an issue."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from orchestrator.plan.model import Plan
from orchestrator.runtime.disk.origin import origin_here
from orchestrator.runtime.disk.state import LabState
from orchestrator.verbs.bugs import describe, without_secrets
from tests.unit.compile.texts import compiled

PLAN = compiled("""
name: pair
as: {isp: {asn: 64501, routers: [ber, fra]}}
""")
# A verb that fails as none should.
_FAILS = """
import sys
from orchestrator.cli import entry, main
def fail(**options):
    raise KeyError("wrong")
main.lab.main = fail
sys.argv = ["lab", "visit", "https://me:secret@www.example.com/"]
entry.run()
"""


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Plan:
    """A lab that is recorded to be up."""
    monkeypatch.setenv("CLICKLAB_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    state = LabState("pair")
    state.create(PLAN)
    state.update(origin=origin_here("pair.yaml"), ready=True)
    return PLAN


def failed() -> str:
    try:
        raise KeyError("wrong")
    except KeyError as error:
        return describe(error)


def test_it_says_all_that_is_asked_for_next(recorded: Plan) -> None:
    told = failed()
    assert f"Clicklab:     {version('clicklab')}\n" in told
    assert f"Python:       {platform.python_version()}, " in told
    assert f"kernel:       Linux {platform.release()} " in told
    assert re.search(r"^distribution: \w", told, re.MULTILINE)
    assert re.search(r"^Docker:       not known .*no Docker daemon answers", told, re.MULTILINE)
    assert "labs:         pair of pair.yaml, 2 nodes, up\n" in told
    assert "KeyError: 'wrong'" in told
    assert "in failed" in told
    assert told.startswith("```text\n")
    assert told.endswith("\n```\n")


def test_secrets_and_the_users_folder_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert without_secrets("https://me:hush@www.example.com/a") == "https://***@www.example.com/a"
    assert without_secrets("visit me:hush@www.example.com/a") == "visit ***@www.example.com/a"
    assert without_secrets("a.py:12: in f@g, AS:1") == "a.py:12: in f@g, AS:1"
    assert without_secrets("?token=abc&x=1 password: abc") == "?token=***&x=1 password: ***"
    assert without_secrets("/home/someone/lab.yaml") == "~/lab.yaml"
    assert without_secrets("/home/someone-else/lab.yaml") == "/home/someone-else/lab.yaml"


def run(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {**os.environ, "CLICKLAB_STATE": str(tmp_path), "TMPDIR": str(tmp_path)}
    argv = [sys.executable, "-c", _FAILS]
    return subprocess.run(
        argv, env={**known, **environment}, capture_output=True, text=True, check=False
    )


def test_the_message_names_the_file_and_what_to_do_with_it(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 3
    (log,) = tmp_path.glob("clicklab-*.log")
    assert "this is a bug in Clicklab: KeyError: 'wrong'" in done.stderr
    assert str(log) in done.stderr
    assert "issue" in done.stderr
    written = log.read_text()
    assert "command:      lab visit https://***@www.example.com/" in written
    assert "Traceback" in written
    assert "secret" not in written


def test_what_no_file_can_hold_is_told_as_an_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    """An argument that is no UTF-8, in a log that is."""
    monkeypatch.setattr(sys, "argv", ["lab", "visit", "www.example.com/\udcff\x1b[2J"])
    told = describe(KeyError("\udcff"))
    assert told.encode()
    assert r"www.example.com/\udcff\x1b[2J" in told


def test_without_a_place_for_a_file_it_is_printed(tmp_path: Path) -> None:
    code = "import tempfile; tempfile.tempdir = '/proc/no-such-folder'\n" + _FAILS
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "Python: " in done.stderr
    assert "KeyError: 'wrong'" in done.stderr
    assert done.stderr.count("Traceback") == 1
