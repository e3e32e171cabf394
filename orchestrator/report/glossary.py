"""Words that a newcomer may want to look up: a short definition, and where the whole is written.

They stand in templates/glossary.txt, a line each.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import NamedTuple


class Entry(NamedTuple):
    """A word, what it means, and the RFC or standard that defines it ("" for none)."""

    term: str
    meaning: str
    source: str


def define(term: str) -> Entry | None:
    """The entry of a word or of another word for the same, whatever its case; None without one."""
    return _entries().get(term.lower())


def define_all(terms: Iterable[str]) -> tuple[Entry, ...]:
    """The entries of words, each once, in the order of the alphabet; unknown words are left out."""
    found = {entry.term: entry for term in terms if (entry := define(term))}
    return tuple(sorted(found.values(), key=lambda entry: entry.term.lower()))


@functools.cache
def _entries() -> Mapping[str, Entry]:
    """Entries by each of their names, in lower case."""
    path = files("orchestrator.report").joinpath("templates", "glossary.txt")
    found: dict[str, Entry] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            names, meaning, source = (part.strip() for part in line.split("|"))
            term, *others = (name.strip() for name in names.split(","))
            found |= {name.lower(): Entry(term, meaning, source) for name in (term, *others)}
    return found
