"""What routers did about a failure: routes withdrawn and announced, and kernels' FIBs changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from orchestrator.analysis.failover.bird_logs import Noted
from orchestrator.analysis.failover.control import Told
from orchestrator.analysis.failover.findings import ChainLink, Outage, Stage
from orchestrator.analysis.failover.noticing import far_ends
from orchestrator.plan.addresses import Address, Prefix, holds
from orchestrator.plan.model import Endpoint, Plan
from orchestrator.records.study import NetworkEvent, Trial

# So many of the first of a stage are told; in a graph of hundreds of ASes all would hear of it.
MOST = 6


@dataclass(frozen=True)
class Scene:
    """What a chain is told from.

    addresses  what probes asked, and who asked, as the targets see them, with those probes
    nodes      those on the way, there or back, in any phase: what others do has no part in it;
               none: nothing is known of the way
    outages    of each probe by name, and where it asks
    """

    trial: Trial
    plan: Plan
    told: Sequence[Told]
    noted: Sequence[Noted]
    addresses: Mapping[Address, frozenset[str]]
    nodes: frozenset[str]
    outages: Mapping[str, Sequence[Outage]]


@dataclass(frozen=True)
class Busy:
    """While routers got over something: from the first sign of it until the questions to, or
    from, an address were answered again. ``since_ns`` is what times count from."""

    since_ns: int
    start_ns: int
    until_ns: Mapping[Address, int]

    def leads(self, prefix: Prefix, time_ns: int) -> bool:
        """Whether a prefix leads to an address that was cut off at that time."""
        return self.start_ns <= time_ns and any(
            time_ns <= until_ns and holds(prefix, address)
            for address, until_ns in self.until_ns.items()
        )

    def link(
        self,
        stage: Stage,
        time_ns: int,
        node: str,
        told: str,
        frame: tuple[str, int] | None = None,
        event: int | None = None,
    ) -> ChainLink:
        """A link of the chain."""
        return ChainLink(stage, (time_ns - self.since_ns) / 1e6, node, told, frame, event)


def tell_updates(scene: Scene, busy: Busy) -> Iterator[ChainLink]:
    """Of each router on the way, or beside it, the first withdrawal and the first announcement."""
    told = [t for t in scene.told if t.update is not None]
    told = [t for t in told if not scene.nodes or scene.nodes & {t.node, t.peer}]
    yield from _firsts(busy, "withdrawn", told)
    yield from _firsts(busy, "best path", told)


def _firsts(busy: Busy, stage: Stage, told: Iterable[Told]) -> Iterator[ChainLink]:
    found: set[str] = set()
    for message in told:
        words = _words(busy, stage, message)
        if words and message.node not in found and len(found) < MOST:
            found.add(message.node)
            frame = (message.node, message.frame.number)
            yield busy.link(stage, message.time_ns, message.node, words, frame)


def _words(busy: Busy, stage: Stage, message: Told) -> str:
    """What an UPDATE says of a prefix that leads to where questions went; "" if nothing."""
    update = message.update
    if update is None:
        return ""
    prefixes = update.withdrawn if stage == "withdrawn" else update.announced
    prefix = next((prefix for prefix in prefixes if busy.leads(prefix, message.time_ns)), None)
    if prefix is None:
        return ""
    if stage == "withdrawn":
        return f"{message.node} withdraws {prefix} from {message.peer}"
    path = f" by AS {' '.join(map(str, update.as_path))}" if update.as_path else ""
    return f"{message.node} announces {prefix}{path} to {message.peer}"


_Numbered = tuple[int, NetworkEvent]


def tell_forwarding(scene: Scene, busy: Busy) -> Iterator[ChainLink]:
    """The first change of a FIB on the way, and the last."""
    changes = list(_most_specific(scene, list(_changes(scene, busy))))
    ends = far_ends(scene.plan)
    for index, event in changes[:1] + changes[1:][-1:]:
        yield busy.link("fib", event.time_ns, event.node, _tell_route(event, ends), event=index)


def _changes(scene: Scene, busy: Busy) -> Iterator[_Numbered]:
    for index, event in enumerate(scene.trial.events):
        on_way = not scene.nodes or event.node in scene.nodes
        is_route = event.kind == "route" and on_way
        if is_route and busy.leads(ip_network(event.subject), event.time_ns):
            yield index, event


def _most_specific(scene: Scene, changes: Sequence[_Numbered]) -> Iterator[_Numbered]:
    """Those of the longest prefix around one of the addresses."""
    prefixes = {ip_network(event.subject) for _, event in changes}
    longest = {
        max(around, key=lambda prefix: prefix.prefixlen)
        for address in scene.addresses
        if (around := [prefix for prefix in prefixes if holds(prefix, address)])
    }
    return (change for change in changes if ip_network(change[1].subject) in longest)


def _tell_route(event: NetworkEvent, ends: Mapping[Endpoint, str]) -> str:
    whose = f"{event.node}'s kernel"
    if event.action == "del":
        return f"{whose} forgets its route to {event.subject}"
    kind, via = event.detail.get("kind", "unicast"), event.detail.get("via", [])
    if kind != "unicast" or not via:
        return f"{whose} has {event.subject} as {kind} from now on"
    hops = (ends.get(Endpoint(event.node, interface), interface) for _, interface in via)
    return f"{whose} sends {event.subject} to {' and '.join(hops)} from now on"
