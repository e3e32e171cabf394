"""A path MTU black hole: a link carries less than its ends believe, and nobody says so.

Long packets vanish, and the ICMP "too big" (RFC 1191, RFC 8201) that would tell the sender is
never sent or filtered on its way: handshakes work, and the first full packet is the last.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.errors import Mistake, UsageError
from orchestrator.faults.fault import Fault, Memo, Option, Options
from orchestrator.faults.long_frames import drop_long, drops_long, pass_long
from orchestrator.faults.on_links import LINK_TARGET, crossing
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan
from orchestrator.runtime.links.settings import directions_from
from orchestrator.runtime.network.wiring import interface_at

_LEAST = 68  # what IPv4 must carry (RFC 791)


def read_mtu(text: str) -> int:
    """Bytes of IP. Raises Mistake."""
    if not text.isdecimal() or not _LEAST <= int(text) <= 65535:
        raise Mistake(f"'{text}' is no MTU", f"bytes of IP, from {_LEAST}: mtu=1400")
    return int(text)


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    link, mtu = scene.plan.links[target], read_mtu(options["mtu"])
    if mtu >= link.mtu:
        raise UsageError(f"{target} carries {link.mtu} bytes as it is", "choose a smaller mtu=…")
    directions = directions_from(link, options["from"])
    for end in (link.a.node, link.b.node):
        if end in scene.plan.nodes:
            scene.running(end)
    senders = [str(link.a if direction == "ab" else link.b) for direction in directions]
    return {"link": target, "senders": senders, "mtu": mtu}


def _senders(scene: Scene, memo: Memo) -> Iterator[tuple[str, str, int]]:
    """Which interfaces drop: as written, and where they are; those that are gone are left out."""
    link = scene.plan.links[memo["link"]]
    for end in (link.a, link.b):
        if str(end) in memo["senders"] and end.node in scene.links.namespaces:
            index = interface_at(scene.plan, end).index
            yield str(end), scene.links.namespaces[end.node], index


def _inject(scene: Scene, memo: Memo) -> None:
    for _, namespace, index in _senders(scene, memo):
        drop_long(namespace, index, memo["mtu"])


def _seen(scene: Scene, memo: Memo) -> str:
    there = {end for end, namespace, index in _senders(scene, memo) if drops_long(namespace, index)}
    missing = sorted(set(memo["senders"]) - there)
    return f"{missing[0]} sends long packets" if missing else ""


def _heal(scene: Scene, memo: Memo) -> None:
    for _, namespace, index in _senders(scene, memo):
        pass_long(namespace, index)


def _affects(plan: Plan, target: str) -> str:
    return (
        f"{crossing(plan, target)}: long ones vanish without a word, so that connections open "
        "and then stall; pings and other short ones pass"
    )


FAULT = Fault(
    name="mtu-blackhole",
    about="Long packets vanish on a link, and no ICMP tells the sender",
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=_seen,
    heal=_heal,
    options=(
        Option("mtu", "1280", "the longest packet that passes, bytes of IP", read_mtu),
        Option("from", "", "only frames that this end sends"),
    ),
    **LINK_TARGET,
)
