"""What plain scalars mean: the core schema of YAML 1.2 (section 10.3.2).

``NO`` is a string, ``010`` is ten, a MAC address is a string.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

# A longer plain scalar is text whatever it looks like: no reader means a number by it.
_MAX_NUMBER = 100

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], float]], ...] = (
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+"), lambda text: int(text, 8)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text, 16)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (
        re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
        lambda text: float(text.replace(".", "")),
    ),
)

# Tags, and the type of what they are put on.
_CORE = "tag:yaml.org,2002:"
KINDS: dict[str, type] = {
    "!": str,
    _CORE + "str": str,
    _CORE + "int": int,
    _CORE + "float": float,
    _CORE + "bool": bool,
    _CORE + "null": type(None),
}


def resolve(text: str) -> Any:
    """The value an unquoted scalar stands for."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "+-.0123456789" and len(text) <= _MAX_NUMBER:
        for pattern, number in _NUMBERS:
            if pattern.fullmatch(text):
                return number(text)
    return text
