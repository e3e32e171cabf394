from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.analysis.journey import Journey
from orchestrator.cli.common import run_folder
from orchestrator.cli.journey_told import print_journey
from orchestrator.cli.layout import output_to
from orchestrator.errors import UsageError
from tests.unit.report.samples import HOSTILE, step, whole, with_steps


def told(journey: Journey, *, verbose: bool = False) -> list[str]:
    page = io.StringIO()
    print_journey(output_to(page, 80), journey, folder=Path("captures/run"), verbose=verbose)
    return page.getvalue().splitlines()


def test_a_step_is_a_line_with_its_time_and_where_it_is_proved() -> None:
    lines = told(with_steps(step("tcp", 35.6, 46.7, "laptop", "edge", title="TCP connects")))
    (line,) = [line for line in lines if "TCP connects" in line]
    assert line == f"{'  1     35.6  TCP connects':<71}laptop #7"


def test_what_lies_within_is_indented() -> None:
    lines = told(
        with_steps(
            step("dns_cache", 1, 9, "laptop", title="outer"),
            step("dns_query", 2, 8, "home-gw", title="inner"),
        )
    )
    starts = {
        name: line.index(name) for line in lines for name in ("outer", "inner") if name in line
    }
    assert starts["inner"] == starts["outer"] + 2


def test_many_alike_are_one_line_unless_all_is_asked_for() -> None:
    files = [step("resource", n, n + 1, "laptop", title=f"file {n}") for n in range(20)]
    short, long = told(with_steps(*files)), told(with_steps(*files), verbose=True)
    assert any("file 0 (and 19 like it)" in line for line in short)
    assert sum("file" in line for line in short) == 1
    assert sum(line.strip().endswith("What resource did.") for line in long) == 20


def test_it_fits_the_terminal_and_shows_markup_as_text() -> None:
    lines = told(whole().journey)
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("not whole: </title>") for line in lines)
    assert any("_[a](b)" in line for line in told(whole().journey, verbose=True))
    assert HOSTILE[:20] in "".join(lines)


def test_warnings_come_first() -> None:
    lines = told(replace(whole().journey, warnings=("7 packets were not captured",)))
    assert lines[0] == "not whole: 7 packets were not captured"


def test_the_critical_path_is_as_wide_as_the_terminal() -> None:
    lines = told(whole().journey)
    place = lines.index("critical path, 1,000 ms:")
    assert lines[place + 1] == "b" * 32 + "a" * 48
    assert lines[place + 2].startswith("a TCP 600 · b <")


def test_the_textbook_is_a_line() -> None:
    assert "textbook: ✓ TCP 1.0 RTT (1–2)" in told(whole().journey)


def runs(tmp_path: Path) -> Path:
    for name in ("20260101T000000Z-a", "20260102T000000Z-b", ".half"):
        (tmp_path / "captures" / name).mkdir(parents=True)
    (tmp_path / "captures" / "latest").symlink_to("20260102T000000Z-b")
    return tmp_path / "captures"


def test_a_run_is_a_path_or_a_name_or_the_latest(tmp_path: Path) -> None:
    captures = runs(tmp_path)
    assert run_folder(None, captures) == captures / "latest"
    assert run_folder("20260101T000000Z-a", captures) == captures / "20260101T000000Z-a"
    assert run_folder(str(tmp_path), captures) == tmp_path


def test_no_such_run(tmp_path: Path) -> None:
    captures = runs(tmp_path)
    with pytest.raises(UsageError) as caught:
        run_folder("20260101T000000Z-c", captures)
    assert "did you mean '20260101T000000Z-a'?" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        run_folder("zzz", captures)
    assert caught.value.hint == "the newest is '20260102T000000Z-b'"


def test_no_runs_yet(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are no runs yet") as caught:
        run_folder(None, tmp_path / "captures")
    assert caught.value.hint == "make one: lab visit URL"
