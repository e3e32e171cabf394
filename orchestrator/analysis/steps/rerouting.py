"""Routing moves while the page loads: sessions end or come up, links within an AS do, and routes to
the addresses of the visit are withdrawn or announced. Without it a lost packet is just lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from orchestrator.analysis.failover.control import Act, Told, read_control
from orchestrator.analysis.packets.frames import Frame
from orchestrator.analysis.step import Proof, Step
from orchestrator.analysis.story import Story, proof
from orchestrator.analysis.teller import Teller
from orchestrator.plan.addresses import Address, Prefix
from orchestrator.plan.routing import RouterSettings, RouteServerSettings

KIND = "rerouting"
# What ends a session, the first cause of an end first, and what begins one.
_ENDS: Mapping[Act, str] = {
    "silent": "hears {peer} no more (BFD)",
    "notified": "ends its BGP session with {peer}",
    "told": "is told by {peer} that their BGP session ends",
    "closed": "closes its TCP connection with {peer}, and the BGP session with it",
}
_BEGINS: Mapping[Act, str] = {"opened": "opens a BGP session with {peer}"}
_SHOWS: Mapping[Act, str] = {
    "silent": "bfd",
    "notified": "bgp.type == 3",
    "closed": "tcp.flags.fin == 1 || tcp.flags.reset == 1",
    "opened": "bgp.type == 1",
    "update": "bgp.type == 2",
    "links": "ospf.msg == 4",
}


def _tell(story: Story) -> Iterator[Step]:
    """Each session that changed, each router whose links did, and each prefix of the visit's."""
    told = [
        message
        for message in read_control(_of_speakers(story), story.plan, whole=True)
        if story.started_ns <= message.time_ns <= story.ended_ns
    ]
    yield from _sessions(story, told)
    yield from _links(told)
    yield from _routes(story, told)


def _of_speakers(story: Story) -> dict[str, tuple[Frame, ...]]:
    """The frames of those that speak BGP."""
    return {
        name: story.frames_of(name)
        for name, node in story.plan.nodes.items()
        if isinstance(node.settings, (RouterSettings, RouteServerSettings)) or node.speaker
    }


def _sessions(story: Story, told: Iterable[Told]) -> Iterator[Step]:
    """One step for each pair and direction of change: the first message that says so."""
    first: dict[tuple[frozenset[str], bool], Told] = {}
    for message in told:
        if message.peer and message.act in (*_ENDS, *_BEGINS):
            pair = frozenset((message.node, message.peer)), message.act in _BEGINS
            first.setdefault(pair, message)
    for message in first.values():
        said = {**_ENDS, **_BEGINS}[message.act].format(peer=message.peer)
        reason = f" ({message.reason})" if message.reason else ""
        yield Step(
            kind=KIND,
            title=f"{message.node} {said}",
            told=(
                f"While the page loads, {message.node} {said}{reason}. What one of them learnt "
                "from the other about the way to somebody "
                + ("is exchanged anew." if message.act in _BEGINS else "no longer counts.")
            ),
            nodes=(message.node, message.peer),
            start_ns=message.time_ns,
            end_ns=message.time_ns,
            proofs=(_prove(message, said),),
            terms=("BGP", "BFD"),
            milestone=f"{message.node} {said}",
        )


def _links(told: Iterable[Told]) -> Iterator[Step]:
    """One step for each router that says anew what its links are (RFC 2328, 12.4)."""
    first: dict[str, Told] = {}
    for message in told:
        if message.act == "links":
            first.setdefault(message.node, message)
    for node, message in first.items():
        says = "tells its OSPF neighbours anew what its links are"
        yield Step(
            kind=KIND,
            title=f"{node} {says}",
            told=(
                f"While the page loads, {node} {says}. It does so when one of them comes, goes or "
                "costs something else, and otherwise every half hour; all routers of its AS hear "
                "of it, and choose their ways within the AS anew."
            ),
            nodes=(node,),
            start_ns=message.time_ns,
            end_ns=message.time_ns,
            proofs=(_prove(message, says),),
            terms=("OSPF",),
            milestone=f"{node} {says}",
        )


def _routes(story: Story, told: Iterable[Told]) -> Iterator[Step]:
    """One step for each prefix that holds an address of the visit, and each way that it went."""
    changes: dict[tuple[Prefix, bool], list[Told]] = defaultdict(list)
    addresses = set(_addresses(story))
    for message in told:
        if message.update is not None:
            for prefixes, is_gone in (
                (message.update.withdrawn, True),
                (message.update.announced, False),
            ):
                for prefix in prefixes:
                    if prefix.prefixlen and any(address in prefix for address in addresses):
                        changes[prefix, is_gone].append(message)
    for (prefix, is_gone), messages in changes.items():
        yield _route(prefix, is_gone, messages)


def _route(prefix: Prefix, is_gone: bool, messages: Sequence[Told]) -> Step:
    first, says = messages[0], "withdraws" if is_gone else "announces"
    speakers = list(dict.fromkeys(message.node for message in messages))
    more = f", then {len(speakers) - 1} more do" if len(speakers) > 1 else ""
    return Step(
        kind=KIND,
        title=f"{first.node} {says} {prefix}",
        told=(
            f"While the page loads, {first.node} {says} the route to {prefix}, which holds an "
            f"address of this visit, to {first.peer}{more}. Packets may take another way from "
            "here on, or find none until routing has settled."
        ),
        nodes=(first.node, first.peer),
        start_ns=first.time_ns,
        end_ns=messages[-1].time_ns,
        proofs=tuple(_prove(message, says) for message in messages[:3]),
        details={"updates": len(messages), "speakers": len(speakers)},
        terms=("BGP",),
        milestone=f"{first.node} {says} {prefix}",
    )


def _addresses(story: Story) -> Iterator[Address]:
    """Whom the client talked to beyond its LAN, and itself."""
    for connection in story.connections:
        yield connection.frames[0].source_address
        yield connection.frames[0].target_address


def _prove(message: Told, says: str) -> Proof:
    return proof(message.frame, _SHOWS.get(message.act, "tcp"), says.format(peer=message.peer))


TELLER = Teller(KIND, _tell, beside=True)
