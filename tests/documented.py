"""The examples of the documentation, for tests that hold it to what it says."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def examples(page: str) -> list[str]:
    """The YAML of a page, one text for each block."""
    return re.findall(r"^```yaml\n(.*?)^```", (REPOSITORY / page).read_text(), re.M | re.S)
