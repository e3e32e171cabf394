"""Each DNS cache that is asked over the network, in order: the gateway's, the resolver's.

A cache that knows answers at once; one that does not asks further. What it did is read from its
own frames: a question of its own between the query and the answer is a miss.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from orchestrator.analysis.names.lookups import DnsExchange, Lookup, Questions, group
from orchestrator.analysis.names.messages import FIELDS
from orchestrator.analysis.names.words import (
    denied_name,
    listed,
    prove_answer,
    prove_query,
    round_trips,
    say_answers,
    say_lost,
    say_repeated,
    say_truncated,
    say_types,
    telling,
    ttls,
    way_details,
)
from orchestrator.analysis.names.zones import planned
from orchestrator.analysis.step import Detail, Proof, Step
from orchestrator.analysis.story import Story
from orchestrator.analysis.teller import Teller
from orchestrator.plan.model import Node
from orchestrator.plan.services import GatewaySettings, NameServerSettings

KIND = "dns_cache"


_State = Literal["hit", "miss", ""]  # "": what was captured does not tell
_TERMS = ("DNS", "cache", "TTL", "resolver")


@dataclass(frozen=True)
class _Asked:
    """A lookup as ``asker`` made it, at ``server`` (None: nobody of the lab)."""

    asker: Node
    server: Node | None
    lookup: Lookup
    at_server: tuple[DnsExchange, ...]
    asked_on: tuple[DnsExchange, ...]

    @property
    def server_name(self) -> str:
        return self.server.name if self.server else str(self.lookup.exchanges[0].server)

    @property
    def missed(self) -> tuple[str, ...]:
        """The types for which the server asked somebody in turn."""
        return tuple(kind for kind in self.lookup.types if self._asked_for(kind))

    @property
    def is_own(self) -> bool:
        """Whether the server answers for zones of its own, and not from a cache."""
        return any(e.answer.is_authoritative for e in self.lookup.answered if e.answer)

    def _asked_for(self, kind: str) -> bool:
        spans = [
            (e.asked_ns, e.answer.frame.time_ns if e.answer else None)
            for e in self.at_server
            if e.type == kind
        ]
        return any(
            start <= e.asked_ns and (end is None or e.asked_ns <= end)
            for e in self.asked_on
            for start, end in spans
            if e.type == kind or e.type not in ("A", "AAAA")
        )


def _tell(story: Story) -> Iterator[Step]:
    questions = Questions(story)
    names = {exchange.name.lower() for exchange in questions.by(story.client.name)}
    askers, done = [story.client], {story.client.name}
    while askers:
        for asked in _lookups(questions, askers.pop(0), names):
            if not isinstance(asked.server and asked.server.settings, NameServerSettings):
                yield _step(questions, asked)
            server = asked.server
            if server is not None and server.name not in done and _forwards(server):
                askers.append(server)
                done.add(server.name)


def _forwards(node: Node) -> bool:
    return isinstance(node.settings, GatewaySettings)


def _lookups(questions: Questions, asker: Node, names: set[str]) -> Iterator[_Asked]:
    asked = [e for e in questions.by(asker.name) if e.name.lower() in names]

    def by_name_and_server(exchange: DnsExchange) -> tuple[str, str]:
        holders = questions.holders(exchange.server)
        return exchange.name.lower(), ",".join(node.name for node in holders)

    for lookup in group(asked, by_name_and_server):
        seen = [found for e in lookup.exchanges if (found := questions.received(e))]
        holders = questions.holders(lookup.exchanges[0].server)
        server = seen[0][0] if seen else next(iter(holders), None)
        yield _Asked(
            asker,
            server,
            lookup,
            tuple(exchange for _, exchange in seen),
            questions.by(server.name) if server else (),
        )


def _step(questions: Questions, asked: _Asked) -> Step:
    lookup = asked.lookup
    expected, as_expected = _expect(questions.story, lookup)
    state = _cache_state(questions.story, asked)
    hit = state == "hit"
    return Step(
        kind=KIND,
        title=_title(asked, state),
        told=_told(questions, asked, state),
        nodes=(asked.asker.name, asked.server_name) if asked.server else (asked.asker.name,),
        start_ns=lookup.started_ns,
        end_ns=lookup.ended_ns,
        proofs=tuple(_proofs(questions.story, asked, hit)),
        details=_details(asked, state),
        saved=_saved(asked) if hit and not asked.is_own else "",
        expected=expected,
        as_expected=as_expected,
        terms=(*_TERMS, "truncated") if lookup.truncated else _TERMS,
        milestone=f"{asked.asker.name} asks {asked.server_name}: {lookup.name}?",
    )


def _cache_state(story: Story, asked: _Asked) -> _State:
    """A question of its own is a miss. That there was none shows only in a whole capture, or by
    what dnsmasq wrote."""
    if asked.missed:
        return "miss"
    whole = bool(asked.at_server) and all(exchange.answer for exchange in asked.at_server)
    logged = asked.server is not None and any(_logged(story, asked, "cached"))
    return "hit" if whole and (logged or not story.evidence.drops) else ""


def _title(asked: _Asked, state: _State) -> str:
    server, name = asked.server_name, asked.lookup.name
    codes = {e.answer.rcode for e in asked.lookup.answered if e.answer}
    if not codes:
        return f"{server} does not answer: {name} stays unknown"
    if codes == {"NXDOMAIN"}:
        memory = " from its cache" if state == "hit" and not asked.is_own else ""
        return f"{denied_name(asked.lookup)} does not exist, says {server}{memory}"
    if "NOERROR" not in codes:
        return f"{server} cannot find out about {name}: {listed(sorted(codes))}"
    does = {"hit": f"has {name} in its cache", "miss": f"must ask for {name}"}
    return f"{server} {does.get(state, f'answers about {name}')}"


def _saved(asked: _Asked) -> str:
    if asked.server is not None and _forwards(asked.server):
        return "a question to its resolver, and what that would have had to ask"
    return "questions to name servers, from the root or a zone below it on"


def _told(questions: Questions, asked: _Asked, state: _State) -> str:
    lookup, server = asked.lookup, asked.server_name
    addresses = listed(dict.fromkeys(str(e.server) for e in lookup.exchanges))
    at_once = " at once" if " and " in addresses else ""
    told = [
        f"{asked.asker.name} asks {server} ({addresses}{at_once}) for the "
        f"{say_types(lookup)} of {lookup.name}."
    ]
    told += [_search_domain(questions, asked), say_truncated(lookup), say_repeated(lookup)]
    told += [_what_it_had(asked)] if state else []
    if lookup.answered:
        told.append(f"The answer, after {lookup.took_ms:.1f} ms: {say_answers(lookup)}.")
    told.append(say_lost(questions, lookup.unanswered))
    return " ".join(filter(None, told))


def _search_domain(questions: Questions, asked: _Asked) -> str:
    """A name that was not found is tried again below the network's own domain (resolv.conf)."""
    name = asked.lookup.name
    for exchange in questions.by(questions.story.client.name):
        if name.startswith(f"{exchange.name}."):
            domain = name.removeprefix(f"{exchange.name}.")
            return f"It is {exchange.name} within the search domain that DHCP gave, {domain}."
    return ""


def _what_it_had(asked: _Asked) -> str:
    server, missed = asked.server_name, asked.missed
    if asked.is_own and not missed:
        return f"{server} asks nobody: it serves that part of the names itself."
    if not missed:
        return f"{server} asks nobody: its cache still holds the answer."
    if len(missed) < len(asked.lookup.types):
        had = listed(kind for kind in asked.lookup.types if kind not in missed)
        return f"Its cache holds {had}; for {listed(missed)} it has to ask further."
    return f"{server} has nothing of it in its cache and has to ask further."


def _details(asked: _Asked, state: _State) -> dict[str, Detail]:
    lookup = asked.lookup
    details: dict[str, Detail] = {"name": lookup.name, "types": lookup.types}
    details |= way_details(lookup)
    if state:
        details["cache"] = state
    if lookup.answered:
        details["answers"] = tuple(
            f"{r.type} {r.value}"
            for e in lookup.answered
            if e.answer
            for r in e.answer.of("answer")
        )
        details["took_ms"] = lookup.took_ms
    if ttls(lookup):
        details["ttl_s"] = min(ttls(lookup))
    return details


def _proofs(story: Story, asked: _Asked, hit: bool) -> Iterator[Proof]:
    for exchange in asked.lookup.exchanges:
        yield prove_query(exchange.query, f"{asked.asker.name} asks for {exchange.type}")
        if exchange.answer is not None:
            records = telling(exchange.answer)
            yield prove_answer(exchange.answer, f"{exchange.type} is answered", records)
    if asked.server is not None and _forwards(asked.server):
        yield from _logged(story, asked, "cached" if hit else "forwarded")


def _logged(story: Story, asked: _Asked, word: str) -> Iterator[Proof]:
    """What dnsmasq says of it, in the lines it wrote from the query on."""
    assert asked.server is not None
    said = f"{word} {asked.lookup.name} "
    for line in story.evidence.logs.get(asked.server.name, ()):
        if line.time_ns >= asked.lookup.started_ns and said in line.text:
            shows = line.text[line.text.index(said) :]
            yield Proof(f"logs/{asked.server.name}.log", line.number, shows, "dnsmasq says so")
            return


def _expect(story: Story, lookup: Lookup) -> tuple[str, bool | None]:
    """What the plan's zones have; None where it depends on who asks, or no zone is the plan's."""
    texts, agreed = [], []
    for exchange in lookup.answered:
        assert exchange.answer is not None
        askers = [address for n in story.plan.with_role("resolver") for address in n.addresses]
        seen = [planned(story.plan, lookup.name, exchange.type, asker) for asker in askers]
        if not seen or any(p != seen[0] for p in seen) or seen[0] is None:
            return "", None
        answer, known = exchange.answer, seen[0]
        if answer.is_truncated:
            return "", None
        texts.append(f"{exchange.type} {known.told}" if known.told else _nothing(known.exists))
        agreed.append(known.agrees(answer))
    return "; ".join(dict.fromkeys(texts)), all(agreed) if agreed else None


def _nothing(exists: bool) -> str:
    return "an empty answer" if exists else "no such name"


TELLER = Teller(KIND, _tell, FIELDS, answered=True, round_trips=round_trips)
