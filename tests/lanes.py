"""Which end-to-end tests run one after the other, where two processes test (pytest-xdist).

Whoever has time takes the next lane, or the next of the tests that need no lab; each process boots
labs of its own. pytest-xdist hands out tests by their names alone, so that a module's lane is read
from its text.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
_END_TO_END = "tests/e2e/"
# Fixtures of tests/e2e/conftest.py that are the default lab, or of it.
_DEFAULT_LAB = re.compile(r'[(,]\s*(internet|cold)\b\s*[:,)]|"internet"')
# Of the modules that take the default lab, those that would make one lane much longer than others.
_APART = ("test_documented", "test_studies")


@functools.cache
def lane_of(path: str) -> str:
    """The lane of a module, by its path within the repository; "" where it may run in any."""
    if not path.startswith(_END_TO_END):
        return ""
    if not needs_default_lab(path):
        return "other labs"
    return Path(path).stem if Path(path).stem in _APART else "the default lab"


def needs_default_lab(path: str) -> bool:
    """Whether a module of end-to-end tests takes the default lab, as far as its text tells."""
    return bool(_DEFAULT_LAB.search((REPOSITORY / path).read_text(encoding="utf-8")))
