"""YAML text to plain values, each with the place it was written at.

PyYAML tokenises; what follows is ours, in three steps:

    bytes --decode--> text --yaml.parse--> events --compose--> a tree of nodes
"""

from __future__ import annotations

import re
from collections.abc import Callable

import yaml

from orchestrator.errors import Problem, SpecError
from orchestrator.spec.compose import Composer
from orchestrator.spec.document import Document, Node, Position
from orchestrator.spec.syntax import explain_syntax

_UTF16 = re.compile(rb"\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0]", re.DOTALL)
# libyaml from 0.2.6 on has a limit of 1,000 levels, and looks for it up to 1,024 characters ahead
# of the events it gives. What stands before that place is deeper than we allow, and we say so.
_LIBYAML_GAVE_UP = "maximum nesting depth"
# c-printable of YAML 1.2 (5.1), turned round.
_UNPRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse(data: bytes, file: str) -> Document:
    """Read one YAML document whose top level is a mapping.

    ``file`` is the name that problems carry. Raises SpecError with every duplicate key,
    unknown tag and the like at once; a broken syntax ends the reading where it stands.
    """
    return Document(file, _compose(_decode(data, file), file, Composer.document))


def parse_value(text: str, file: str) -> Node:
    """Read one YAML value of any kind; nothing is null. Raises SpecError."""
    return _compose(_decode(text.encode(), file), file, Composer.value)


def _compose(text: str, file: str, read: Callable[[Composer], Node]) -> Node:
    composer = Composer(text, file)
    try:
        root = read(composer)
    except yaml.MarkedYAMLError as error:
        if _LIBYAML_GAVE_UP in str(error.problem) and error.problem_mark:
            return _compose(text[: error.problem_mark.index], file, read)
        line, column, message, hint = explain_syntax(error, text)
        composer.refuse(Position(line, column), message, hint)
    if composer.problems:
        raise SpecError(composer.problems)
    return root


def _decode(data: bytes, file: str) -> str:
    """Text from UTF-8 with or without a byte order mark. Raises SpecError on all else."""
    if _UTF16.match(data):
        problem = Problem(file, 1, 1, "the file is UTF-16 or UTF-32", "save it as UTF-8")
        raise SpecError([problem])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # With a mark the codec counts from behind it.
        offset = error.start + len(data) - len(error.object)
        raise SpecError([_not_text(data, offset, file)]) from None
    if found := _UNPRINTABLE.search(text):
        start = len(data) - len(text[found.start() :].encode())
        raise SpecError([_not_text(data, start, file)])
    return text


def _not_text(data: bytes, offset: int, file: str) -> Problem:
    before = data[:offset].decode("utf-8-sig")
    line_start = before.rfind("\n") + 1
    line, column = before.count("\n") + 1, len(before) - line_start + 1
    message = f"the file is not text: byte 0x{data[offset]:02x} at offset {offset}"
    return Problem(file, line, column, message, "a topology is YAML in UTF-8")
