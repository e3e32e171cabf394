"""What a lab is busy with: a line for each stage that is over, and a live one on a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from orchestrator.cli import interrupts
from orchestrator.cli.lines import as_text
from orchestrator.visible import visible


class Waiting:
    """Standard error, while one waits; as a context it shows what goes on until it is left."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._status = self._console.status(Text(), spinner="dots")

    def __enter__(self) -> Waiting:
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def now(self, text: str) -> None:
        """What goes on at this moment."""
        self._status.update(as_text(text))

    def line(self, text: str) -> None:
        """What is over, or begins, for good."""
        self._console.print(Text(visible(text)), soft_wrap=True)

    def stage_ended(self, name: str, seconds: float) -> None:
        """A line for a stage, or the end of the verb if it was interrupted meanwhile."""
        self.line(f"  {seconds:6.2f} s  {name}")
        interrupts.check()

    def waits(self, reasons: Mapping[str, str]) -> None:
        """What a lab still waits for, by node."""
        if reasons:
            first = min(reasons)
            self.now(f"waiting for {len(reasons)} nodes; {first}: {reasons[first]}")
