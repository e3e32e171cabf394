"""How tables and paragraphs are laid out: the one place that knows how wide a line may be.

On a terminal that is its width, or $COLUMNS where that is set. A pipe or a file has no width: a row
and a paragraph are a line each there, as long as they have to be, so that grep and awk find all of
one in one line. Nothing is ever cut off: a long text goes on in the next line, a column that has no
room goes on below its row, and numbers stay with their units.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import IO

from rich.console import Console
from rich.text import Text

from orchestrator.cli.lines import GLUE, Cell, as_text, break_lines, glued, listed, styled
from orchestrator.cli.tables import Column, Row, lay_out

# What is wanted wide, like a bar, is this wide where there is no width.
USUAL_WIDTH = 80
_INDENT, _BACKSLASH = 4, " \\"
_SHELL_WORD = re.compile(r"(?:'[^']*'|\"[^\"]*\"|[^\s'\"])+")


class Output:
    """Where a verb's words go; ``width`` is in columns, None where there is none."""

    def __init__(self, console: Console, width: int | None) -> None:
        self.console, self.width = console, width

    @property
    def has_colour(self) -> bool:
        """Whether a colour can tell anything: on a terminal that has some, without NO_COLOR."""
        return self.console.color_system is not None and not self.console.no_color

    def say(self, text: Cell = "", margin: Cell = "", hang: int | None = None) -> None:
        """A paragraph after its margin; its further lines begin at column ``hang``, by default
        where the first one begins."""
        lead = as_text(margin)
        indent = lead.cell_len if hang is None else hang
        first, *more = break_lines(as_text(text), *self._rooms(lead.cell_len, indent))
        self._print(lead, first)
        for line in more:
            self._print(" " * indent, line)

    def say_items(self, items: Iterable[Cell], margin: Cell = "", hang: int = 0) -> None:
        """Short items in a row, none of them broken if it has room in a line."""
        room = None if self.width is None else self.width - max(as_text(margin).cell_len, hang)
        self.say(listed(items, room), margin, hang)

    def run(self, command: str, margin: Cell = "", hang: int = _INDENT) -> None:
        """A command to copy: where it takes several lines, all but the last end in a backslash."""
        lead = as_text(margin)
        text = styled(" ".join(map(glued, _SHELL_WORD.findall(command))))
        lines = [text]
        if self.width is not None and lead.cell_len + text.cell_len > self.width:
            lines = break_lines(text, *self._rooms(lead.cell_len + len(_BACKSLASH), hang + 2))
        for place, line in enumerate(lines):
            end = _BACKSLASH if place < len(lines) - 1 else ""
            self._print(" " * hang if place else lead, line, end)

    def table(self, columns: Sequence[Column], rows: Iterable[Row], title: str = "") -> None:
        """A table below its title."""
        if title:
            self.say(styled(title, "bold"))
        for line in lay_out(columns, rows, self.width):
            self._print(line)

    def _rooms(self, first: int, rest: int) -> tuple[int | None, int | None]:
        if self.width is None:
            return None, None
        return self.width - first, self.width - rest

    def _print(self, *parts: Cell) -> None:
        line = Text.assemble(*parts)
        line.plain = line.plain.replace(GLUE, " ")
        line.rstrip()
        self.console.print(line, soft_wrap=True)


def open_output() -> Output:
    """Standard output, as wide as it is now."""
    console = _console()
    return Output(console, _width(console, os.environ))


def output_to(file: IO[str], width: int | None = None) -> Output:
    """A file, which has no width unless one is given."""
    return Output(_console(file), width)


def _console(file: IO[str] | None = None) -> Console:
    return Console(file=file, highlight=False, markup=False, emoji=False)


def _width(console: Console, environment: Mapping[str, str]) -> int | None:
    told = environment.get("COLUMNS", "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    return console.width if sys.stdout.isatty() else None
