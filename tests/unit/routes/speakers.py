"""BGP played out message by message, as daemons do: an update at a time, in any order.

Written from RFC 4271 (BGP), 4456 (reflection), 7947 (route servers) and 1997 (NO_EXPORT) and the
filters of the routers' bird.conf, and not from plan/: each session has a queue, each speaker
what its neighbours last said, and whoever is picked by chance reads one message. What is left
when all queues are empty is what BGP settles on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from ipaddress import ip_network
from random import Random

from orchestrator.plan.addresses import Address, Prefix
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.routing import (
    BgpSession,
    RouterSettings,
    RouteServerSettings,
    RpkiSettings,
    Speaker,
)

PREFERENCE = {"customer": 300, "peer": 200, "provider": 100, "member": 100}
OWN = "own"


@dataclass(frozen=True)
class Update:
    """The attributes of a route, and ``exit``, the node of the AS that brought it in."""

    path: tuple[int, ...]
    exit: str
    next_hop: Address | None = None
    preference: int = 100
    med: int = 0
    no_export: bool = False
    kind: str = OWN
    originator: int = 0
    clusters: tuple[int, ...] = ()


@dataclass(frozen=True)
class Known:
    """An update as it lies in a table, with the session it came over (None: of one's own)."""

    update: Update
    session: BgpSession | None


Key = tuple[str, Address, Address]  # who speaks, from which address, to which
Bgp = RouterSettings | RouteServerSettings | Speaker


def settle(plan: Plan, prefix: Prefix, random: Random) -> dict[str, Update]:
    """The update that each speaker likes best about a prefix."""
    network = Network(plan, prefix)
    while any(network.queues.values()):
        waiting = [key for key, queue in network.queues.items() if queue]
        network.read(random.choice(waiting))
    found = {name: network.best(name) for name in network.speakers}
    return {name: known.update for name, known in found.items() if known}


class Network:
    """All speakers, what they were told, and the messages on their way."""

    def __init__(self, plan: Plan, prefix: Prefix) -> None:
        self.plan, self.prefix = plan, prefix
        self.speakers = {n.name: s for n in plan.nodes.values() if (s := _bgp(n))}
        self.costs = {name: _costs(plan, name) for name in self.speakers}
        self.origins = {name for name, s in self.speakers.items() if prefix in _said(s)}
        self.sessions = {
            (name, session.local, session.neighbour): session
            for name, speaker in self.speakers.items()
            for session in speaker.sessions
            if session.family == prefix.version
        }
        self.told: dict[str, dict[Address, Known]] = {name: {} for name in self.speakers}
        self.queues: dict[Key, deque[Update | None]] = {}
        self.sent: dict[Key, Update | None] = {}
        for name in self.origins:
            self.announce(name)

    def best(self, name: str, but: BgpSession | None = None) -> Known | None:
        """What a speaker chooses, of all that it was not told over ``but``."""
        if name in self.origins:
            return Known(Update((), name), None)
        known = [k for k in self.told[name].values() if but is None or k.session is not but]
        # RFC 4271, 9.1.2.2: whoever is not among the best by one criterion is out.
        known = _lowest(known, lambda k: -k.update.preference)
        known = _lowest(known, lambda k: len(k.update.path))
        known = [k for k in known if not any(_beats_on_med(o.update, k.update) for o in known)]
        known = _lowest(known, lambda k: _inside(k.session))
        known = _lowest(known, lambda k: self.cost(name, k))
        known = _lowest(known, lambda k: k.update.originator or self.router_id(k.session))
        known = _lowest(known, lambda k: len(k.update.clusters))
        known = _lowest(known, lambda k: int(k.session.neighbour) if k.session else 0)
        return known[0] if known else None

    def router_id(self, session: BgpSession | None) -> int:
        return int(self.speakers[session.neighbour_node].router_id) if session else 0

    def cost(self, name: str, known: Known) -> int:
        if not _inside(known.session) or known.update.next_hop is None:
            return 0
        return self.costs[name].get(known.update.next_hop, 0)

    def read(self, key: Key) -> None:
        """Deliver one message; if that changes the reader's mind, it tells its neighbours."""
        _, local, neighbour = key
        reader = self.sessions[key].neighbour_node
        session = self.sessions[reader, neighbour, local]
        before, update = self.best(reader), self.queues[key].popleft()
        self.told[reader].pop(session.neighbour, None)
        refused = session.relation != "internal" and self.is_refused(reader, update)
        if update is not None and not refused and not self.is_loop(reader, update):
            self.told[reader][session.neighbour] = Known(accepted(reader, session, update), session)
        is_server = isinstance(self.speakers[reader], RouteServerSettings)
        if is_server or self.best(reader) != before:
            self.announce(reader)

    def is_loop(self, reader: str, update: Update) -> bool:
        own_id = int(self.speakers[reader].router_id)
        looped = self.speakers[reader].asn in update.path
        return looped or own_id == update.originator or own_id in update.clusters

    def is_refused(self, reader: str, update: Update | None) -> bool:
        """Own space, bogons, and what no ROA around it allows (RFC 6811)."""
        speaker, prefix = self.speakers[reader], self.prefix
        if isinstance(speaker, Speaker) or update is None:
            return False
        own = speaker.own if isinstance(speaker, RouterSettings) else ()
        if any(_covers(wide, prefix) for wide in (*own, *speaker.bogons)):
            return True
        asked = speaker.rtr if isinstance(speaker, RouterSettings) else ()
        settings = [self.plan.nodes[server.node].settings for server in asked]
        roas = [roa for cache in settings if isinstance(cache, RpkiSettings) for roa in cache.roas]
        around = [roa for roa in roas if _covers(roa.prefix, prefix)]
        allowed = {roa.asn for roa in around if roa.max_length >= prefix.prefixlen}
        return bool(around) and update.path[-1] not in allowed

    def announce(self, name: str) -> None:
        """Say on every session what is new there."""
        speaker = self.speakers[name]
        for key, session in self.sessions.items():
            if key[0] == name:
                serves = isinstance(speaker, RouteServerSettings)
                best = self.best(name, but=session if serves else None)
                said = None
                if best is not None:
                    said = best.update if serves else self.said(name, best, session)
                if said != self.sent.get(key):
                    self.sent[key] = said
                    self.queues.setdefault(key, deque()).append(said)

    def said(self, name: str, best: Known, session: BgpSession) -> Update | None:
        if isinstance(self.speakers[session.neighbour_node], Speaker):
            return None
        if session.relation == "internal":
            return self.said_inside(name, best, session)
        update, policy = best.update, session.policy
        if update.no_export:
            return None
        if session.relation != "customer" and update.kind not in (OWN, "customer"):
            return None
        path = (self.speakers[name].asn,) * (policy.prepend + 1) + update.path
        return Update(path, "", session.local, med=policy.med or 0, no_export=policy.no_export)

    def said_inside(self, name: str, best: Known, session: BgpSession) -> Update | None:
        source, own_id = best.session, int(self.speakers[name].router_id)
        if source is None or source.relation != "internal":
            return replace(best.update, next_hop=session.local)
        if source is session or not (source.client or session.client):
            return None
        originator = best.update.originator or self.router_id(source)
        clusters = (own_id, *best.update.clusters)
        return replace(best.update, originator=originator, clusters=clusters)


def accepted(reader: str, session: BgpSession, update: Update) -> Update:
    """An update as the import filter leaves it."""
    if session.relation == "internal":
        return update
    preference = session.policy.preference
    if preference is None:
        preference = PREFERENCE[session.relation]
    return replace(update, exit=reader, preference=preference, kind=session.relation)


def _bgp(node: Node) -> Bgp | None:
    if isinstance(node.settings, RouterSettings | RouteServerSettings):
        return node.settings
    return node.speaker


def _said(speaker: Bgp) -> tuple[Prefix, ...]:
    if isinstance(speaker, RouterSettings):
        return tuple(origin.prefix for origin in speaker.originated)
    return speaker.announced if isinstance(speaker, Speaker) else ()


def _covers(wide: Prefix, prefix: Prefix) -> bool:
    if wide.version != prefix.version or wide.prefixlen > prefix.prefixlen:
        return False
    return prefix.supernet(new_prefix=wide.prefixlen) == wide


def _inside(session: BgpSession | None) -> bool:
    return session is not None and session.relation == "internal"


def _lowest(known: list[Known], criterion: Callable[[Known], int]) -> list[Known]:
    low = min(map(criterion, known), default=0)
    return [k for k in known if criterion(k) == low]


def _beats_on_med(one: Update, other: Update) -> bool:
    """Of routes from the same neighbouring AS the lower goes first."""
    return one.path[:1] == other.path[:1] and one.med < other.med


def _costs(plan: Plan, start: str) -> dict[Address, int]:
    """OSPF costs to addresses, by relaxing every link until nothing gets cheaper."""
    settings = {n.name: n.settings for n in plan.nodes.values()}
    ports = [(n, p) for n, s in settings.items() if isinstance(s, RouterSettings) for p in s.ospf]
    price = {(name, port.interface): port.cost for name, port in ports if not port.stub}
    steps = [
        (here.node, there.node, price[here.node, here.interface])
        for link in plan.links.values()
        for here, there in ((link.a, link.b), (link.b, link.a))
        if {(here.node, here.interface), (there.node, there.interface)} <= price.keys()
    ]
    costs = {start: 0}
    for _ in settings:
        for here, there, step in steps:
            if here in costs:
                costs[there] = min(costs.get(there, costs[here] + step), costs[here] + step)
    found: dict[Address, int] = {}
    for name, port in ports:
        for prefix in _prefixes(plan.nodes[name], port.interface) if name in costs else ():
            for address in prefix if prefix.num_addresses <= 2 else ():
                cost = costs[name] + port.cost
                found[address] = min(found.get(address, cost), cost)
    return found


def _prefixes(node: Node, interface: str) -> Iterable[Prefix]:
    if interface == "lo":
        return map(ip_network, node.loopbacks)
    return (entry.network for entry in node.interface(interface).addresses)
