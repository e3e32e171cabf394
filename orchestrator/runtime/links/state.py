"""How each link of a running lab is: what carries it, what it does, whether it is cut.

    <lab>/links.json   {link: {backend, ab, ba, down, blackholes}}

The plan says how links start; this says how they are now, so that a node that restarts or a
`wire` that died gets its links back as they were and not as they began.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from orchestrator.files import replace_json
from orchestrator.plan.codec import from_plain, to_plain
from orchestrator.plan.impairment import CLEAR, Impairment
from orchestrator.plan.model import Link
from orchestrator.runtime.disk.state import LabState

Backend = Literal["veth", "netem", "wire"]
Direction = Literal["ab", "ba"]
DIRECTIONS: tuple[Direction, Direction] = ("ab", "ba")


@dataclass(frozen=True)
class LinkState:
    """One link. ``down`` is a pulled cable; ``blackholes`` are directions where frames vanish."""

    backend: Backend
    ab: Impairment = CLEAR
    ba: Impairment = CLEAR
    down: bool = False
    blackholes: tuple[Direction, ...] = ()

    @property
    def impairments(self) -> dict[Direction, Impairment]:
        """The impairment of each direction."""
        return {"ab": self.ab, "ba": self.ba}

    def changed(self, **changes: Any) -> LinkState:
        """The same with some fields changed."""
        return dataclasses.replace(self, **changes)


def is_changed(link: Link, recorded: LinkState) -> bool:
    """Whether a link is recorded to be otherwise than the plan starts it, whatever carries it."""
    return recorded.changed(backend="veth") != LinkState("veth", link.ab, link.ba)


def changed_links(
    planned: Mapping[str, Link], recorded: Mapping[str, LinkState]
) -> tuple[str, ...]:
    """The links that are."""
    return tuple(name for name, now in recorded.items() if is_changed(planned[name], now))


def load_links(state: LabState) -> dict[str, LinkState]:
    """The links of a lab as they were last recorded; empty before they were made."""
    try:
        plain = json.loads(_path(state).read_text())
    except FileNotFoundError:
        return {}
    return {name: from_plain(LinkState, entry) for name, entry in plain.items()}


def save_links(state: LabState, links: dict[str, LinkState]) -> None:
    """Record them, all or nothing."""
    replace_json(_path(state), {name: to_plain(link) for name, link in links.items()}, durable=True)


def _path(state: LabState) -> Path:
    return state.folder / "links.json"
