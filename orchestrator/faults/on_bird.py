"""What faults on routers have in common: talking to a BIRD, and changing its configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable

from orchestrator.errors import FaultError
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import BgpSession, RouterSettings, RouteServerSettings
from orchestrator.refusals import why
from orchestrator.runtime.daemons.health import bird

CONF = "bird.conf"
# Codes of replies from 8000 on are errors (BIRD's doc/reply_codes).
_REFUSED = re.compile(r"^[89]\d{3}[ -](.*)$", re.MULTILINE)


def sessions_at(node: Node) -> tuple[BgpSession, ...]:
    """The BGP sessions of a node: of a router, a route server, or of what announces a server."""
    if isinstance(node.settings, RouterSettings | RouteServerSettings):
        return node.settings.sessions
    return node.speaker.sessions if node.speaker else ()


def pair(node: str, neighbour: str) -> str:
    """How a session is written as a target: of both families, seen from one end."""
    return f"{node},{neighbour}"


def pairs(plan: Plan) -> list[str]:
    """Every node with each of its BGP neighbours."""
    return list(
        dict.fromkeys(
            pair(node.name, session.neighbour_node)
            for node in plan.nodes.values()
            for session in sessions_at(node)
        )
    )


def sessions_of_pair(plan: Plan, target: str) -> tuple[Node, tuple[BgpSession, ...]]:
    """The node of a pair, and its sessions with the other, of both families."""
    name, _, neighbour = target.partition(",")
    node = plan.nodes[name]
    return node, tuple(s for s in sessions_at(node) if s.neighbour_node == neighbour)


def tell(scene: Scene, node: str, command: str) -> str:
    """What a node's BIRD answers. Raises FaultError where it refuses or does not answer."""
    try:
        answer = bird(scene.running(node), command)
    except OSError as error:
        raise FaultError(
            f"{node}: BIRD does not answer: {why(error)}", f"lab logs {node}"
        ) from None
    refused = _REFUSED.search(answer)
    if refused:
        raise FaultError(f"{node}: BIRD refused '{command}': {refused[1]}", f"lab logs {node}")
    return answer


def reconfigure(scene: Scene, node: str, text: str) -> None:
    """Give a BIRD another configuration; sessions it does not change stay up."""
    scene.rewrite(node, CONF, text)
    tell(scene, node, "configure")


def restore_bird(scene: Scene, node: str) -> None:
    """Give a BIRD the configuration of the plan again; one that is away reads it as it starts."""
    scene.restore(node, CONF)
    if scene.runs(node):
        tell(scene, node, "configure")


def named(sessions: Iterable[BgpSession]) -> list[str]:
    """The names of the protocols that BIRD has the sessions as."""
    return [session.name for session in sessions]
