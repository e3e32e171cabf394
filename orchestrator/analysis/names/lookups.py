"""DNS as it was spoken: queries with their answers, and lookups made of those."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass

from orchestrator.analysis.names.messages import Message, read_message
from orchestrator.analysis.packets.frames import TCP, UDP
from orchestrator.analysis.story import Story
from orchestrator.plan.addresses import Address
from orchestrator.plan.hops import is_held
from orchestrator.plan.model import Node

# Who wants A and AAAA asks for the second within this of the answer to the first.
_TOGETHER_NS = 100 * 10**6


@dataclass(frozen=True)
class DnsExchange:
    """A query and what came back, as one of the two ends saw them; None: nothing came."""

    query: Message
    answer: Message | None

    @property
    def name(self) -> str:
        """The name in the question."""
        return self.query.name

    @property
    def type(self) -> str:
        """The type of records that was asked for: A, AAAA, …."""
        return self.query.type

    @property
    def server(self) -> Address:
        """The address that the question went to."""
        return self.query.frame.target_address

    @property
    def asked_ns(self) -> int:
        """When the question was sent, in ns since 1970 UTC."""
        return self.query.frame.time_ns

    @property
    def over_tcp(self) -> bool:
        """Whether it was asked over TCP (RFC 7766)."""
        return self.query.frame.protocol == TCP

    @property
    def is_truncated(self) -> bool:
        """Whether what came back was cut short (TC=1): it is to be asked again over TCP."""
        return self.answer is not None and self.answer.is_truncated

    @property
    def took_ms(self) -> float | None:
        """From the query to the answer; None without one."""
        return (self.answer.frame.time_ns - self.asked_ns) / 1e6 if self.answer else None


@dataclass(frozen=True)
class Lookup:
    """Exchanges about one name that belong together: A and AAAA, servers tried, repetitions."""

    exchanges: tuple[DnsExchange, ...]

    @property
    def name(self) -> str:
        """The name whose records were looked up."""
        return self.exchanges[0].name

    @property
    def types(self) -> tuple[str, ...]:
        """Which records, in the order of asking."""
        return tuple(dict.fromkeys(exchange.type for exchange in self.exchanges))

    @property
    def answered(self) -> tuple[DnsExchange, ...]:
        """For each type the exchange whose answer came first; one that was cut short only where
        no whole one came."""
        first: dict[str, DnsExchange] = {}
        done = [(e.is_truncated, e.answer.frame.time_ns, e) for e in self.exchanges if e.answer]
        for _, _, exchange in sorted(done, key=lambda entry: entry[:2]):
            first.setdefault(exchange.type, exchange)
        return tuple(first[kind] for kind in self.types if kind in first)

    @property
    def unanswered(self) -> tuple[DnsExchange, ...]:
        """Those of which nothing came back."""
        return tuple(e for e in self.exchanges if e.answer is None)

    @property
    def repeated(self) -> int:
        """How often a question was put to the same address again in the same way."""
        asked = {(e.type, e.server, e.over_tcp) for e in self.exchanges}
        return len(self.exchanges) - len(asked)

    @property
    def truncated(self) -> tuple[DnsExchange, ...]:
        """Those whose answer was cut short."""
        return tuple(e for e in self.exchanges if e.is_truncated)

    @property
    def over_tcp(self) -> bool:
        """Whether any of it was asked over TCP."""
        return any(exchange.over_tcp for exchange in self.exchanges)

    @property
    def took_ms(self) -> float:
        """From the first query to the answer that completed it."""
        return (self.ended_ns - self.started_ns) / 1e6

    @property
    def started_ns(self) -> int:
        """When its first query was sent, in ns since 1970 UTC."""
        return self.exchanges[0].asked_ns

    @property
    def ended_ns(self) -> int:
        """The answer that completed it; without any the last query."""
        ends = [e.answer.frame.time_ns for e in self.answered if e.answer]
        return max(ends or [self.exchanges[-1].asked_ns])

    def answer_to(self, kind: str) -> Message | None:
        """What was answered about a type."""
        return next((e.answer for e in self.answered if e.type == kind), None)


class Questions:
    """What nodes asked each other, looked up; what each saw is read once."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self._at: dict[str, tuple[DnsExchange, ...]] = {}

    def at(self, node: str) -> tuple[DnsExchange, ...]:
        """All exchanges that a node saw, as asker or as server, in the order of the queries."""
        if node not in self._at:
            self._at[node] = tuple(_pair(_messages(self.story, node)))
        return self._at[node]

    def by(self, node: str) -> tuple[DnsExchange, ...]:
        """The queries that ``node`` sent, in the order of time."""
        return tuple(e for e in self.at(node) if e.query.frame.outbound)

    def received(self, exchange: DnsExchange) -> tuple[Node, DnsExchange] | None:
        """The node that an exchange reached, and how that node saw it.

        Of nodes that share the address it is the one whose capture has the query; None where
        none has.
        """
        sent = _packet(exchange)
        again = [e.asked_ns for e in self.by(exchange.query.frame.node) if _packet(e) == sent]
        until = min((t for t in again if t > exchange.asked_ns), default=None)
        for node in self.holders(exchange.server):
            for seen in self.at(node.name):
                in_time = exchange.asked_ns <= seen.asked_ns and (
                    until is None or seen.asked_ns < until
                )
                if not seen.query.frame.outbound and _packet(seen) == sent and in_time:
                    return node, seen
        return None

    def holders(self, address: Address) -> tuple[Node, ...]:
        """The nodes that answer at an address; several where it is anycast."""
        return tuple(n for n in self.story.plan.nodes.values() if is_held(n, address))


def group(
    exchanges: Iterable[DnsExchange],
    key: Callable[[DnsExchange], Hashable] = lambda e: e.name.lower(),
) -> list[Lookup]:
    """Exchanges as lookups, by ``key``.

    Once all of one were answered, a question asked again is a new lookup, and so is any later one.
    """
    found: list[list[DnsExchange]] = []
    open_now: dict[Hashable, list[DnsExchange]] = {}
    for exchange in exchanges:
        known = open_now.get(key(exchange))
        if known is None or _is_over(known, exchange):
            known = open_now[key(exchange)] = []
            found.append(known)
        known.append(exchange)
    return [Lookup(tuple(entries)) for entries in found]


def _is_over(known: list[DnsExchange], then: DnsExchange) -> bool:
    lookup = Lookup(tuple(known))
    done = {
        e.type
        for e in lookup.answered
        if e.answer and e.answer.frame.time_ns <= then.asked_ns and not e.is_truncated
    }
    late = then.asked_ns > lookup.ended_ns + _TOGETHER_NS
    return done == set(lookup.types) and (then.type in done or late)


def _packet(exchange: DnsExchange) -> tuple[int, bytes]:
    """What is the same of a query at both its ends."""
    return exchange.query.frame.identity, exchange.query.frame.target


def _messages(story: Story, node: str) -> Iterator[Message]:
    for dissection in story.dissected(node, "dns.id"):
        # An ICMP error quotes the message that it is about.
        if dissection.frame.protocol in (UDP, TCP):
            yield read_message(dissection)


def _pair(messages: Iterable[Message]) -> list[DnsExchange]:
    """Each response goes to a query that waits for it: of the same one sent again, to the last,
    for who repeats has most often lost what was before."""
    found: list[DnsExchange] = []
    waiting: dict[Hashable, list[int]] = {}
    for message in messages:
        frame = message.frame
        asker, server = (frame.source, frame.source_port), (frame.target, frame.target_port)
        ends = (server, asker) if message.is_response else (asker, server)
        key = (*ends, message.identifier, message.name.lower(), message.type)
        if not message.is_response:
            waiting.setdefault(key, []).append(len(found))
            found.append(DnsExchange(message, None))
        elif waiting.get(key):
            place = waiting[key].pop()
            found[place] = DnsExchange(found[place].query, message)
    return found
