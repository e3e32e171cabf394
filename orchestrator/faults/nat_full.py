"""A gateway's NAT table is full: connections that exist go on, new ones find no entry."""

from __future__ import annotations

from orchestrator.errors import FaultError, Mistake
from orchestrator.faults.fault import Fault, Memo, Option, Options
from orchestrator.faults.on_gateways import gateways, hosts_of
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan

RULES = "nftables.conf"
_OUTWARD = 'iifname "lan" oifname "wan" accept'


def read_entries(text: str) -> int:
    """How many connections have room. Raises Mistake."""
    if not text.isdecimal():
        raise Mistake(f"'{text}' is no number of connections", "write it like entries=20")
    return int(text)


def full(rules: str, entries: int) -> str:
    """Rules under which new IPv4 connections beyond ``entries`` are dropped, 0: every one.

    As the kernel does when nf_conntrack_max is reached; that limit is one for the whole machine.
    """
    if _OUTWARD not in rules:
        raise FaultError(f"{RULES} lets nothing out")
    room = f"ct count over {entries} " if entries else ""
    new = f'iifname "lan" oifname "wan" meta nfproto ipv4 ct state new {room}counter drop'
    return rules.replace(_OUTWARD, f"{new}\n    {_OUTWARD}")


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    scene.running(target)
    scene.require_as_planned(target, RULES)
    return {"gateway": target, "entries": read_entries(options["entries"])}


def _inject(scene: Scene, memo: Memo) -> None:
    rules = scene.rendered(scene.plan.nodes[memo["gateway"]])[RULES]
    scene.rewrite(memo["gateway"], RULES, full(rules, memo["entries"]))
    _load(scene, memo["gateway"])


def _load(scene: Scene, gateway: str) -> None:
    """All rules in one step (nft(8)); connections that are known stay known."""
    scene.run(gateway, "nft", "-f", f"/lab/{RULES}")


def _seen(scene: Scene, memo: Memo) -> str:
    listed = scene.run(memo["gateway"], "nft", "list", "chain", "inet", "home", "forward")
    drops = [line for line in listed.splitlines() if "ct state new" in line and "drop" in line]
    return "" if drops else f"{memo['gateway']} still takes new connections"


def _heal(scene: Scene, memo: Memo) -> None:
    scene.restore(memo["gateway"], RULES)
    if scene.runs(memo["gateway"]):
        _load(scene, memo["gateway"])


def _affects(plan: Plan, target: str) -> str:
    hosts = " and ".join(node.name for node in hosts_of(plan, target))
    return (
        f"new IPv4 connections of {hosts} to the Internet: they time out; those that exist go "
        "on, and so does IPv6, which is not translated"
    )


FAULT = Fault(
    name="nat-full",
    about="A gateway's NAT has no room for new IPv4 connections",
    target="gateway",
    targets=gateways,
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=_seen,
    heal=_heal,
    options=(
        Option("entries", "0", "how many connections have room (0: no new one)", read_entries),
    ),
)
