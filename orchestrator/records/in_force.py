"""A fault that is in force."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class InForce:
    """A fault that was begun and not yet healed; ``in_force_ns`` is 0 until it was seen to be.

    Times are nanoseconds since 1970 UTC.
    """

    id: int
    fault: str
    target: str
    options: dict[str, str]
    memo: dict[str, Any] = field(default_factory=dict)
    begun_ns: int = 0
    in_force_ns: int = 0

    def __str__(self) -> str:
        chosen = " ".join(f"{name}={value}" for name, value in self.options.items() if value)
        return f"{self.fault} {self.target} {chosen}".strip()

    def told(self) -> dict[str, Any]:
        """What a user may know of it, as JSON: all but what it takes to undo it."""
        return {key: value for key, value in dataclasses.asdict(self).items() if key != "memo"}
