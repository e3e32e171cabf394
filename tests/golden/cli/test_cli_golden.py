"""What each verb prints at 80 and 120 columns and into a pipe, byte for byte.

`pytest tests/golden/cli --update-golden` rewrites the texts; the difference is then for review.
"""

from __future__ import annotations

import io
import itertools
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from orchestrator.cli.layout import output_to
from orchestrator.cli.main import lab
from tests.golden.cli.cases import CASES, SENTENCES, Case

REPOSITORY, TEXTS = Path(__file__).parents[3], Path(__file__).parent / "texts"
WIDTHS = {"80": 80, "120": 120, "pipe": None}
# Not the list of layout.py: a unit that it lacks is to be missed here.
UNIT = re.compile(r"(ms|µs|s|min|%|kB|bytes|octets|packets|MiB|GiB|Mbit/s|RTT)\b")
SHELL_WORD = re.compile(r"(?:'[^']*'|\"[^\"]*\"|[^\s'\"])+")
HEADINGS = ("AS", "path", "since", "last", "error")
ANSI = re.compile(r"\x1b\[([0-9;]*)m")

every_case = pytest.mark.parametrize("case", CASES, ids=str)
every_width = pytest.mark.parametrize("width", WIDTHS)


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No lab is up, it is UTC, paths are those below the repository, and nothing is coloured."""
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setenv("CLICKLAB_STATE", str(tmp_path))
    monkeypatch.setenv("TZ", "UTC")
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def printed(case: Case, width: int | None) -> str:
    if case.tell is not None:
        page = io.StringIO()
        case.tell(output_to(page, width))
        return page.getvalue()
    runner = CliRunner(env={"COLUMNS": str(width) if width else None})
    return runner.invoke(lab, case.argv.split(), catch_exceptions=False).stdout


def text_of(case: Case, width: str) -> str:
    return (TEXTS / f"{case.name}.{width}.txt").read_text(encoding="utf-8")


@every_width
@every_case
def test_text(case: Case, width: str, update_golden: bool) -> None:
    said = printed(case, WIDTHS[width])
    if update_golden:
        TEXTS.mkdir(exist_ok=True)
        (TEXTS / f"{case.name}.{width}.txt").write_text(said, encoding="utf-8")
    assert said == text_of(case, width)


def test_every_verb_has_a_golden_output() -> None:
    verbs, told = set(_paths(lab, "")), {case.verb for case in CASES}
    assert verbs == told | SENTENCES, "see tests/golden/cli/cases.py"
    assert not told & SENTENCES


def _paths(group: click.Group, before: str) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _paths(command, f"{before}{name} ")
            if not command.no_args_is_help:
                yield f"{before}{name}"
        else:
            yield f"{before}{name}"


def test_one_place_lays_out_tables() -> None:
    """Beside it, rich is asked for what goes on while one waits."""
    folder = REPOSITORY / "orchestrator" / "cli"
    texts = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    assert not [name for name, text in texts.items() if "rich.table" in text]
    consoles = {name for name, text in texts.items() if "rich.console" in text}
    assert consoles == {"layout", "progress"}


def test_every_text_is_of_a_case() -> None:
    named = {f"{case.name}.{width}.txt" for case in CASES for width in WIDTHS}
    assert {path.name for path in TEXTS.iterdir()} == named


@pytest.mark.parametrize("width", ["80", "120"])
@every_case
def test_no_line_is_longer_than_the_terminal(case: Case, width: str) -> None:
    """Unless it is one word, or one argument of a command, which cannot be broken."""
    if case.verbatim:
        return
    for line in text_of(case, width).splitlines():
        words = SHELL_WORD.findall(line.removesuffix(" \\"))
        assert len(line) <= int(width) or len(words) == 1, line


@every_width
@every_case
def test_numbers_are_whole_and_stay_with_their_units(case: Case, width: str) -> None:
    lines = text_of(case, width).splitlines()
    for line, after in itertools.pairwise(lines):
        assert not (re.search(r"\d$", line) and UNIT.match(after.lstrip())), f"{line}\n{after}"
    for line in lines:
        assert not re.search(r"\d…|…\d", line), line
        assert line == line.rstrip()


@pytest.mark.parametrize("width", ["80", "120"])
@every_case
def test_what_a_pipe_is_told_is_told_on_a_terminal_too(case: Case, width: str) -> None:
    """No cell is cut or lost, but for a column of which the last line says that it is, and the
    frame beside a journey's step; a heading is, where its column is empty, or each row has it."""
    lost = words(text_of(case, "pipe")) - words(text_of(case, width))
    left_out = "no room for: " in text_of(case, width)
    assert not left_out or case.verb == "bgp summary"
    for word in lost:
        is_time = re.fullmatch(r"\d\d:\d\d:\d\d\.\d+", word)
        is_frame = case.verb in ("visit", "report") and word in ("laptop", "#112")
        assert is_frame or (left_out and is_time) or word in HEADINGS


def words(text: str) -> Counter[str]:
    """All words but the ends of lines of commands, and bars."""
    return Counter(word for word in text.split() if word != "\\" and not is_bar(word))


def is_bar(word: str) -> bool:
    return len(word) > 60 and len(set(word)) < 10 and word.isalpha()


@every_case
def test_without_colour_a_terminal_is_told_the_same(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    said = printed(case, 80)
    assert ANSI.sub("", said) == text_of(case, "80")
    codes = {code for found in ANSI.findall(said) for code in found.split(";")}
    assert not {code for code in codes if code.isdecimal() and int(code) >= 30}
