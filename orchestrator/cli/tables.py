"""Tables for a width: which columns stand side by side, how wide, and which below their row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from orchestrator.cli.lines import Cell, as_text, break_lines, listed

# A row of a table; one cell alone is a line across it, and what follows belongs to it.
Row = Sequence[Cell] | Text
_GAP, _INDENT = 2, 4


@dataclass(frozen=True)
class Column:
    """A column of a table, with its heading.

    right   its cells are numbers, and stand at the right
    least   its cells are texts or lists, which may go on in further lines of at least so many
            columns (and of its longest word); None: its cells are never broken
    drops   it is the first to be left out where there is no room, which is said below the table
    """

    heading: str = ""
    right: bool = False
    least: int | None = None
    drops: bool = False


def lay_out(columns: Sequence[Column], rows: Iterable[Row], width: int | None) -> list[Text]:
    """The lines of a table: its headings if it has any, then its rows."""
    table = [as_text(row) if isinstance(row, Text) else [*map(as_text, row)] for row in rows]
    cells = [row for row in table if not isinstance(row, Text)]
    indent = _GAP if len(cells) < len(table) else 0
    layout = _Layout(columns, cells, None if width is None else width - indent)

    def indented(lines: Iterable[Text]) -> Iterator[Text]:
        return (Text.assemble(" " * indent, line) for line in lines)

    lines = [*indented(layout.headings())]
    for row in table:
        lines += (
            break_lines(row, width, width) if isinstance(row, Text) else indented(layout.row(row))
        )
    return [*lines, *layout.notes()]


class _Layout:
    """Which columns of a table stand in its rows, how wide, and which below them."""

    def __init__(
        self, columns: Sequence[Column], cells: Sequence[Sequence[Text]], width: int | None
    ) -> None:
        self.columns, self.width = columns, width
        self.beside = list(range(len(columns)))
        self.below: list[int] = []
        self.dropped: list[int] = []
        self._empty = [not any(row[n] for row in cells) for n in self.beside]
        self._natural: list[int] = [
            self._longest(n, cells, self.columns[n].heading) for n in self.beside
        ]
        self._least: list[int] = [self._narrowest(n, cells) for n in self.beside]
        while width is not None and len(self.beside) > 1 and self._needed() > width:
            self._take_one_out()
        self.widths = self._share(cells, width)

    def _longest(self, number: int, cells: Sequence[Sequence[Text]], heading: str) -> int:
        return max(cell_len(heading), *(row[number].cell_len for row in cells), 0)

    def _narrowest(self, number: int, cells: Sequence[Sequence[Text]]) -> int:
        least, heading = self.columns[number].least, self.columns[number].heading
        texts = [row[number] for row in cells]
        if least is None:
            return max([*map(cell_len, heading.split()), *(text.cell_len for text in texts), 0])
        words = " ".join((heading, *(text.plain for text in texts))).split(" ")
        return max([min(least, self._natural[number]), *map(cell_len, words)])

    def _needed(self) -> int:
        return sum(self._least[n] for n in self.beside) + _GAP * (len(self.beside) - 1)

    def _take_one_out(self) -> None:
        """What is empty, what may be left out, what may be broken, what is at the right."""

        def rank(number: int) -> tuple[bool, bool, bool, int]:
            column = self.columns[number]
            return self._empty[number], column.drops, column.least is not None, number

        number = max(self.beside[1:], key=rank)
        self.beside.remove(number)
        if self.columns[number].drops and not self._empty[number]:
            self.dropped.append(number)
        else:
            self.below.insert(0, number)

    def _share(self, cells: Sequence[Sequence[Text]], width: int | None) -> dict[int, int]:
        """How wide each column is: what is left of the width goes to the texts that lack most."""
        if width is None:
            return {n: self._natural[n] for n in self.beside}
        widths = {n: self._least[n] for n in self.beside}
        for _ in range(width - self._needed()):
            lacks = {n: self._natural[n] - widths[n] for n in self.beside}
            if not any(lacks.values()):
                break
            is_text = {n: lacks[n] > 0 and self.columns[n].least is not None for n in self.beside}
            lacking = max(self.beside, key=lambda n: (is_text[n], lacks[n]))
            widths[lacking] += 1
        return {n: self._taken(n, cells, width) for n, width in widths.items()}

    def _taken(self, number: int, cells: Sequence[Sequence[Text]], room: int) -> int:
        """How much of its room a column needs, its texts broken."""
        heading = Text(self.columns[number].heading)
        lines = (break_lines(cell, room, room) for cell in (heading, *(r[number] for r in cells)))
        return max(line.cell_len for broken in lines for line in broken)

    def headings(self) -> Iterator[Text]:
        """None for a table whose columns have no names."""
        row = [Text(column.heading, "bold") for column in self.columns]
        if any(row[n] for n in self.beside):
            yield from self._lines(row)

    def row(self, row: Sequence[Text]) -> Iterator[Text]:
        """Its lines, and further ones for what has no room beside."""
        yield from self._lines(row)
        under = [
            Text.assemble((f"{self.columns[n].heading} ", "dim"), row[n])
            for n in self.below
            if row[n]
        ]
        room = None if self.width is None else self.width - _INDENT
        for line in break_lines(listed(under, room), room, room) if under else ():
            yield Text.assemble(" " * _INDENT, line)

    def notes(self) -> Iterator[Text]:
        """What was left out."""
        if self.dropped:
            names = ", ".join(self.columns[n].heading for n in sorted(self.dropped))
            room = self.width
            said = f"no room for: {names}; a wider terminal, a pipe and --json have it"
            yield from break_lines(Text(said, "dim"), room, room)

    def _lines(self, row: Sequence[Text]) -> Iterator[Text]:
        cells = [break_lines(row[n], self.widths[n], self.widths[n]) for n in self.beside]
        for number in range(max(map(len, cells))):
            parts: list[Cell] = []
            for place, cell in zip(self.beside, cells, strict=True):
                piece = cell[number] if number < len(cell) else Text()
                room = " " * (self.widths[place] - piece.cell_len)
                parts += (room, piece) if self.columns[place].right else (piece, room)
                parts.append(" " * _GAP)
            yield Text.assemble(*parts)
