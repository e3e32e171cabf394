"""Who noticed that something failed, or came back, and how."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.analysis.failover.bird_logs import Noted
from orchestrator.analysis.failover.control import Act, Told
from orchestrator.analysis.failover.phases import Span
from orchestrator.plan.model import Endpoint, Plan
from orchestrator.records.study import NetworkEvent

# Of who noticed, about whom, and the reason that was given.
Words = Callable[[str, str, str], str]


@dataclass(frozen=True)
class Sign:
    """Something that a node noticed. ``about`` is who is at the other end, "" where unknown."""

    time_ns: int
    node: str
    about: str
    told: str
    frame: tuple[str, int] | None = None
    event: int | None = None
    log: tuple[str, int] | None = None


def _in(why: str) -> str:
    return f" ({why})" if why else ""


_LOSSES: Mapping[Act, Words] = {
    "silent": lambda node, peer, why: f"{node} notices with BFD that {peer} is silent{_in(why)}",
    "signalled": lambda node, peer, why: (
        f"{peer} tells {node} by BFD that it hears nothing{_in(why)}"
    ),
    "notified": lambda node, peer, why: f"{node} ends its BGP session with {peer}: {why}",
    "told": lambda node, peer, why: f"{peer} ends its BGP session with {node}: {why}",
    "closed": lambda node, peer, why: f"{node} closes the TCP connection of BGP with {peer}",
    "links": lambda node, peer, why: f"{node} tells its OSPF neighbours that its links changed",
}
_RETURNS: Mapping[Act, Words] = {
    "heard": lambda node, peer, why: f"{node} hears {peer} again, says BFD",
    "opened": lambda node, peer, why: f"{node} opens a BGP session with {peer}",
    "links": _LOSSES["links"],
}
_CARRIER = {
    "down": "loses its carrier",
    "gone": "is gone",
    "up": "has a carrier again",
    "new": "is there again",
}


@dataclass(frozen=True)
class Traces:
    """Where signs are looked for: messages, lines of logs, and kernels' events."""

    told: Sequence[Told]
    noted: Sequence[Noted]
    events: Sequence[NetworkEvent]


def find_losses(traces: Traces, span: Span, plan: Plan, target: str) -> list[Sign]:
    """The first sign of each node that something is gone.

    Of faults whose target is a link those of its ends about each other; where it names nodes,
    theirs, and those of others about them.
    """
    return _find(traces, span, plan, target, _LOSSES, ("down", "gone"))


def find_returns(traces: Traces, span: Span, plan: Plan, target: str) -> list[Sign]:
    """The same of its coming back."""
    return _find(traces, span, plan, target, _RETURNS, ("up", "new"))


def _find(
    traces: Traces,
    span: Span,
    plan: Plan,
    target: str,
    words: Mapping[Act, Words],
    actions: tuple[str, ...],
) -> list[Sign]:
    signs = [*_from_messages(traces, words), *_from_links(traces.events, plan, actions)]
    signs = [sign for sign in signs if span.holds(sign.time_ns)]
    found: dict[str, Sign] = {}
    for sign in sorted(_concerned(signs, plan, target), key=lambda sign: sign.time_ns):
        found.setdefault(sign.node, sign)
    return list(found.values())


def _concerned(signs: Sequence[Sign], plan: Plan, target: str) -> Sequence[Sign]:
    named = nodes_named(plan, target)
    if any(named == {link.a.node, link.b.node} for link in plan.links.values()):
        return [s for s in signs if s.node in named and s.about in {*named, ""}]
    return [s for s in signs if not named or s.node in named or s.about in named]


def _from_messages(traces: Traces, words: Mapping[Act, Words]) -> Iterator[Sign]:
    for sent in traces.told:
        if tell := words.get(sent.act):
            said, frame = tell(sent.node, sent.peer, sent.reason), (sent.node, sent.frame.number)
            yield Sign(sent.time_ns, sent.node, sent.peer, said, frame=frame)
    for line in traces.noted:
        if tell := words.get(line.act):
            said, place = tell(line.node, line.peer, line.reason), (line.node, line.number)
            yield Sign(line.time_ns, line.node, line.peer, said, log=place)


def _from_links(
    events: Sequence[NetworkEvent], plan: Plan, actions: tuple[str, ...]
) -> Iterator[Sign]:
    ends = far_ends(plan)
    for index, event in enumerate(events):
        if event.kind == "link" and event.action in actions:
            peer = ends.get(Endpoint(event.node, event.subject), "")
            towards = f" to {peer}" if peer else ""
            told = f"{event.node}'s link{towards} ({event.subject}) {_CARRIER[event.action]}"
            yield Sign(event.time_ns, event.node, peer, told, event=index)


def nodes_named(plan: Plan, target: str) -> frozenset[str]:
    """The nodes and switches that a fault's target names, by themselves or as ends of a link.

    None of them: it is something else, like a name or a prefix.
    """
    known = {*plan.nodes, *plan.switches}
    words = set(re.split(r"[^A-Za-z0-9_-]+", target))
    for link in plan.links.values():
        if link.name in words or link.name == target:
            words |= {link.a.node, link.b.node}
    return frozenset(words & known)


def far_ends(plan: Plan) -> dict[Endpoint, str]:
    """Who is at the other end of each link."""
    ends = {link.a: link.b.node for link in plan.links.values()}
    return ends | {link.b: link.a.node for link in plan.links.values()}
