"""A link in a test's hands."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

from orchestrator.plan.lookups import find_link
from orchestrator.plan.model import Link, Plan
from orchestrator.runtime.links.settings import directions_from, read_settings, shaped
from orchestrator.runtime.links.state import DIRECTIONS
from orchestrator.verbs.link import links_of


@dataclass(frozen=True)
class Wire:
    """A link of a running lab, to cut and to impair; as planned again at the end of a ``with``
    block, and of the test."""

    lab: str
    link: Link

    @classmethod
    def of(cls, lab: str, plan: Plan, name: str) -> Wire:
        """By its name or its two ends. Raises UsageError, with the nearest there is."""
        return cls(lab, find_link(plan, name))

    @property
    def name(self) -> str:
        """As the topology calls it."""
        return self.link.name

    def down(self) -> None:
        """Pull the cable: both ends lose their carrier."""
        self._cut(True)

    def up(self) -> None:
        """Give both ends of the link their carrier again."""
        self._cut(False)

    def _cut(self, is_down: bool) -> None:
        with links_of(self.lab) as layer:
            layer.cut(self.name, is_down)

    def blackhole(self, on: bool = True, sender: str = "") -> None:
        """Let frames vanish while the carrier stays; only those of an end, or all."""
        directions = directions_from(self.link, sender)
        with links_of(self.lab) as layer:
            layer.blackhole(self.name, directions, on)

    def set(self, *settings: str, sender: str = "") -> None:
        """Impair it: ``set("delay=20ms", "loss=1%")``, as `lab link set`. Raises UsageError."""
        spec, directions = read_settings(settings), directions_from(self.link, sender)
        with links_of(self.lab) as layer:
            now = layer.links[self.name]
            layer.change(self.name, shaped(self.link, now, spec, directions))

    def reset(self) -> bool:
        """Make it as planned, and say whether it was not."""
        with links_of(self.lab) as layer:
            now = layer.links[self.name]
            impaired = (now.ab, now.ba) != (self.link.ab, self.link.ba)
            if now.down:
                layer.cut(self.name, down=False)
            if now.blackholes:
                layer.blackhole(self.name, DIRECTIONS, is_on=False)
            if impaired:
                mended = layer.links[self.name].changed(ab=self.link.ab, ba=self.link.ba)
                layer.change(self.name, mended)
            return impaired or now.down or bool(now.blackholes)

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.reset()
