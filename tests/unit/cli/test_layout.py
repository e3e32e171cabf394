"""Tables and paragraphs at widths that suit them and at widths that do not."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
from collections.abc import Callable

import pytest
from rich.cells import cell_len
from rich.text import Text

from orchestrator.cli.layout import Output, open_output, output_to
from orchestrator.cli.tables import Column

NAMES = (Column("node"), Column("ms", right=True), Column("why", least=12))
ROWS = (("alder-core", "1.234", "the only way there is"), ("isp", "10.5", ""))


def printed(width: int | None, say: Callable[[Output], None]) -> list[str]:
    page = io.StringIO()
    say(output_to(page, width))
    return page.getvalue().splitlines()


def table(width: int | None, *columns: Column, rows: object = ROWS) -> list[str]:
    return printed(width, lambda output: output.table(columns or NAMES, rows))  # type: ignore[arg-type]


def test_a_table_is_as_wide_as_it_has_to_be() -> None:
    assert table(None) == [
        "node           ms  why",
        "alder-core  1.234  the only way there is",
        "isp          10.5",
    ]
    assert table(200) == table(40) == table(None)


def test_a_text_goes_on_in_the_next_line() -> None:
    assert table(36) == [
        "node           ms  why",
        "alder-core  1.234  the only way",
        "                   there is",
        "isp          10.5",
    ]


def test_where_it_had_too_little_room_it_goes_on_below() -> None:
    assert table(28) == [
        "node           ms",
        "alder-core  1.234",
        "    why the only way there",
        "    is",
        "isp          10.5",
    ]


def test_a_number_is_never_cut_however_narrow_the_terminal() -> None:
    assert {"alder-core", "1.234", "isp", "10.5"} <= set(" ".join(table(3)).split())


def test_a_column_may_be_left_out_which_is_said() -> None:
    columns = (Column("node"), Column("since", drops=True), Column("state"))
    rows = [("isp", "04:33:48.041", "Established")]
    assert table(30, *columns, rows=rows)[:2] == ["node  state", "isp   Established"]
    assert "no room for: since;" in " ".join(table(30, *columns, rows=rows))
    assert table(40, *columns, rows=rows)[1:] == ["isp   04:33:48.041  Established"]


def test_an_empty_column_is_the_first_to_go() -> None:
    columns = (Column("node"), Column("last error"), Column("state"))
    rows = [("isp", "", "Established")]
    assert table(23, *columns, rows=rows) == ["node  state", "isp   Established"]


def test_a_long_heading_is_broken_before_a_column_goes() -> None:
    columns = (Column("node"), Column("in its file", right=True))
    assert table(12, *columns, rows=[("isp", "12345")]) == [
        "node  in its",
        "        file",
        "isp    12345",
    ]


def test_rows_may_belong_to_a_line_across() -> None:
    rows = [Text("isp: router"), ("eth0", "198.18.0.1"), ("eth1", "198.18.0.3")]
    assert table(None, Column("interface"), Column("address"), rows=rows) == [
        "  interface  address",
        "isp: router",
        "  eth0       198.18.0.1",
        "  eth1       198.18.0.3",
    ]


def test_a_table_without_names_has_no_headings() -> None:
    assert table(None, Column(), Column(), rows=[("well", "isp")]) == ["well  isp"]
    assert table(None, rows=[]) == ["node  ms  why"]


def test_wide_characters_stand_in_line() -> None:
    rows = [("名前", "1", ""), ("isp", "22", "")]
    told = table(30, rows=rows)
    assert {cell_len(line) for line in told[1:]} == {cell_len("node  ms")}


@pytest.mark.parametrize("width", range(1, 60))
def test_numbers_stay_with_their_units(width: int) -> None:
    text = "after 12.5 ms and 1,234 bytes, 3 % at 10 Mbit/s in AS 64501, ± 10 ms (54 RTT)"
    lines = printed(width, lambda output: output.say(text))
    assert " ".join(lines) == text
    for whole in ("12.5 ms", "1,234 bytes", "3 %", "10 Mbit/s", "AS 64501", "± 10 ms", "(54 RTT)"):
        assert any(whole in line for line in lines)


def test_a_paragraph_hangs_from_its_margin() -> None:
    lines = printed(20, lambda output: output.say("one two three four", "12  "))
    assert lines == ["12  one two three", "    four"]
    lines = printed(20, lambda output: output.say("one two three four", "fault: ", 2))
    assert lines == ["fault: one two three", "  four"]


def test_a_pipe_gets_a_line_for_a_paragraph() -> None:
    assert printed(None, lambda output: output.say("word " * 100)) == ["word " * 99 + "word"]


def test_items_are_whole() -> None:
    items = ["DNS 29.0", "origin connect 171", "TLS"]
    lines = printed(24, lambda output: output.say_items(items))
    assert lines == ["DNS 29.0 ·", "origin connect 171 · TLS"]
    assert printed(10, lambda output: output.say_items(items))[1:3] == ["origin", "connect"]


@pytest.mark.parametrize("width", [None, 20, 40, 60, 200])
def test_a_command_can_be_copied(width: int | None) -> None:
    wanted = """tshark -r captures/run/laptop.pcapng -Y 'frame.number == 1 && (ip.src == "a")' -V"""
    lines = printed(width, lambda output: output.run(wanted, "look at it: "))
    copied = "\n".join(lines).removeprefix("look at it: ").replace("\\\n", "")
    assert shlex.split(copied) == shlex.split(wanted)
    assert all(line.endswith(" \\") for line in lines[:-1])


def test_nothing_that_others_wrote_moves_the_cursor_or_is_markup() -> None:
    hostile = "a\x1b[2J\x9b31m\rb\nc [red]d[/red] :smile:"
    (line,) = printed(80, lambda output: output.say(hostile))
    assert line.isprintable()
    assert "[red]d[/red] :smile:" in line
    assert len(table(None, rows=[(hostile, "1", hostile)])) == 2


def test_the_width_is_what_columns_says_or_none_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `watch` has it, of which the output is a pipe and the width known."""
    for said, width in (("97", 97), ("", None), ("0", None), ("wide", None)):
        monkeypatch.setenv("COLUMNS", said)
        assert open_output().width == width


def test_on_a_terminal_it_is_the_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    monkeypatch.delenv("COLUMNS", raising=False)
    with os.fdopen(theirs, "w") as terminal, contextlib.redirect_stdout(terminal):
        assert open_output().width
    os.close(ours)


def test_colours_tell_nothing_where_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert output_to(io.StringIO(), 80).has_colour
    monkeypatch.setenv("NO_COLOR", "1")
    assert not output_to(io.StringIO(), 80).has_colour
