"""How DNS messages are told and proved."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.analysis.names.lookups import DnsExchange, Lookup, Questions
from orchestrator.analysis.names.messages import NUMBERS, VALUE_FIELDS, Message, ResourceRecord
from orchestrator.analysis.step import Detail, Proof, Step
from orchestrator.analysis.story import proof
from orchestrator.plan.model import Node


def quoted(message: Message) -> str:
    """The display filter of what a message asks."""
    response = "1" if message.is_response else "0"
    number = NUMBERS.get(message.type, message.type.removeprefix("TYPE"))
    return (
        f'dns.flags.response == {response} && dns.qry.name == "{message.name}" '
        f"&& dns.qry.type == {number}"
    )


def prove_query(message: Message, says: str) -> Proof:
    """A query, by its name and type."""
    return proof(message.frame, quoted(message), says)


def prove_answer(message: Message, says: str, records: Iterable[ResourceRecord]) -> Proof:
    """A response, by its question, its code, and the records that matter."""
    terms = [quoted(message), f"dns.flags.rcode == {message.flags & 0x0F}"]
    terms += ["dns.flags.truncated == 1"] if message.is_truncated else []
    for record in records:
        value = record.value if record.type in ("A", "AAAA") else f'"{record.value}"'
        if record.value:
            terms.append(f"{VALUE_FIELDS[record.type]} == {value}")
        terms.append(f"dns.resp.ttl == {record.ttl}")
    return proof(message.frame, " && ".join(dict.fromkeys(terms)), says)


def telling(message: Message) -> tuple[ResourceRecord, ...]:
    """The records of a response that carry its meaning: answers, the SOA, or the referral."""
    if message.of("answer"):
        return message.of("answer")
    return message.of("authority", "SOA") or message.of("authority", "NS")


def say_answer(message: Message) -> str:
    """What a response says: "A 192.0.2.1 (TTL 60 s)", or that there is nothing."""
    if message.is_truncated:
        return f"too much about {message.type} for a datagram, cut short (TC=1)"
    records = message.of("answer")
    if records:
        said = ", ".join(f"{r.type} {r.value}".strip() for r in records)
        denied = f"; there is no {message.last_name}" if message.rcode == "NXDOMAIN" else ""
        return f"{said} (TTL {min(r.ttl for r in records)} s){denied}"
    soa = message.of("authority", "SOA")
    kept = f", to be remembered for {soa[0].ttl} s" if soa else ""
    if message.rcode == "NXDOMAIN":
        return f"no such name (NXDOMAIN{kept})"
    if message.rcode == "NOERROR":
        return f"no {message.type} record (an empty answer{kept})"
    return f"an error, {message.rcode}"


def say_answers(lookup: Lookup) -> str:
    """All that was answered, types that say the same once."""
    return "; ".join(dict.fromkeys(say_answer(e.answer) for e in lookup.answered if e.answer))


def listed(words: Iterable[str]) -> str:
    """Words as a list in a sentence: "a, b and c"."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def say_types(lookup: Lookup) -> str:
    """Types as in a sentence: "A and AAAA records"."""
    return f"{listed(lookup.types)} record{'s' if len(lookup.types) > 1 else ''}"


def say_repeated(lookup: Lookup) -> str:
    """That it was asked again; "" if not."""
    if not lookup.repeated:
        return ""
    times = "once" if lookup.repeated == 1 else f"{lookup.repeated} times"
    return f"Until it has all answers it asks again, {times}."


def say_truncated(lookup: Lookup) -> str:
    """That answers were cut short, and what was done then; "" if none was."""
    cut = lookup.truncated
    if not cut:
        return ""
    listed_types = listed(dict.fromkeys(e.type for e in cut))
    told = f"What came over UDP about {listed_types} is cut short (TC=1): too long for a datagram."
    if not lookup.over_tcp:
        return told
    return f"{told} So it is asked again over TCP (RFC 7766), a handshake first."


def round_trips(step: Step) -> int:
    """A question and its answer; over TCP as well as over UDP, the handshake between the two."""
    return 3 if step.details.get("truncated") and step.details.get("over_tcp") else 1


def way_details(lookup: Lookup) -> dict[str, Detail]:
    """How it was asked, where that is worth a word."""
    found: dict[str, Detail] = {"truncated": True} if lookup.truncated else {}
    return found | ({"over_tcp": True} if lookup.over_tcp else {})


def denied_name(lookup: Lookup) -> str:
    """The name that does not exist, by the answers: the one that was asked for, or the last that
    its CNAMEs lead to."""
    denied = (e.answer.last_name for e in lookup.answered if e.answer)
    return next(denied, lookup.name)


def say_lost(questions: Questions, exchanges: Iterable[DnsExchange]) -> str:
    """What became of queries without an answer, from what the asked node saw; "" if all came."""
    told = []
    for exchange in exchanges:
        seen = questions.received(exchange)
        what = f"The {exchange.type} query to {exchange.server}"
        cut = _cut_before(questions, exchange, seen)
        if cut:
            told.append(f"{what} has no answer before {cut}.pcapng ends: more was not captured.")
        elif seen is not None and seen[1].answer is None:
            told.append(f"{what} reached {seen[0].name}, which sent no answer.")
        elif seen is not None:
            told.append(f"{what} reached {seen[0].name}, but its answer got lost on the way.")
        elif any(questions.at(node.name) for node in questions.holders(exchange.server)):
            told.append(f"{what} got lost on the way.")
        else:
            told.append(f"{what} was not answered.")
    return " ".join(dict.fromkeys(told))


def _cut_before(
    questions: Questions, exchange: DnsExchange, seen: tuple[Node, DnsExchange] | None
) -> str:
    """The node whose file was cut off before it could show what became of a query; "" if none."""
    story, asker = questions.story, exchange.query.frame.node
    answer = seen[1].answer if seen else None
    if story.is_cut_before(asker, answer.frame.time_ns if answer else exchange.asked_ns):
        return asker
    asked = [seen[0]] if seen else questions.holders(exchange.server)
    cut = (node.name for node in asked if story.is_cut_before(node.name, exchange.asked_ns))
    return "" if answer else next(cut, "")


def ttls(lookup: Lookup) -> list[int]:
    """The TTLs of what was answered."""
    return [r.ttl for e in lookup.answered if e.answer for r in telling(e.answer)]
