"""Texts that are safe to print, broken into lines: at spaces, but never between a number and its
unit. What stands in a line is made here."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.cells import cell_len
from rich.text import Text

from orchestrator.visible import shorten_words, visible

Cell = str | Text

# A space at which no line ends.
GLUE = "\N{NO-BREAK SPACE}"
# Longer than addresses that anybody reads.
_LONGEST_WORD = 1500
_SPACES = str.maketrans("\n\t", "  ")
_UNITS = "ms|µs|s|min|km|%|RTT|px|bytes?|octets|packets?|[kMGT]i?B|[kMG]?bit/s"
_GLUED = re.compile(rf"(?<=\d) (?=(?:{_UNITS})(?![\w/]))|(?<=\bAS) (?=\d)|(?<=[±×<>=]) (?=\d)")
_WORD = re.compile(r"[^ ]+")
# Between items in a row, and the space before it.
_DOT, _DOT_ROOM = f"{GLUE}· ", 2


def styled(text: str = "", style: str = "") -> Text:
    """A text in one style. Of what others wrote nothing moves the cursor, changes colours or is
    left out: it is shown, and lines go on in one. A word as long as a page is cut in its middle."""
    return Text(shorten_words(visible(text.translate(_SPACES), keep=""), _LONGEST_WORD), style)


def assemble(*parts: Cell | tuple[str, str]) -> Text:
    """Texts one after the other, and texts with their styles."""
    made = Text()
    for part in parts:
        if isinstance(part, tuple):
            made.append_text(styled(*part))
        else:
            made.append_text(part if isinstance(part, Text) else styled(part))
    return made


def as_text(cell: Cell) -> Text:
    """A cell that is safe to print, its numbers glued to their units."""
    text = styled(cell) if isinstance(cell, str) else cell.copy()
    text.plain = _GLUED.sub(GLUE, text.plain)
    return text


def glued(text: str) -> str:
    """A text that stays in one line."""
    return text.replace(" ", GLUE)


def listed(items: Iterable[Cell], room: int | None) -> Text:
    """Items between dots, each in one line where so many columns are enough for it."""
    texts = [*map(as_text, items)]
    for text in texts:
        if room is None or text.cell_len + _DOT_ROOM <= room:
            text.plain = glued(text.plain)
    return Text(_DOT).join(texts)


def break_lines(text: Text, first: int | None, rest: int | None) -> list[Text]:
    """The lines of a text, of at most ``first`` and then ``rest`` columns, if no word is longer."""
    if first is None or rest is None:
        return [text]
    lines, plain, start, end, room = [], text.plain, 0, 0, first
    for word in _WORD.finditer(plain):
        if end and cell_len(plain[start : word.end()]) > room:
            lines.append(text[start:end])
            start, room = word.start(), rest
        end = word.end()
    return [*lines, text[start:end]]
