"""A loose contact: a link loses its carrier and gets it again, over and over.

Each time is as a pulled cable is. Routing that answers at once does so again and again.
"""

from __future__ import annotations

from orchestrator.errors import Mistake
from orchestrator.faults.fault import Fault, Memo, Option, Options
from orchestrator.faults.on_links import (
    LINK_TARGET,
    carriers_seen_lost,
    crossing,
    plan_cuts,
    plug_in,
)
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan
from orchestrator.runtime.links.flapping import flapping, start_flapping, stop_flapping
from orchestrator.spec.units import read_duration_s

_SHORTEST_S = 0.2


def _read_every_s(text: str) -> float:
    seconds = read_duration_s(text)
    if seconds < _SHORTEST_S:
        raise Mistake(f"'{text}' is too often", f"at least {_SHORTEST_S * 1000:g}ms")
    return seconds


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    every_s = _read_every_s(options["every"])
    return {**plan_cuts(scene, f"link-flap {target}", [target]), "every_s": every_s}


def _inject(scene: Scene, memo: Memo) -> None:
    for link in memo["cuts"]:
        start_flapping(scene.state, link, memo["every_s"])


def _seen(scene: Scene, memo: Memo) -> str:
    """The process runs, and the carrier was seen to be lost."""
    for link in memo["cuts"]:
        process = flapping(scene.state, link)
        if process is None or not process.is_alive():
            return f"nobody lets {link} flap; see {scene.state.folder}/flapping.log"
    return carriers_seen_lost(scene, memo)


def _heal(scene: Scene, memo: Memo) -> None:
    for link in memo["cuts"]:
        stop_flapping(scene.state, link)
    plug_in(scene, memo)


def _affects(plan: Plan, target: str) -> str:
    return f"{crossing(plan, target)}; and all routers that hear of it, at every change"


FAULT = Fault(
    name="link-flap",
    about="A link loses its carrier and gets it again, over and over",
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=_seen,
    heal=_heal,
    options=(Option("every", "2s", "down once in so long, for half of it", _read_every_s),),
    **LINK_TARGET,
)
