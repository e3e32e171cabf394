"""Which labs there are, and the names in each, by which shells complete command lines.

    <root>/<lab>/        all else of a lab (state.py); it holds keys and is closed to others
           <lab>.names   the names, for everybody: one completes words first, and is root later

This is read for each press of a key, and is the one module here that a completion imports as it is.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.files import replace_json


def state_root() -> Path:
    """Where labs are recorded: ``$CLICKLAB_STATE``, or /var/lib/clicklab."""
    return Path(os.environ.get("CLICKLAB_STATE", "/var/lib/clicklab"))


def system_name(lab: str, part: str) -> str:
    """What a node or switch of a lab is called beside everything else on this machine: by Docker,
    and by `ip netns`. Neither name can hold a dot, so no two parts of two labs ever meet."""
    return f"clicklab.{lab}.{part}"


def known_labs() -> list[str]:
    """The names of the labs recorded on this machine."""
    if not state_root().is_dir():
        return []
    return sorted(entry.name for entry in state_root().iterdir() if entry.is_dir())


@dataclass(frozen=True)
class Names:
    """What there is in a lab. ``targets`` are those of each fault, by its name."""

    nodes: Sequence[str] = ()
    switches: Sequence[str] = ()
    hosts: Sequence[str] = ()
    links: Sequence[str] = ()
    sites: Sequence[str] = ()
    targets: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)


def names_file(lab: str) -> Path:
    """Where the names in a lab are."""
    return state_root() / f"{lab}.names"


def read_names(lab: str) -> Names:
    """The names in a lab; none where it has no file of them."""
    try:
        return Names(**json.loads(names_file(lab).read_text()))
    except (OSError, ValueError, TypeError):
        return Names()


def write_names(lab: str, names: Names) -> None:
    """Tell everybody the names in a lab."""
    replace_json(names_file(lab), dataclasses.asdict(names))
