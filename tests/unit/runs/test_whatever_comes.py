"""A run of which any file is missing, empty, cut, of other types or of another version: it is told,
and says what is missing, or is refused with the file's name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orchestrator.analysis.journey import tell_journey
from orchestrator.cli.compare import compare_command
from orchestrator.cli.report import report_command
from orchestrator.cli.trace import trace_command
from orchestrator.errors import LabError
from orchestrator.runs.read import FORMAT, read_run
from tests.fuzz.recorded import dissect, documents, texts, write

CAPTURES = ("laptop.pcapng", "edge.pcapng", "home-lan.pcapng")
JSON = tuple(sorted(documents()))
FILES = (*JSON, *CAPTURES, "keys.log", "logs/edge.log", "screenshot.png")
# Of these a part, or none, is a run as well: who wrote little, or has no film, has the same.
UNSAID = ("keys.log", "logs/edge.log", "screenshot.png", "filmstrip.json")
OTHERS: tuple[Any, ...] = (None, 7, "text", [], [[]], {}, {"a": 1}, [{"a": 1}])


def tenths(data: bytes) -> Iterator[bytes]:
    for tenth in range(10):
        yield data[: len(data) * tenth // 10]


def say(folder: Path, name: str, data: bytes | None, *, told: bool = True) -> str:
    """What is said of the run with a file as it is here: what it lacks, or why it is not read.
    Telling takes most of the time, and what is behind the door is the same for many."""
    changed = {} if data is None else {name: data}
    write(folder, changed, without=() if changed else (name,))
    try:
        evidence = read_run(folder, dissect)
    except LabError as error:
        return error.message if error.exit_code in (1, 2) else ""
    return "\n".join(tell_journey(evidence).warnings if told else evidence.missing)


def test_the_run_itself_is_told_without_a_warning(tmp_path: Path) -> None:
    assert say(tmp_path, "keys.log", texts()["keys.log"]) == ""


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_or_cut_is_said(name: str, tmp_path: Path) -> None:
    for number, data in enumerate((None, *tenths(texts()[name]))):
        told = number % 5 == 0 or name in CAPTURES
        said = say(tmp_path / str(number), name, data, told=told)
        assert name in said or name in UNSAID, (number, said)


@pytest.mark.parametrize("name", JSON)
def test_a_file_of_other_types_is_said(name: str, tmp_path: Path) -> None:
    for number, value in enumerate(OTHERS):
        told = isinstance(value, dict)
        said = say(tmp_path / str(number), name, json.dumps(value).encode(), told=told)
        assert name in said or isinstance(value, dict) or value == [], (value, said)


@pytest.mark.parametrize("name", JSON)
def test_each_value_of_another_type_is_said_with_its_place(name: str, tmp_path: Path) -> None:
    document = documents()[name]
    if not isinstance(document, dict):
        return
    for number, key in enumerate(document):
        changed = {**document, key: [7] if isinstance(document[key], dict) else {"a": 7}}
        said = say(tmp_path / str(number), name, json.dumps(changed).encode())
        assert not said or name in said, (key, said)


def test_a_run_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    facts = {**documents()["facts.json"], "format": FORMAT + 1}
    assert "newer version" in say(tmp_path, "facts.json", json.dumps(facts).encode())


def test_what_a_newer_version_adds_is_passed_over(tmp_path: Path) -> None:
    for name in ("visit.json", "plan.json", "capture.json", "facts.json", "visit.har"):
        more = {**documents()[name], "added": {"later": [1]}}
        assert say(tmp_path / name, name, json.dumps(more).encode()) == ""


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("visit.json", b"{}", 1),
        ("visit.json", None, 2),
        ("visit.har", b'{"log": 7}', 0),
        ("laptop.pcapng", texts()["laptop.pcapng"][:9000], 0),
        ("laptop.pcapng", b"no capture at all", 1),
    ],
)
def test_the_verbs_end_well(name: str, data: bytes | None, code: int, tmp_path: Path) -> None:
    write(tmp_path / "run", {name: data} if data is not None else {}, () if data else (name,))
    run = str(tmp_path / "run")
    for command, words in (
        (report_command, [run]),
        (compare_command, [run, run]),
        (trace_command, [run, "--packet", "1"]),
    ):
        ended = CliRunner().invoke(command, words)
        failed = ended.exception
        assert failed is None or isinstance(failed, LabError | SystemExit), (command, failed)
        assert (failed.exit_code if isinstance(failed, LabError) else 0) == code
