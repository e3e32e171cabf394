"""Text that others wrote, so that whoever prints it obeys nothing in it, and its reader sees all.

Control characters and escape sequences move a terminal's cursor and set its title; bidi overrides
turn the order of what is read (Unicode Technical Report 36, 2.7); invisible characters make two
names look alike. Each is shown as its escape in Python: ``\\x1b``, ``\\u202e``.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

# So much is told of a word of a message, and of a line of it; names and paths are shorter. What
# says how much was cut off has room beside it.
_WORD, _LINE, _MARK = 240, 2000, 40
_LAYOUT = "\n\t"
# Of what json writes the rest is ours, or escaped already.
_BEYOND_ASCII = re.compile(r"[^\n\x20-\x7e]")


def visible(text: str, keep: str = _LAYOUT) -> str:
    """The text with what would not be seen shown as an escape, but for the characters ``keep``.

    >>> visible("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    if text.isprintable():
        return text
    return "".join(c if _is_seen(c) or c in keep else _escape(c) for c in text)


def visible_json(value: Any, indent: int | None = None) -> str:
    """A JSON document with the same escapes, which mean the same there (RFC 8259, section 7).

    UTF-8 can encode it, whatever halves of surrogate pairs a page's title had.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return text if text.isprintable() else _BEYOND_ASCII.sub(_escape_in_json, text)


def brief(text: str) -> str:
    """The same of a message, whose words and lines are cut where they are too long to read.

    What is cut off is counted.
    """
    return "\n".join(_shorten(line) for line in visible(text).split("\n"))


def brief_line(text: str) -> str:
    """The same in one line."""
    return brief(text.replace("\n", r"\n"))


def shorten_words(text: str, room: int) -> str:
    """The text with the middle of words of more than ``room`` characters left out, and counted.

    An address of 70,000 characters would fill a terminal 800 lines high.
    """
    if len(text) < room + _MARK:
        return text
    return re.sub(rf"\S{{{room + _MARK},}}", lambda found: _cut(found[0], room), text)


def _shorten(line: str) -> str:
    short = shorten_words(line, _WORD)
    return short if len(short) < _LINE + _MARK else _cut(short, _LINE)


def _cut(text: str, room: int) -> str:
    """Its beginning and its end, and how much there is between them."""
    first = room * 2 // 3
    last = room - first
    return f"{text[:first]}…({len(text) - first - last:,} more characters)…{text[-last:]}"


def _is_seen(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _escape_in_json(found: re.Match[str]) -> str:
    return found[0] if _is_seen(found[0]) else json.dumps(found[0])[1:-1]
