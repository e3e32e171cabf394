"""How resolvers walked the tree of names: each question to a name server, and what it was for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.analysis.names.lookups import DnsExchange, Lookup, Questions, group
from orchestrator.analysis.names.messages import Message
from orchestrator.analysis.names.zones import zone_served
from orchestrator.plan.model import Node
from orchestrator.plan.services import GatewaySettings, ResolverSettings, Zone


@dataclass(frozen=True)
class Question:
    """What a resolver asked one server, for the sake of the name that it looks for."""

    questions: Questions
    resolver: Node
    wanted: str
    lookup: Lookup

    @property
    def server(self) -> Node | None:
        """The node that got it; without a capture of it whoever holds the address alone."""
        for exchange in self.lookup.exchanges:
            seen = self.questions.received(exchange)
            if seen is not None:
                return seen[0]
        holders = self.questions.holders(self.lookup.exchanges[0].server)
        return holders[0] if len(holders) == 1 else None

    @property
    def server_name(self) -> str:
        """Its name, else its address."""
        return self.server.name if self.server else str(self.lookup.exchanges[0].server)

    @property
    def answer(self) -> Message | None:
        """The answer that arrived first."""
        return next((e.answer for e in self.lookup.answered), None)

    @property
    def zone(self) -> Zone | None:
        """The closest zone around the question that the plan has at this server."""
        asker = self.lookup.exchanges[0].query.frame.source_address
        return zone_served(self.server, self.lookup.name, asker) if self.server else None

    @property
    def child(self) -> str:
        """The zone that a referral leads to, "" if it is none."""
        if self.answer is None or not self.answer.is_referral:
            return ""
        return self.answer.of("authority", "NS")[0].name


@dataclass(frozen=True)
class Walk:
    """What a resolver asked, in order, while somebody waited for its answer about a name."""

    questions: tuple[Question, ...]


def find_walks(questions: Questions) -> Iterator[Walk]:
    """The walks for the client, at each resolver that it or its gateway asked."""
    reached = _reached(questions)
    for resolver in {node.name: node for node, _ in reached}.values():
        if not isinstance(resolver.settings, ResolverSettings):
            continue
        served = [seen for node, seen in reached if node.name == resolver.name]
        for lookup in group(sorted(served, key=lambda e: e.asked_ns)):
            asked = [e for e in questions.by(resolver.name) if _waited_for(questions, e, lookup)]
            by_server = group(asked, lambda e: (e.name.lower(), e.server))
            yield Walk(tuple(Question(questions, resolver, lookup.name, q) for q in by_server))


def _reached(questions: Questions) -> list[tuple[Node, DnsExchange]]:
    """What was asked for the client, where it came in: by itself, and by its gateway for it."""
    own = questions.by(questions.story.client.name)
    names = {e.name.lower() for e in own}
    reached = [found for e in own if (found := questions.received(e))]
    for gateway in {n.name: n for n, _ in reached}.values():
        if isinstance(gateway.settings, GatewaySettings):
            asked = [e for e in questions.by(gateway.name) if e.name.lower() in names]
            reached += [found for e in asked if (found := questions.received(e))]
    return reached


def _waited_for(questions: Questions, exchange: DnsExchange, lookup: Lookup) -> bool:
    """Whether somebody waited for the resolver's answer when it asked."""
    end = questions.story.frames_of(exchange.query.frame.node)[-1].time_ns
    return any(
        e.asked_ns <= exchange.asked_ns <= (e.answer.frame.time_ns if e.answer else end)
        for e in lookup.exchanges
    )
