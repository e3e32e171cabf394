"""What a server has beside itself when it shares its address: BIRD, and a check of its health."""

from __future__ import annotations

import dataclasses

from orchestrator.plan.health import BirdCheck, HealthCheck
from orchestrator.plan.model import Node
from orchestrator.roles.base import BIRD, ROUTING, Files, Role, Template

# For BFD: BIRD asks that its packets go before others, which takes this much.
SPEAKER_CAPABILITIES = ("NET_ADMIN",)


def with_speaker(role: Role) -> Role:
    """A role that has what BIRD needs beside its server."""
    return dataclasses.replace(
        role,
        capabilities=(*role.capabilities, *SPEAKER_CAPABILITIES),
        daemons=(*role.daemons, BIRD),
        limits=dataclasses.replace(role.limits, cpu_shares=ROUTING.cpu_shares),
    )


def speaker_files(node: Node, health: str, **context: str) -> Files:
    """BIRD's configuration and the health check, for a node that has a speaker."""
    if node.speaker is None:
        return {}
    check = Template(f"speaker/{health}", context)
    return {"bird.conf": Template("speaker/bird.conf"), "health": check}


def speaker_checks(node: Node) -> tuple[HealthCheck, ...]:
    """Its sessions are up, and it announces what it should: it found its server well."""
    if node.speaker is None:
        return ()
    sessions = tuple(session.name for session in node.speaker.sessions)
    return (BirdCheck(sessions, node.speaker.announced),)
