"""All that a run left behind, as one value: what the analysis starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.analysis.packets.frames import Frame
from orchestrator.plan.model import Plan
from orchestrator.records.testimony import ForwardingEntry, LogLine, Translation
from orchestrator.records.visit import Visit


@dataclass(frozen=True)
class Dissection:
    """What tshark reads in one frame of a node's file.

    ``protocols`` are its layers, outermost first ("eth", "ip", …). Of ``fields`` only those that
    the frame has are there, each with all its values in the order of the frame.
    """

    frame: Frame
    protocols: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]]

    def one(self, name: str) -> str:
        """The first value of a field, "" if the frame has none."""
        values = self.fields.get(name, ())
        return values[0] if values else ""

    def all(self, name: str) -> tuple[str, ...]:
        """All values of a field."""
        return self.fields.get(name, ())

    def has(self, name: str) -> bool:
        """Whether the frame has a field or, by its name, a layer."""
        return name in self.fields or name in self.protocols


@dataclass(frozen=True)
class Evidence:
    """A run. What it lacks is empty, and ``missing`` says so in words, a sentence each.

    frames        of each node and switch, in the order of its file
    dissections   of each node that ends connections, in the order of its file
    har           HAR 1.2, {} without one
    timeline      the page's PerformanceEntry objects by type
    netlog        Chromium's NetLog, {} without one
    logs          what daemons wrote during the visit, by node
    forwarding    each router's FIB after the visit
    translations  each gateway's NAT after the visit
    in_force      the faults and changed links of the lab, a few words each
    packets, drops  what the capture counted
    has_keys      whether TLS can be decrypted
    keyless       the client's connections whose keys are missing all the same, by their ends
    ends_ns       of captures that were cut off, by node: when the last frame was that is there
    """

    visit: Visit
    plan: Plan
    frames: Mapping[str, tuple[Frame, ...]]
    dissections: Mapping[str, tuple[Dissection, ...]]
    har: Mapping[str, Any] = field(default_factory=dict)
    timeline: Mapping[str, Any] = field(default_factory=dict)
    netlog: Mapping[str, Any] = field(default_factory=dict)
    logs: Mapping[str, tuple[LogLine, ...]] = field(default_factory=dict)
    forwarding: Mapping[str, tuple[ForwardingEntry, ...]] = field(default_factory=dict)
    translations: Mapping[str, tuple[Translation, ...]] = field(default_factory=dict)
    in_force: tuple[str, ...] = ()
    packets: int = 0
    drops: int = 0
    has_keys: bool = False
    keyless: frozenset[tuple[tuple[bytes, int], tuple[bytes, int]]] = frozenset()
    ends_ns: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
