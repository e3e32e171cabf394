"""What PyYAML says of broken syntax, in words for people who write topologies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from yaml import MarkedYAMLError


class _Complaint(NamedTuple):
    pattern: str  # found in PyYAML's "context: problem", from libyaml or pure Python
    message: str
    hint: str
    at_start: bool = False  # the fault is where the construct starts, not where it broke


_INDENTATION = "check the indentation, and quotes inside quotes"
_COMPLAINTS = (
    _Complaint("scalar: found unexpected", "this quote is never closed", "close it", True),
    _Complaint(
        "escape|hexdecimal",
        "unknown escape in a double-quoted text",
        "write '\\\\' for a backslash, or use single quotes",
    ),
    _Complaint(
        "an (alias|anchor)",
        "an alias or anchor without a name",
        "quote a text that starts with '*' or '&'",
        True,
    ),
    _Complaint(r"\btag\b", "this is not a tag", "quote a text that starts with '!'", True),
    _Complaint("cannot start any token", "a value cannot start with '{found}'", "quote it"),
    _Complaint("node content", "a value was expected, not '{found}'", "quote it if it is text"),
    _Complaint(
        "mapping (values|keys) are not allowed",
        "a '{found}' does not belong here",
        "check the indentation, and quote a text that holds ': '",
    ),
    _Complaint(
        "entries are not allowed", "a list item does not belong here", "give it a line of its own"
    ),
    _Complaint("expected ':'", "no ':' after this key", "write 'key: value'", True),
    _Complaint("flow sequence", "expected ',' or ']' for the list of line {start}", ""),
    _Complaint("flow mapping", "expected ',' or '}}' for the mapping of line {start}", ""),
    _Complaint("block collection", "expected '- ' as in the list of line {start}", _INDENTATION),
    _Complaint("block mapping", "expected a key as in the mapping of line {start}", _INDENTATION),
    _Complaint("block scalar", "'|' and '>' end their line", "start the text on the next one"),
    _Complaint("directive|incompatible", "unknown YAML directive", "remove the line with '%'"),
    _Complaint("document start", "'{found}' after the end of the document", "remove it"),
)


def explain_syntax(error: MarkedYAMLError, text: str) -> tuple[int, int, str, str]:
    """Line, column (from 1), message and hint for what PyYAML could not read in ``text``."""
    marks = [mark for mark in (error.context_mark, error.problem_mark) if mark]
    start, stop = marks[0], marks[-1]
    line = "".join((text + "\n").splitlines()[stop.line : stop.line + 1])
    indentation = line[: len(line) - len(line.lstrip())]
    if "\t" in indentation:
        column = indentation.index("\t") + 1
        return stop.line + 1, column, "a tab in the indentation", "indent with spaces"
    said = f"{error.context}: {error.problem}"
    for complaint in _COMPLAINTS:
        if re.search(complaint.pattern, said):
            mark = start if complaint.at_start else stop
            found = line[stop.column : stop.column + 1]
            message = complaint.message.format(start=start.line + 1, found=found)
            return mark.line + 1, mark.column + 1, message, complaint.hint
    return stop.line + 1, stop.column + 1, f"not YAML: {error.problem}", ""
