"""What a page, a URL, a host, a log or a run holds never is a command to the terminal.

Every text of what a verb prints is given an end that would be markup, move the cursor, set the
title, or turn the order of what is read.
"""

from __future__ import annotations

import ast
import dataclasses
import io
import json
import re
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.text import Text

from orchestrator.analysis.journey import Journey
from orchestrator.capture.mux import CaptureSummary
from orchestrator.cli import main
from orchestrator.cli.capture import print_captures
from orchestrator.cli.compare_told import print_comparison
from orchestrator.cli.events import shower
from orchestrator.cli.fault import print_in_force
from orchestrator.cli.glass_told import print_round_trip
from orchestrator.cli.host import print_findings
from orchestrator.cli.journey_told import print_journey
from orchestrator.cli.layout import Output, output_to
from orchestrator.cli.lines import assemble
from orchestrator.cli.nodes import show_log
from orchestrator.cli.planned import print_plan
from orchestrator.cli.progress import Waiting
from orchestrator.cli.saying import say, say_json
from orchestrator.cli.status import print_condition
from orchestrator.cli.study_told import print_compared, print_finding
from orchestrator.cli.summary_told import print_summary
from orchestrator.cli.trace_told import print_trace
from orchestrator.cli.visit_told import print_run, print_short
from orchestrator.errors import LabError, Problem, SpecError, UsageError
from orchestrator.report.failover.compare import compare_studies
from tests.golden.cli import values
from tests.unit.analysis.builders import START_NS, minimal_plan
from tests.unit.report.studies import study

CLI = Path(main.__file__).parent
HOSTILE = "[/model/2013/x.jpg][bold][fd00::1]:smile:\x1b]0;t\x07\x1b[2J\r\b\x9b31m\u202egnp.\u2066"
SHOWN = "[/model/2013/x.jpg][bold][fd00::1]:smile:\\x1b]0;t\\x07\\x1b[2J\\r\\x08\\x9b31m\\u202egnp."
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
PLAN = minimal_plan()
# What verbs/visit.py imports only where types are checked.
IMPORTED_FOR_TYPES = {"CaptureSummary": CaptureSummary, "Journey": Journey}
# What a verb goes by, and nobody but us has written.
OURS = {"kind", "state", "client", "bfd", "relation", "packet"}


def poisoned(value: Any) -> Any:
    """A value whose texts all end in HOSTILE; choices among words, keys and paths stay."""
    if isinstance(value, str):
        return value + HOSTILE
    if isinstance(value, tuple | list):
        return type(value)(map(poisoned, value))
    if isinstance(value, Mapping):
        return {key: poisoned(inner) for key, inner in value.items()}
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    hints = typing.get_type_hints(type(value), localns=IMPORTED_FOR_TYPES)
    names = [f.name for f in dataclasses.fields(value) if f.init and f.name not in OURS]
    free = [n for n in names if typing.get_origin(hints[n]) is not typing.Literal]
    return dataclasses.replace(value, **{n: poisoned(getattr(value, n)) for n in free})


def _studies(output: Output) -> None:
    both = poisoned(study()), poisoned(study())
    print_compared(output, compare_studies(*both), both, (Path("a"), Path("b")))


def _events(output: Output) -> None:
    shower(output, PLAN)([*map(poisoned, values.events())])


def _failed(output: Output) -> None:
    run = poisoned(values.run())
    print_short(output, dataclasses.replace(run, visit=dataclasses.replace(run.visit, error="dns")))


RUN, JOURNEY = poisoned(values.run()), poisoned(values.journey())
TOLD: dict[str, Callable[[Output], None]] = {
    "visit": lambda output: print_run(output, RUN),
    "visit --no-journey": lambda output: print_short(output, RUN),
    "visit that failed": _failed,
    "visit -n, compare": lambda output: print_comparison(output, poisoned(values.visits())),
    "report": lambda output: print_journey(output, JOURNEY),
    "report --verbose": lambda output: print_journey(output, JOURNEY, verbose=True),
    "trace": lambda output: print_trace(
        output, poisoned(values.trace()), values.FOLDER / HOSTILE, poisoned(values.ACCOUNT)
    ),
    "study": lambda output: print_finding(output, poisoned(study()), Path(HOSTILE)),
    "study compare": _studies,
    "route": lambda output: print_round_trip(output, poisoned(values.round_trip()), True),
    "bgp summary": lambda output: print_summary(output, poisoned(values.summary())),
    "status": lambda output: print_condition(
        output, poisoned(values.condition()), poisoned(values.FAULTS)
    ),
    "fault": lambda output: print_in_force(output, poisoned(values.FAULTS), START_NS),
    "capture list": lambda output: print_captures(output, poisoned(values.captures()), 1_042),
    "doctor": lambda output: print_findings(output, poisoned(values.FINDINGS)),
    "events": _events,
    "plan": lambda output: print_plan(output, dataclasses.replace(PLAN, about=HOSTILE)),
}


@pytest.mark.parametrize("width", [None, 60])
@pytest.mark.parametrize("verb", TOLD)
def test_nothing_in_a_run_is_obeyed_by_the_terminal(
    verb: str, width: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    page = io.StringIO()
    TOLD[verb](output_to(page, width))
    said = COLOUR.sub("", page.getvalue())
    assert all(line.isprintable() for line in said.splitlines())
    assert SHOWN in said.replace("\n", "").replace(" ", "")


def test_sentences_and_json_show_what_they_hold(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"a {HOSTILE}\n\tb")
    say_json({"url": HOSTILE, "é": ["ü\u2028"]}, indent=2)
    said = capsys.readouterr().out
    assert said.startswith(f"a {SHOWN}\\u2066\n\tb\n")
    assert all(line.isprintable() for line in said.replace("\t", "").splitlines())
    written = said.split("\tb\n")[1]
    assert json.loads(written) == {"url": HOSTILE, "é": ["ü\u2028"]}
    assert {"é", "ü"} <= set(written)


def test_what_a_lab_waits_for_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """A reason out of a daemon's log was markup, and `[/x]` in it a bug of ours."""
    with Waiting() as waiting:
        waiting.waits({"isp": HOSTILE})
        waiting.now(HOSTILE)
        waiting.line(HOSTILE)
    assert SHOWN in capsys.readouterr().err


def test_a_log_is_shown_as_a_daemon_wrote_it(capsys: pytest.CaptureFixture[str]) -> None:
    show_log([f"GET /{HOSTILE}\r\n".encode(), b"\xff\x1b[2J"])
    assert capsys.readouterr().out == f"GET /{SHOWN}\\u2066\n\\xff\\x1b[2J\n"


def test_a_style_stays_where_it_was_beside_what_had_to_be_shown() -> None:
    text = assemble(("\x1b\x07", "red"), " then ", ("\u202e", "bold"))
    assert text.plain == "\\x1b\\x07 then \\u202e"
    assert [text.plain[span.start : span.end] for span in text.spans] == ["\\x1b\\x07", "\\u202e"]


def test_an_address_as_long_as_a_book_does_not_fill_the_terminal() -> None:
    visit = dataclasses.replace(values.run().visit, url=f"https://a.example/?{'x' * 70_000}&end")
    page = io.StringIO()
    print_short(output_to(page, 80), dataclasses.replace(values.run(), visit=visit))
    said = page.getvalue()
    assert len(said) < 2_000
    assert "https://a.example/?xxx" in said
    assert "more characters)…" in " ".join(said.split())
    assert "x&end" in said


@pytest.mark.parametrize(
    "error",
    [
        LabError(f"no page '{HOSTILE * 900}'", f"see {HOSTILE}"),
        SpecError([Problem("a.yaml", 1, 2, f"no node '{HOSTILE}\n{'x' * 10_000}'", "x " * 10_000)]),
        UsageError(f"there is no '{'y' * 100_000}'"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_message_is_short_and_holds_nothing_that_is_obeyed(error: LabError) -> None:
    """A name of 10 kB in a topology was told whole, with its control characters."""
    assert len(str(error)) < 2_500
    assert all(line.isprintable() for line in str(error).splitlines())
    assert "more characters" in str(error)
    assert len(str(error).splitlines()) == (2 if error.hint else 1)


def test_a_wrong_command_line_is_told_without_being_obeyed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["lab", "visit", f"--{HOSTILE}"])
    assert main.main() == 2
    assert all(line.isprintable() for line in capsys.readouterr().err.splitlines())


def test_one_place_makes_texts_for_the_terminal() -> None:
    """Beside it nobody prints, and nobody makes a text of rich's of what others wrote."""
    ways = {"print", "Text", "Text.assemble", "Text.from_markup", "click.echo", "click.secho"}
    ways |= {"sys.stdout.write", "sys.stderr.write", "json.dumps"}
    found = {
        f"{path.stem}: {ast.unparse(node.func)}"
        for path in CLI.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ways
    }
    found.discard("report: click.echo")  # a report, as it stands in its file: the next test's
    trusted = {"lines", "layout", "tables", "progress", "saying"}
    assert {what for what in found if what.partition(":")[0] not in trusted} == set()
    assert isinstance(assemble("x"), Text)
