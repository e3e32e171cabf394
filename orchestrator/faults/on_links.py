"""What faults on links have in common: how a link is named, and how it is cut and mended.

A fault says in its memo what it takes from which link. Where two take the same, it is given
back when the last of them is healed; what a user did with `lab link` before stays done.

    {"by": …, "holes": {link: [direction, …]}, "cuts": [link, …],
     "holes_before": {link: [direction, …]}}

A node may be away when its links are mended: then only the record changes, and the keeper wires
them as recorded when it comes back.
"""

from __future__ import annotations

import errno
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypedDict

from pyroute2.netlink.exceptions import NetlinkError

from orchestrator.errors import FaultError
from orchestrator.faults.fault import Memo
from orchestrator.faults.scene import Scene
from orchestrator.plan.lookups import find_link
from orchestrator.plan.model import Endpoint, Plan
from orchestrator.records.in_force import InForce
from orchestrator.refusals import why
from orchestrator.runtime.disk.ledger import read_ledger
from orchestrator.runtime.kernel.interfaces import see_interfaces
from orchestrator.runtime.links.state import DIRECTIONS, Direction, save_links
from orchestrator.runtime.network.wiring import interface_at


class _LinkTarget(TypedDict):
    target: str
    targets: Callable[[Plan], Sequence[str]]
    resolve: Callable[[Plan, str], str]


def resolve_link(plan: Plan, given: str) -> str:
    """A link by its name, or by its two ends as ``a,b``."""
    return find_link(plan, given).name


LINK_TARGET: _LinkTarget = {
    "target": "link",
    "targets": lambda plan: list(plan.links),
    "resolve": resolve_link,
}


def crossing(plan: Plan, target: str) -> str:
    """Whose packets a link carries, in words."""
    link = plan.links[target]
    return f"packets between {link.a.node} and {link.b.node}, and what goes through them"


# ── frames vanish ─────────────────────────────────────────────────────────────


def plan_holes(scene: Scene, by: str, holes: Mapping[str, Sequence[Direction]]) -> Memo:
    """A memo for black holes in directions of links; ``by`` is a fault with its target.

    Raises FaultError where an end is away.
    """
    for name in holes:
        _require_ends(scene, name)
    before = {
        name: sorted(set(scene.links.links[name].blackholes) - _claimed(scene, "", name))
        for name in holes
    }
    return {
        "by": by,
        "holes": {name: list(directions) for name, directions in holes.items()},
        "holes_before": before,
    }


def dig_holes(scene: Scene, memo: Memo) -> None:
    """Make links lose every frame while their carrier stays."""
    for name, directions in memo["holes"].items():
        with _explained(name):
            scene.links.blackhole(name, directions, is_on=True)


def fill_holes(scene: Scene, memo: Memo) -> None:
    """Let frames pass again where nobody else keeps them from it."""
    for name, directions in memo["holes"].items():
        kept = _claimed(scene, memo["by"], name) | set(memo["holes_before"][name])
        lifted: list[Direction] = [each for each in DIRECTIONS if each in set(directions) - kept]
        left = tuple(d for d in scene.links.links[name].blackholes if d not in lifted)
        fill = functools.partial(scene.links.blackhole, name, lifted, is_on=False)
        mend_or_record(scene, name, fill, blackholes=left)


def holes_seen(scene: Scene, memo: Memo) -> str:
    """What carries each link says that frames vanish, or which ones still pass."""
    for name, directions in memo["holes"].items():
        shown = scene.links.show(name)
        for direction in directions:
            said = shown[direction]
            assert isinstance(said, Mapping)
            swallows = said.get("parameters", {}).get("blackhole")
            if not (swallows or said.get("qdisc") == "blackhole"):
                return f"frames still pass {name}, {direction}"
    return ""


def _claimed(scene: Scene, by: str, name: str) -> set[str]:
    """The directions of a link that other faults in force let vanish."""
    others = [entry.memo for entry in read_ledger(scene.state) if name_of(entry) != by]
    return {direction for memo in others for direction in memo.get("holes", {}).get(name, ())}


# ── carriers are lost ─────────────────────────────────────────────────────────


def plan_cuts(scene: Scene, by: str, names: Iterable[str]) -> Memo:
    """A memo for pulled cables. Raises FaultError where one is pulled already, or flaps."""
    names = list(names)
    for name in names:
        _require_ends(scene, name)
        holder = _cutter(scene, "", name)
        if holder:
            raise FaultError(f"link {name}: {holder} is in force", "heal it first: lab heal")
        if scene.links.links[name].down:
            raise FaultError(f"link {name} is down already", f"plug it in: lab link up {name}")
    return {"by": by, "cuts": names}


def pull_cables(scene: Scene, memo: Memo) -> None:
    """Take the carrier from both ends of each link."""
    for name in memo["cuts"]:
        with _explained(name):
            scene.links.cut(name, down=True)


def plug_in(scene: Scene, memo: Memo) -> None:
    """Give the ends of links their carrier again, unless another fault has it."""
    for name in memo["cuts"]:
        if not _cutter(scene, memo["by"], name):
            plug = functools.partial(scene.links.cut, name, down=False)
            mend_or_record(scene, name, plug, down=False)


def carriers_seen_lost(scene: Scene, memo: Memo) -> str:
    """The kernels of both ends say that their carrier is lost, or which one still has it."""
    for name in memo["cuts"]:
        link = scene.plan.links[name]
        for end in (link.a, link.b):
            if end.node in scene.plan.nodes and has_carrier(scene, end):
                return f"{end} still has its carrier"
    return ""


def has_carrier(scene: Scene, end: Endpoint) -> bool:
    """Whether the kernel says that an interface has its carrier; False where there is none."""
    seen = see_interfaces(scene.links.namespaces[end.node])
    index = interface_at(scene.plan, end).index
    return index in seen and seen[index].carrier


def _cutter(scene: Scene, by: str, name: str) -> str:
    """Another fault in force that cuts a link, or ""."""
    entries = [entry for entry in read_ledger(scene.state) if name_of(entry) != by]
    return next((str(entry) for entry in entries if name in entry.memo.get("cuts", ())), "")


def name_of(entry: InForce) -> str:
    """Fault and target: no two in force are the same."""
    return f"{entry.fault} {entry.target}"


# ── ends that are away ────────────────────────────────────────────────────────


def _require_ends(scene: Scene, name: str) -> None:
    link = scene.plan.links[name]
    for end in (link.a, link.b):
        if end.node not in scene.links.namespaces:
            raise FaultError(f"link {name}: {end.node} does not run", "what is in force: lab fault")


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """A node that restarts just now has no interfaces until the keeper comes to it."""
    try:
        yield
    except (NetlinkError, FileNotFoundError) as error:
        raise FaultError(f"link {name} is not there just now: {why(error)}", "try again") from None


def mend_or_record(scene: Scene, name: str, mend: Callable[[], None], **changes: Any) -> None:
    """Mend a link; where an end is away, write down how it is to be when that comes back."""
    link = scene.plan.links[name]
    try:
        if {link.a.node, link.b.node} <= scene.links.namespaces.keys():
            mend()
            return
    except FileNotFoundError:
        pass
    except NetlinkError as error:
        if error.code != errno.ENODEV:
            raise
    scene.links.links[name] = scene.links.links[name].changed(**changes)
    save_links(scene.state, scene.links.links)
