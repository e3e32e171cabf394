"""A BGP session is reset: both ends drop what they heard, connect again and learn it anew."""

from __future__ import annotations

from orchestrator.faults.fault import Fault, Memo, Options
from orchestrator.faults.on_bird import named, pairs, sessions_of_pair, tell
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan
from orchestrator.runtime.daemons.sessions import read_sessions


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    node, sessions = sessions_of_pair(scene.plan, target)
    return {"node": node.name, "since": _since(scene, node.name, named(sessions))}


def _since(scene: Scene, node: str, names: list[str]) -> dict[str, str]:
    """When each session last changed, as BIRD writes it, to the millisecond."""
    known = read_sessions(tell(scene, node, "show protocols"))
    return {name: known[name].since for name in names}


def _inject(scene: Scene, memo: Memo) -> None:
    for name in memo["since"]:
        tell(scene, memo["node"], f"restart {name}")


def _seen(scene: Scene, memo: Memo) -> str:
    now = _since(scene, memo["node"], list(memo["since"]))
    same = [name for name, since in memo["since"].items() if now[name] == since]
    return f"{', '.join(same)} went on" if same else ""


def _affects(plan: Plan, target: str) -> str:
    node, _, neighbour = target.partition(",")
    return (
        f"routes that {node} and {neighbour} have of each other alone, until they have told "
        "them anew; packets that have another route take it meanwhile"
    )


FAULT = Fault(
    name="bgp-reset",
    about="The BGP sessions of two neighbours are reset, and come up again by themselves",
    target="session",
    targets=pairs,
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=_seen,
    heal=None,
)
