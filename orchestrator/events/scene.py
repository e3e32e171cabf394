"""What all that watch a lab share: the lab, its containers as they are now, and whom to tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import docker

from orchestrator.plan.model import Plan
from orchestrator.records.study import NetworkEvent
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.containers import Container

Hear = Callable[[NetworkEvent], None]


@dataclass(frozen=True)
class Scene:
    """A lab that is watched. ``containers`` is kept up to date by those who watch its nodes.

    Whoever wants to hear what others tell puts a function into ``hearers``; it is called in the
    teller's thread. ``note`` is for what the user should know about the watching itself.
    """

    state: LabState
    plan: Plan
    client: docker.DockerClient
    containers: dict[str, Container]
    note: Callable[[str], None]
    hearers: list[Hear] = field(default_factory=list)

    def tell(self, event: NetworkEvent) -> None:
        """Hand an event to every function in ``hearers``."""
        for hear in tuple(self.hearers):
            hear(event)
