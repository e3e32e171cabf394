"""A prefix hijack: a router announces what belongs to another AS, and draws its traffic."""

from __future__ import annotations

import dataclasses
from ipaddress import ip_network

from orchestrator.errors import FaultError, Mistake, UsageError
from orchestrator.faults.fault import Fault, Memo, Option, Options
from orchestrator.faults.on_bird import CONF, reconfigure, restore_bird, tell
from orchestrator.faults.scene import Scene
from orchestrator.plan.addresses import Prefix
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import Origin, RouterSettings
from orchestrator.routes.prefixes import PrefixIndex
from orchestrator.runtime.daemons.health import prefixes
from orchestrator.runtime.daemons.rib import TABLES

# What others take at all (render/templates/bird/filters).
_LONGEST = {4: 24, 6: 48}


def read_prefixes(text: str) -> tuple[Prefix, ...]:
    """Prefixes as written, with commas between them. Raises Mistake."""
    found = []
    for written in filter(None, text.split(",")):
        try:
            found.append(ip_network(written.strip()))
        except ValueError as error:
            raise Mistake(str(error), "write it like prefix=198.18.64.0/22") from None
    return tuple(found)


def read_choice(text: str) -> bool:
    """yes or no. Raises Mistake."""
    if text not in ("yes", "no"):
        raise Mistake(f"'{text}' is neither yes nor no")
    return text == "yes"


def announced(plan: Plan) -> PrefixIndex[tuple[Prefix, int]]:
    """What each AS announces with right, each prefix with its number."""
    own = [(p, system.asn) for system in plan.systems.values() for p in system.prefixes]
    shared = [(p, service.asn) for service in plan.anycast.values() for p in service.prefixes]
    return PrefixIndex((prefix, (prefix, asn)) for prefix, asn in (*own, *shared))


def victims(plan: Plan, hijacker: Node) -> tuple[Prefix, ...]:
    """Where a site is that is not the hijacker's own: the prefixes around its addresses."""
    index = announced(plan)
    for site in plan.sites:
        for request in plan.certificates:
            server = plan.nodes[request.node]
            if site not in request.hosts or server.asn == hijacker.asn:
                continue
            around = (next(index.around_address(a), None) for a in server.anycast or server.served)
            return tuple(dict.fromkeys(found[0] for found in around if found))
    return ()


def halves(prefix: Prefix) -> tuple[Prefix, ...]:
    """Both halves of a prefix, which win against the whole everywhere. Raises FaultError."""
    if prefix.prefixlen >= _LONGEST[prefix.version]:
        raise FaultError(
            f"nobody would take half of {prefix}",
            f"routers take IPv{prefix.version} down to /{_LONGEST[prefix.version]}",
        )
    return tuple(prefix.subnets())


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    node = scene.plan.nodes[target]
    stolen = read_prefixes(options["prefix"]) or victims(scene.plan, node)
    for prefix in stolen:
        owner = next(announced(scene.plan).around(prefix), None)
        if owner and owner[1] == node.asn:
            raise UsageError(f"{prefix} is of AS {node.asn}, like {target}", "name another one")
    if not stolen:
        raise UsageError("there is no site to steal in this lab", "say which: prefix=…")
    if read_choice(options["halves"]):
        stolen = tuple(half for prefix in stolen for half in halves(prefix))
    scene.require_as_planned(target, CONF)
    return {"node": target, "prefixes": [str(prefix) for prefix in stolen]}


def hijacking(node: Node, stolen: tuple[Prefix, ...]) -> Node:
    """The router as it announces them beside its own."""
    assert isinstance(node.settings, RouterSettings)
    origins = (*node.settings.originated, *(Origin(prefix, hijack=True) for prefix in stolen))
    return dataclasses.replace(
        node, settings=dataclasses.replace(node.settings, originated=origins)
    )


def _inject(scene: Scene, memo: Memo) -> None:
    node, stolen = scene.plan.nodes[memo["node"]], read_prefixes(",".join(memo["prefixes"]))
    reconfigure(scene, node.name, scene.rendered(hijacking(node, stolen))[CONF])


def _seen(scene: Scene, memo: Memo) -> str:
    asked = (f"show route table {table} protocol originated{v}" for v, table in TABLES.items())
    known = {p for question in asked for p in prefixes(tell(scene, memo["node"], question))}
    missing = [prefix for prefix in memo["prefixes"] if prefix not in known]
    return f"{memo['node']} does not announce {missing[0]}" if missing else ""


def _heal(scene: Scene, memo: Memo) -> None:
    restore_bird(scene, memo["node"])


def _affects(plan: Plan, target: str) -> str:
    node = plan.nodes[target]
    validating = {
        other.asn
        for other in plan.nodes.values()
        if isinstance(other.settings, RouterSettings) and other.settings.rtr
    } - {node.asn}
    inside = f"everybody whose packets for the prefix come to {target}, in AS {node.asn} itself"
    if validating:
        return f"{inside}; ASes that validate origins drop it where a ROA names the owner"
    return f"{inside}, and in every AS that finds its announcement the better one"


FAULT = Fault(
    name="hijack",
    about="A router announces a prefix of somebody else's",
    target="router",
    targets=lambda plan: [
        node.name for node in plan.nodes.values() if isinstance(node.settings, RouterSettings)
    ],
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=_seen,
    heal=_heal,
    options=(
        Option(
            "prefix", "", "what it steals; several with commas (default: a site's)", read_prefixes
        ),
        Option("halves", "no", "yes: both halves of it, which win everywhere", read_choice),
    ),
)
