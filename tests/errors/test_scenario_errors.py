"""What a user is told of a mistake in a scenario, as test_errors.py has it for topologies.

Each text is what `lab study check` then says; `--update-golden` rewrites them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from orchestrator.cli import main

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "scenarios"
CASES = sorted(FOLDER.glob("*.yaml"))


def check(argument: str, monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    """The exit code of `lab study check argument`, run in this process from the root."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["lab", "study", "check", argument, *options])
    return main.main()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_mistake_is_explained(
    case: Path,
    update_golden: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = check(str(case.relative_to(ROOT)), monkeypatch)
    told, expected = capsys.readouterr(), case.with_suffix(".txt")
    if update_golden:
        expected.write_text(told.err, encoding="utf-8")
    assert told.err == expected.read_text(encoding="utf-8")
    assert (code, told.out) == (2, "")


def test_every_text_has_its_scenario() -> None:
    assert {text.stem for text in FOLDER.glob("*.txt")} == {case.stem for case in CASES}


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        (
            "transit-cutt",
            "lab: there is no scenario 'transit-cutt'\n  hint: did you mean 'transit-cut'?\n",
        ),
        (
            "tests/errors",
            "lab: tests/errors is a directory, not a scenario\n  hint: name the file in it\n",
        ),
    ],
)
def test_what_is_no_scenario(
    argument: str,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert check(argument, monkeypatch) == 2
    assert capsys.readouterr().err == told


def test_a_setting_of_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("transit-cut", monkeypatch, "--set", "routing.bdf=true") == 2
    assert capsys.readouterr().err.startswith("--set routing.bdf=true:1:1: error: unknown key")
