"""Completion of command lines, asked for as a shell does: in a process, with its variables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.loading import load
from orchestrator.runtime.disk.labs import names_file, read_names, write_names
from orchestrator.runtime.disk.state import LabState
from orchestrator.shipped import shipped_topologies
from orchestrator.verbs.names import names_of

LAB = Path(sys.executable).with_name("lab")
PLAN = load(shipped_topologies() / "minimal.yaml")
# All parameters of all verbs, and what was imported to know them.
DUMP = """
import json, sys
from orchestrator.cli.completion import StandIns
if sys.argv[1] == "as-a-shell":
    sys.meta_path.insert(0, StandIns())
import click
from orchestrator.cli.main import lab

def told(command):
    context = click.Context(command)
    own = [[type(each).__name__, each.name, each.opts, each.nargs] for each in command.params]
    names = command.list_commands(context) if isinstance(command, click.Group) else []
    below = {name: told(command.get_command(context, name)) for name in names}
    return [own, command.get_short_help_str(), below]

words = told(lab)
heavy = ["docker", "pyroute2", "requests", "pydantic", "jinja2", "rich", "cryptography", "mininet"]
files = [getattr(sys.modules.get(name), "__file__", None) for name in heavy]
found = [name for name, file in zip(heavy, files) if isinstance(file, str)]
print(json.dumps([words, found]))
"""


@pytest.fixture
def two_labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to complete in, and the labs `one` and `two`, up without any container."""
    monkeypatch.setenv("CLICKLAB_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        LabState(name).create(PLAN)
        write_names(name, names_of(PLAN))
    return tmp_path


@pytest.fixture
def one_lab(two_labs: Path) -> Path:
    """The same with one lab up."""
    LabState("two").remove()
    return two_labs


def as_asked(what: str, **more: str) -> str:
    """What the command prints for a shell; it never complains."""
    asked = {**os.environ, "_LAB_COMPLETE": what, **more}
    done = subprocess.run([LAB], env=asked, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout


def completed(line: str) -> list[str]:
    """The words that may come at the end of a line, as bash is told them."""
    told = as_asked("bash_complete", COMP_WORDS=line, COMP_CWORD=str(line.count(" ")))
    return [word.removeprefix("plain,") for word in told.splitlines() if word]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("lab fau", ["fault"]),
        ("lab link sh", ["show"]),
        ("lab exec lap", ["laptop"]),
        ("lab exec --name one lap", ["laptop"]),
        ("lab logs home-", ["home-gw"]),
        ("lab capture start --node home-", ["home-gw", "home-lan"]),
        ("lab fault lis", ["list"]),
        ("lab fault link-bl", ["link-blackhole"]),
        ("lab heal gateway-d", ["gateway-down"]),
        ("lab fault gateway-down ", ["home-gw"]),
        ("lab --name one fault gateway-down ", ["home-gw"]),
        ("lab visit www", ["www.example.com"]),
        ("lab visit --from ", ["laptop"]),
        ("lab route laptop www", ["www.example.com"]),
        ("lab status --name ", ["one"]),
        ("lab down ", ["one"]),
        ("lab up mini", ["file,mini", "minimal"]),
        ("lab up my-", ["file,my-", "my-own.yaml"]),
        ("lab study transit-cut-", ["file,transit-cut-", "transit-cut-no-bfd"]),
        ("lab study che", ["file,che", "check"]),
        ("lab study check transit-cut-", ["file,transit-cut-", "transit-cut-no-bfd"]),
        ("lab report 2026", ["dir,2026", "2026-b", "2026-a"]),
        ("lab compare 2026-a 2026-b", ["dir,2026-b", "2026-b"]),
        ("lab study report 2026", ["dir,2026", "2026-study"]),
        ("lab report --captures elsewhere 2", ["dir,2"]),
        ("lab report --captures elsewhere ", ["dir,"]),
        ("lab study report ", ["2026-study"]),
    ],
)
def test_words(line: str, words: list[str], one_lab: Path) -> None:
    for run in ("2026-a/visit.json", "2026-b/visit.json", "2026-study/scenario.yaml"):
        (one_lab / "captures" / run).parent.mkdir(parents=True)
        (one_lab / "captures" / run).touch()
    (one_lab / "my-own.yaml").touch()
    assert completed(line) == words


def test_links_are_those_of_the_plan(one_lab: Path) -> None:
    assert completed("lab link down ") == list(PLAN.links)


def test_several_labs_are_told_apart_by_name(two_labs: Path) -> None:
    assert completed("lab exec --name ") == ["one", "two"]
    assert completed("lab exec lap") == []
    assert completed("lab exec --name two lap") == ["laptop"]


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"nodes": 1, "odd": 2}', None])
def test_nothing_is_said_of_a_broken_file(text: str | None, one_lab: Path) -> None:
    names_file("one").unlink()
    if text is not None:
        names_file("one").write_text(text)
    assert completed("lab exec lap") == []


@pytest.mark.parametrize("line", ["lab nothing ", "lab --name x check ", "lab exec 'a"])
def test_nothing_is_said_of_a_line_that_is_wrong(line: str, one_lab: Path) -> None:
    assert completed(line) == []


def test_the_names_are_for_everybody_and_go_with_the_lab(one_lab: Path) -> None:
    assert names_file("one").stat().st_mode & 0o777 == 0o644
    assert LabState("one").folder.stat().st_mode & 0o777 == 0o700
    assert read_names("one").nodes == list(PLAN.nodes)
    LabState("one").remove()
    assert not names_file("one").exists()


def dump(how: str) -> tuple[object, list[str]]:
    """What DUMP says of the words, and the libraries that were imported."""
    done = subprocess.run([sys.executable, "-c", DUMP, how], capture_output=True, check=True)
    words, imported = json.loads(done.stdout)
    return words, imported


def test_stand_ins_change_no_word_and_import_nothing() -> None:
    """What a shell is told of each verb is what the verb takes, without Docker's client."""
    (as_a_shell, nothing), (really, imported) = dump("as-a-shell"), dump("really")
    assert as_a_shell == really
    assert nothing == []
    assert {"docker", "pyroute2"} <= set(imported)


def test_a_completion_does_not_import_what_dockers_client_needs(one_lab: Path) -> None:
    asked = {"_LAB_COMPLETE": "bash_complete", "COMP_WORDS": "lab fault ", "COMP_CWORD": "2"}
    environment = {**os.environ, **asked, "PYTHONPROFILEIMPORTTIME": "1"}
    told = subprocess.run([LAB], env=environment, capture_output=True, text=True)
    assert "plain,gateway-down" in told.stdout.splitlines()
    imported = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
    assert "click.core" in imported
    assert not imported & {"urllib3", "requests.api", "orchestrator.faults.link_down"}


def test_bash_itself(one_lab: Path) -> None:
    script = (
        f"PATH={LAB.parent}:$PATH; source <(_LAB_COMPLETE=bash_source lab); "
        "COMP_WORDS=(lab fault gateway-down ''); COMP_CWORD=3; "
        "_lab_completion lab '' gateway-down; printf '%s\\n' \"${COMPREPLY[@]}\"; complete -p lab"
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["home-gw", "complete -o nosort -F _lab_completion lab"]
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_calls_lab(shell: str) -> None:
    assert f"_LAB_COMPLETE={shell}_complete" in as_asked(f"{shell}_source")
