"""A link that works badly: slow, lossy, narrow, out of order."""

from __future__ import annotations

from orchestrator.errors import FaultError, UsageError
from orchestrator.faults.fault import Fault, Memo, Option, Options
from orchestrator.faults.on_links import LINK_TARGET, crossing, mend_or_record
from orchestrator.faults.scene import Scene
from orchestrator.plan.codec import from_plain, to_plain
from orchestrator.plan.impairment import Impairment
from orchestrator.plan.model import Plan
from orchestrator.runtime.links.backends import verify, wire_settings
from orchestrator.runtime.links.netem import read_netem
from orchestrator.runtime.links.netem_options import quantised
from orchestrator.runtime.links.settings import directions_from, read_settings, shaped
from orchestrator.runtime.links.state import DIRECTIONS, LinkState
from orchestrator.runtime.network.wiring import interface_at

_SETTINGS = {
    "delay": "like 20ms",
    "jitter": "how far delays spread, like 2ms",
    "distribution": "of delays: uniform, normal, pareto or paretonormal",
    "correlation": "of delays, like 25%",
    "loss": "like 1%, or in bursts: p:1%,r:25%",
    "nth": "every nth frame is lost",
    "reorder": "like 1%",
    "duplicate": "like 1%",
    "corrupt": "like 1%",
    "rate": "like 10Mbit/s",
    "queue": "like 100packets or 64kB",
}


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    settings = [f"{name}={options[name]}" for name in _SETTINGS if options[name]]
    if not settings:
        raise UsageError("link-impaired: say how, at least once", "like delay=50ms or loss=3%")
    link = scene.plan.links[target]
    directions, spec = directions_from(link, options["from"]), read_settings(settings)
    now = scene.links.links[target]
    after = shaped(link, now, spec, directions)
    if after == now:
        raise UsageError(f"link {target} is so already", f"see: lab link show {target}")
    return {"link": target, "before": _plain(now), "after": _plain(after)}


def _plain(link: LinkState) -> dict[str, object]:
    return {direction: to_plain(link.impairments[direction]) for direction in DIRECTIONS}


def _read(scene: Scene, memo: Memo, which: str) -> LinkState:
    changed = {d: from_plain(Impairment, memo[which][d]) for d in DIRECTIONS}
    return scene.links.links[memo["link"]].changed(**changed)


def _inject(scene: Scene, memo: Memo) -> None:
    scene.links.change(memo["link"], _read(scene, memo, "after"))


def _seen(scene: Scene, memo: Memo) -> str:
    """Asked of `wire`, or of the kernel's netem."""
    name, after = memo["link"], _read(scene, memo, "after")
    link = scene.plan.links[name]
    try:
        shown = scene.links.show(name)
        for direction, end in zip(DIRECTIONS, (link.a, link.b), strict=True):
            wanted, said = after.impairments[direction], shown[direction]
            assert isinstance(said, dict)
            if "parameters" in said:
                verify(name, direction, wire_settings(wanted), said)
            elif not wanted.is_none:
                index = interface_at(scene.plan, end).index
                if read_netem(scene.links.namespaces[end.node], index) != quantised(wanted):
                    return f"link {name}: {end} is impaired in another way"
    except FaultError as error:
        return error.message
    return ""


def _heal(scene: Scene, memo: Memo) -> None:
    before = _read(scene, memo, "before")
    name = memo["link"]
    mend_or_record(
        scene, name, lambda: scene.links.change(name, before), ab=before.ab, ba=before.ba
    )


def _affects(plan: Plan, target: str) -> str:
    return f"{crossing(plan, target)}: they get through, but late, slowly or not all of them"


FAULT = Fault(
    name="link-impaired",
    about="A link works badly: delay, loss, a low rate, …",
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=_seen,
    heal=_heal,
    options=(
        *(Option(name, "", about) for name, about in _SETTINGS.items()),
        Option("from", "", "only frames that this end sends"),
    ),
    **LINK_TARGET,
)
