"""A stretch of a frame that one protocol reads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    """``data`` is its bytes, ``offset`` where they begin in the frame.

    ``content`` says that these bytes are what was to be sent, and not a header around it;
    ``fields`` are those of interest, as (name, value).
    """

    name: str
    offset: int
    data: bytes
    fields: tuple[tuple[str, str], ...] = ()
    content: bool = False

    @property
    def length(self) -> int:
        """How long the layer is, in octets."""
        return len(self.data)
