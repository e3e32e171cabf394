"""The walk through the name tree: each question of a resolver to name servers (RFC 1034, 5.3.3).

A server that is not in charge refers to those that are, one zone further down, with their
addresses as glue; the one in charge answers.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.analysis.names.lookups import Lookup, Questions
from orchestrator.analysis.names.messages import FIELDS, Message, ResourceRecord
from orchestrator.analysis.names.walk import Question, find_walks
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
from orchestrator.analysis.names.zones import absolute, is_within, look_up
from orchestrator.analysis.step import Detail, Proof, Step
from orchestrator.analysis.story import Story
from orchestrator.analysis.teller import Teller
from orchestrator.plan.services import NameServerSettings, ResolverSettings, Zone

KIND = "dns_query"
_TERMS = ("DNS", "name server", "zone", "referral", "glue", "root server", "TTL")


def _tell(story: Story) -> Iterator[Step]:
    for walk in find_walks(Questions(story)):
        for number, question in enumerate(walk.questions):
            yield _step(question, first=number == 0)


def _step(question: Question, first: bool) -> Step:
    lookup, zone = question.lookup, question.zone
    expected, as_expected = _expect(question, zone)
    drops = question.questions.story.evidence.drops
    return Step(
        kind=KIND,
        title=_title(question),
        told=_told(question),
        nodes=(question.resolver.name, *((question.server.name,) if question.server else ())),
        start_ns=lookup.started_ns,
        end_ns=lookup.ended_ns,
        proofs=tuple(_proofs(question)),
        details=_details(question, zone),
        saved=_saved(question, zone) if first and not drops else "",
        expected=expected,
        as_expected=as_expected,
        terms=(*_TERMS, "truncated") if lookup.truncated else _TERMS,
        milestone=f"{question.resolver.name} asks {question.server_name}: {_called(lookup.name)}?",
    )


def _called(name: str) -> str:
    return "the root" if name == "<Root>" else name


def _title(question: Question) -> str:
    server, name, answer = question.server_name, _called(question.lookup.name), question.answer
    if answer is None:
        return f"{server} does not answer about {name}"
    if question.child:
        return f"{server} refers to the servers of {question.child}"
    if answer.is_truncated:
        return f"{server} has more about {name} than it can send over UDP"
    if answer.rcode == "NXDOMAIN":
        return f"{server} says that {denied_name(question.lookup)} does not exist"
    if answer.rcode != "NOERROR":
        return f"{server} gives no answer about {name}: {answer.rcode}"
    values = [r.value for r in _answers(question.lookup) if r.type in ("A", "AAAA")]
    return f"{server} answers: {name} is at {listed(values)}" if values else f"{server} answers"


def _answers(lookup: Lookup) -> list[ResourceRecord]:
    return [r for e in lookup.answered if e.answer for r in e.answer.of("answer")]


def _told(question: Question) -> str:
    lookup, resolver = question.lookup, question.resolver
    address = lookup.exchanges[0].server
    where = f"{_in_charge(question)}; over IPv{address.version}, at {address}"
    told = [
        f"{resolver.name} asks {question.server_name} ({where}) for the {say_types(lookup)} of "
        f"{_called(lookup.name)}.",
        _minimised(question),
        _result(question),
        _anycast(question),
        say_truncated(lookup),
        say_repeated(lookup),
        say_lost(question.questions, lookup.unanswered),
    ]
    return " ".join(filter(None, told))


def _in_charge(question: Question) -> str:
    address = question.lookup.exchanges[0].server
    settings = question.resolver.settings
    assert isinstance(settings, ResolverSettings)
    for hint in settings.hints:
        if address in hint.addresses:
            return f"the root server {hint.name.rstrip('.')}"
    zone = question.zone
    return f"a server of {zone.name.rstrip('.')}" if zone else "a name server"


def _minimised(question: Question) -> str:
    name, wanted = absolute(question.lookup.name), absolute(question.wanted)
    if name == wanted or not is_within(wanted, name) or name == ".":
        return ""
    return f"It does not say that it looks for {question.wanted}: no need (RFC 9156)."


def _result(question: Question) -> str:
    answer, lookup = question.answer, question.lookup
    if answer is None:
        return ""
    took = f"After {lookup.took_ms:.1f} ms"
    if not question.child:
        sure = ", from the zone itself" if answer.is_authoritative else ""
        chain = f" {listed(_aliases(answer))}." if _aliases(answer) else ""
        return f"{took} comes the answer{sure}: {say_answers(lookup)}.{chain}"
    servers = [r.value for r in answer.of("authority", "NS")]
    glue = [r.value for r in answer.of("additional", "A", "AAAA")]
    with_glue = f", with their addresses as glue ({', '.join(glue)})" if glue else ", without glue"
    return (
        f"{took} comes a referral: ask the servers of {question.child}, {listed(servers)}"
        f"{with_glue}; this may be remembered for {min(ttls(lookup))} s."
    )


def _aliases(answer: Message) -> list[str]:
    return [f"{r.name} is another name of {r.value}" for r in answer.of("answer", "CNAME")]


def _anycast(question: Question) -> str:
    address, plan = question.lookup.exchanges[0].server, question.questions.story.plan
    for service in plan.anycast.values():
        if address in service.addresses and question.server is not None:
            return (
                f"The address is anycast: of {listed(service.instances)} the network chose "
                f"{question.server.name}."
            )
    return ""


def _saved(question: Question, zone: Zone | None) -> str:
    """The servers above, which it did not have to ask."""
    served = (n.settings for n in question.questions.story.plan.nodes.values())
    names = {
        zone.name
        for settings in served
        if isinstance(settings, NameServerSettings)
        for view in settings.views
        for zone in view.zones
    }
    if zone is None:
        return ""
    above = [n for n in names if n != zone.name and is_within(zone.name, n)]
    called = listed(_root_or(name) for name in sorted(above, key=len))
    known = f"it knew the servers of {_root_or(zone.name)} from before"
    return f"questions to the servers of {called}: {known}" if above else ""


def _root_or(zone: str) -> str:
    return "the root" if zone == "." else zone.rstrip(".")


def _expect(question: Question, zone: Zone | None) -> tuple[str, bool | None]:
    """What the server's zone holds, in the view that it shows to this resolver."""
    if zone is None or question.answer is None:
        return "", None
    if question.child:
        named = look_up(zone, question.child, "NS").values
        seen = {r.value for r in question.answer.of("authority", "NS")}
        return f"{question.child} NS {listed(sorted(named))}", named == seen
    texts, agreed = [], []
    for exchange in question.lookup.answered:
        held = look_up(zone, exchange.name, exchange.type)
        answer = exchange.answer
        assert answer is not None
        if answer.is_truncated:
            return "", None
        nothing = "nothing" if held.exists else "no such name"
        texts.append(f"{exchange.type} {held.told}" if held.told else nothing)
        agreed.append(held.agrees(answer))
    return "; ".join(dict.fromkeys(texts)), all(agreed)


def _details(question: Question, zone: Zone | None) -> dict[str, Detail]:
    lookup, answer = question.lookup, question.answer
    details: dict[str, Detail] = {"name": _called(lookup.name), "types": lookup.types}
    details |= way_details(lookup)
    details["server_address"] = str(lookup.exchanges[0].server)
    details["ip_version"] = lookup.exchanges[0].server.version
    if zone is not None:
        details["zone"] = _root_or(zone.name)
    if answer is not None:
        details["answer"] = "referral" if question.child else answer.rcode
        details["authoritative"] = answer.is_authoritative
        details["took_ms"] = lookup.took_ms
    if ttls(lookup):
        details["ttl_s"] = min(ttls(lookup))
    if lookup.exchanges[0].query.client_subnet:
        details["client_subnet"] = lookup.exchanges[0].query.client_subnet
    return details


def _proofs(question: Question) -> Iterator[Proof]:
    """At the resolver, and in between at the server."""
    for exchange in question.lookup.exchanges:
        yield prove_query(exchange.query, f"{question.resolver.name} asks")
        seen = question.questions.received(exchange)
        if seen is not None:
            node, there = seen
            yield prove_query(there.query, f"it reaches {node.name}")
            if there.answer is not None:
                yield prove_answer(there.answer, f"{node.name} answers", telling(there.answer))
        if exchange.answer is not None:
            yield prove_answer(exchange.answer, "the answer comes in", telling(exchange.answer))


TELLER = Teller(KIND, _tell, FIELDS, answered=True, round_trips=round_trips)
