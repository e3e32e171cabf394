"""BGP played out message by message, as daemons do: an update at a time, in any order.

Written from RFC 4271 and the filters of the routers' bird.conf, and not from plan/bgp.py: each
session has a queue, each router what its neighbours last said, and whoever is picked by chance
reads one message. What is left when all queues are empty is what BGP settles on.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from ipaddress import IPv4Address
from random import Random

from orchestrator.plan.model import Plan
from orchestrator.plan.services import BgpSession, RouterSettings

PREFERENCE = {"customer": 300, "peer": 200, "provider": 100}


@dataclass(frozen=True)
class Update:
    """What one router says to another: a path, its local preference inside an AS, and the
    router of that AS where packets leave it."""

    path: tuple[int, ...]
    preference: int
    exit: str


Told = dict[IPv4Address, Update]  # by the address of who told it


def settle(plan: Plan, origin: int, random: Random) -> dict[str, Update]:
    """The update that each router likes best about the prefix of AS ``origin``."""
    network = Network(plan, origin)
    while any(network.queues.values()):
        waiting = [key for key, queue in network.queues.items() if queue]
        network.read(random.choice(waiting))
    return {name: best for name in network.routers if (best := network.best(name))}


class Network:
    """All routers, what they were told, and the messages on their way."""

    def __init__(self, plan: Plan, origin: int) -> None:
        nodes = plan.with_role("router")
        self.routers = {n.name: n.settings for n in nodes if isinstance(n.settings, RouterSettings)}
        self.costs = {name: _costs(plan, self.routers, name) for name in self.routers}
        self.origin = origin
        self.told: dict[str, Told] = {name: {} for name in self.routers}
        # From whom, from which of its addresses, to whom.
        self.queues: dict[tuple[str, IPv4Address, str], deque[Update | None]] = {}
        self.sent: dict[tuple[str, IPv4Address, str], Update | None] = {}
        for name, settings in self.routers.items():
            if settings.asn == origin:
                self.announce(name)

    def best(self, name: str) -> Update | None:
        if self.routers[name].asn == self.origin:
            return Update((), 0, name)
        told = self.told[name]
        return told[max(told, key=lambda address: self.merit(name, address))] if told else None

    def merit(self, name: str, address: IPv4Address) -> tuple[int, ...]:
        """The better the higher, first things first (RFC 4271, section 9.1.2.2)."""
        update, session = self.told[name][address], self.session(name, address)
        inside = session.relation == "internal"
        cost = self.costs[name][update.exit] if inside else 0
        teller = self.routers[session.neighbour_node].router_id
        return (
            update.preference,
            -len(update.path),
            not inside,
            -cost,
            -int(teller),
            -int(address),
        )

    def session(self, name: str, neighbour: IPv4Address) -> BgpSession:
        return next(s for s in self.routers[name].sessions if s.neighbour == neighbour)

    def read(self, key: tuple[str, IPv4Address, str]) -> None:
        """Deliver one message; if that changes the reader's mind, it tells its neighbours."""
        _, address, reader = key
        before, update = self.best(reader), self.queues[key].popleft()
        self.told[reader].pop(address, None)
        if update is not None and self.routers[reader].asn not in update.path:
            self.told[reader][address] = self.accepted(reader, address, update)
        if self.best(reader) != before:
            self.announce(reader)

    def accepted(self, reader: str, address: IPv4Address, update: Update) -> Update:
        relation = self.session(reader, address).relation
        if relation == "internal":
            return update
        return Update(update.path, PREFERENCE[relation], reader)

    def announce(self, name: str) -> None:
        settings, best = self.routers[name], self.best(name)
        for session in settings.sessions:
            key = (name, session.local, session.neighbour_node)
            said = best if best and self.may_tell(name, best, session.relation) else None
            if said and session.relation != "internal":
                said = Update((settings.asn, *said.path), 0, "")
            if said != self.sent.get(key):
                self.sent[key] = said
                self.queues.setdefault(key, deque()).append(said)

    def may_tell(self, name: str, best: Update, relation: str) -> bool:
        own = self.routers[name].asn == self.origin
        if relation == "internal":
            return not own and best.exit == name
        return own or relation == "customer" or best.preference == PREFERENCE["customer"]


def _costs(plan: Plan, routers: dict[str, RouterSettings], start: str) -> dict[str, int]:
    """OSPF costs by relaxing every link until nothing gets cheaper."""
    price = {
        (name, p.interface): p.cost for name, s in routers.items() for p in s.ospf if not p.stub
    }
    steps = [
        (here.node, there.node, price[here.node, here.interface])
        for link in plan.links.values()
        for here, there in ((link.a, link.b), (link.b, link.a))
        if {(here.node, here.interface), (there.node, there.interface)} <= price.keys()
    ]
    costs = {start: 0}
    for _ in routers:
        for here, there, step in steps:
            if here in costs:
                costs[there] = min(costs.get(there, costs[here] + step), costs[here] + step)
    return costs
