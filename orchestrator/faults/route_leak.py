"""A route leak (RFC 7908): an AS passes on what it should not, and draws traffic it cannot carry.

Valley-free export is what makes the Internet's money flow one way. Here a router forgets it
towards one neighbour: what it heard from its other providers and peers it tells that one too.
"""

from __future__ import annotations

import re

from orchestrator.errors import FaultError
from orchestrator.faults.fault import Fault, Memo, Options
from orchestrator.faults.on_bird import (
    CONF,
    pair,
    reconfigure,
    restore_bird,
    sessions_of_pair,
    tell,
)
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import BgpSession, RouterSettings
from orchestrator.runtime.daemons.rib import TABLES
from orchestrator.runtime.daemons.sessions import read_count

_TELLING = ("provider", "peer")  # who must not hear what the others say
_CUSTOMERS_ONLY, _EVERYTHING = "[OURS, FROM_CUSTOMER]", "[(OWN, 1, *)]"


def _targets(plan: Plan) -> list[str]:
    """Each router with each provider or peer, where its AS has another one to hear from."""
    outside = {
        node.name: [s for s in node.settings.sessions if s.relation in _TELLING]
        for node in plan.nodes.values()
        if isinstance(node.settings, RouterSettings)
    }
    heard: dict[int | None, set[int]] = {}
    for name, sessions in outside.items():
        heard.setdefault(plan.nodes[name].asn, set()).update(s.neighbour_asn for s in sessions)
    found = (
        pair(name, session.neighbour_node)
        for name, sessions in outside.items()
        for session in sessions
        if heard[plan.nodes[name].asn] - {session.neighbour_asn}
    )
    return list(dict.fromkeys(found))


def leaking(conf: str, sessions: tuple[BgpSession, ...]) -> str:
    """A router's bird.conf that tells ``sessions`` all it knows. Raises FaultError."""
    for session in sessions:
        block = re.compile(rf"^protocol bgp {session.name} from .*?^}}", re.DOTALL | re.MULTILINE)
        found = block.search(conf)
        if found is None or _CUSTOMERS_ONLY not in found[0]:
            raise FaultError(f"{session.name} tells all it knows already")
        told = found[0].replace(_CUSTOMERS_ONLY, _EVERYTHING)
        conf = conf[: found.start()] + told + conf[found.end() :]
    return conf


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    node, sessions = sessions_of_pair(scene.plan, target)
    scene.require_as_planned(node.name, CONF)
    leaking(scene.rendered(node)[CONF], sessions)
    return {"node": node.name, "target": target}


def _inject(scene: Scene, memo: Memo) -> None:
    node, sessions = sessions_of_pair(scene.plan, memo["target"])
    reconfigure(scene, node.name, leaking(scene.rendered(node)[CONF], sessions))


def _seen(scene: Scene, memo: Memo) -> str:
    node, sessions = sessions_of_pair(scene.plan, memo["target"])
    if any(_leaked(scene, node, session) for session in sessions):
        return ""
    return f"{node.name} leaks nothing: it knows no better route itself"


def _leaked(scene: Scene, node: Node, session: BgpSession) -> int:
    """How many routes of peers and providers BIRD says that it tells over a session."""
    theirs = f"bgp_large_community ~ [({node.asn}, 1, 2..3)]"
    asked = f"table {TABLES[session.family]} where {theirs} export {session.name} count"
    return read_count(tell(scene, node.name, f"show route {asked}"))


def _heal(scene: Scene, memo: Memo) -> None:
    restore_bird(scene, memo["node"])


def _affects(plan: Plan, target: str) -> str:
    name, _, neighbour = target.partition(",")
    return (
        f"traffic of {neighbour} and those behind it: to what {name} knows from its other "
        f"providers and peers it now goes through AS {plan.nodes[name].asn}, which it prefers "
        "as a customer or peer"
    )


FAULT = Fault(
    name="route-leak",
    about="A router tells a provider or peer what it heard from others (RFC 7908)",
    target="session",
    targets=_targets,
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=_seen,
    heal=_heal,
)
