"""What does not fit, where it stands, and how that is said of a stranger's values."""

from __future__ import annotations

import typing
from typing import Any

SHOWN, _BRIEF = 40, 300


class Misfit(TypeError):
    """A value that is not what its place takes. ``place`` is a JSON pointer (RFC 6901)."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says
        self._keys: list[str] = []

    @property
    def place(self) -> str:
        """From the document's root; "" is the root itself."""
        keys = (key.replace("~", "~0").replace("/", "~1") for key in reversed(self._keys))
        return "".join(f"/{key[:SHOWN]}" for key in keys)

    def within(self, key: str | int) -> Misfit:
        """The same, seen from one level up."""
        self._keys.append(str(key))
        return self

    def __str__(self) -> str:
        return f"{self.place}: {self.says}" if self._keys else self.says


def brief(text: str) -> str:
    """What a stranger's file had a part in, for a sentence: of a length, and printable."""
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in text[:_BRIEF])
    return shown if len(text) <= _BRIEF else f"{shown}…"


def refuse(wanted: str, plain: Any) -> typing.NoReturn:
    """Raise a Misfit that says what should stand there."""
    raise Misfit(f"it should be {wanted}, and is {show(plain)}")


def show(plain: Any) -> str:
    """A value in a sentence: what kind it is, and of short ones what it says."""
    if isinstance(plain, dict | list | tuple):
        return "an object" if isinstance(plain, dict) else "a list"
    if plain is None or isinstance(plain, bool):
        return {None: "null", True: "true", False: "false"}[plain]
    try:
        shown = repr(plain)
    except ValueError:  # a number of more digits than Python writes
        return "a huge number"
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"
