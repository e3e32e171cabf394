"""Which of a server's addresses is used: Happy Eyeballs (RFC 8305, section 5).

The first address is of the family that the browser likes better. The other family is tried only
when the first does not answer soon, and whoever answers first wins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.analysis.connections.refusals import Refusal, find_refusals
from orchestrator.analysis.names.lookups import Questions
from orchestrator.analysis.names.messages import FIELDS, Message
from orchestrator.analysis.names.words import listed, prove_answer
from orchestrator.analysis.packets.frames import ACK, RST, SYN, Frame
from orchestrator.analysis.step import Detail, Proof, Step
from orchestrator.analysis.story import Connection, Story, proof
from orchestrator.analysis.teller import Teller
from orchestrator.plan.addresses import in_url

KIND = "racing"
_TERMS = ("Happy Eyeballs", "IPv4", "IPv6")


@dataclass(frozen=True)
class _Attempt:
    """A connection that was tried; ``error`` is what ICMP said of it, if anything."""

    connection: Connection
    error: Refusal | None = None

    @property
    def first(self) -> Frame:
        return self.connection.frames[0]

    @property
    def address(self) -> str:
        return str(self.first.target_address)

    @property
    def family(self) -> int:
        return self.first.target_address.version

    @property
    def opened(self) -> Frame | None:
        """The SYN-ACK that opened the connection; None where none came."""
        return next((f for f in self.connection.frames if f.has(SYN, ACK)), None)

    @property
    def refused(self) -> Frame | None:
        """The RST in place of one."""
        resets = (f for f in self.connection.frames if f.has(RST) and not f.outbound)
        return None if self.opened else next(resets, None)

    @property
    def sent(self) -> int:
        """How many SYNs the client sent for it."""
        return sum(f.outbound and f.has(SYN) for f in self.connection.frames)


@dataclass(frozen=True)
class _Race:
    """Who was known under a name, and who was tried until one answered; ``later``, after that."""

    name: str
    answers: tuple[Message, ...]
    attempts: tuple[_Attempt, ...]
    later: tuple[_Attempt, ...] = ()

    @property
    def winner(self) -> _Attempt | None:
        """The one that was answered first."""
        opened = [a for a in self.attempts if a.opened]
        return min(opened, key=lambda a: a.opened.time_ns if a.opened else 0, default=None)


def _tell(story: Story) -> Iterator[Step]:
    for race in _races(story):
        families = {r.type for answer in race.answers for r in answer.of("answer", "A", "AAAA")}
        if families == {"A", "AAAA"}:
            yield _step(story, race)


def _races(story: Story) -> Iterator[_Race]:
    """One for each port of a name: its attempts, up to the first that was answered."""
    answered = [e.answer for e in Questions(story).by(story.client.name) if e.answer]
    for name in dict.fromkeys(answer.name for answer in answered):
        answers = {m.type: m for m in answered if m.name == name}
        known = {r.value for m in answers.values() for r in m.of("answer", "A", "AAAA")}
        tried = [_attempt(story, c) for c in story.connections]
        to_name = [attempt for attempt in tried if attempt.address in known]
        for port in dict.fromkeys(attempt.first.target_port for attempt in to_name):
            entries = tuple(a for a in to_name if a.first.target_port == port)
            attempts = _until_first(entries)
            later = tuple(a for a in entries if a not in attempts)
            yield _Race(name, tuple(answers.values()), attempts, later)


def _attempt(story: Story, connection: Connection) -> _Attempt:
    told = find_refusals(story, story.client.name)
    return _Attempt(connection, next((e for e in told if e.sent in connection.frames), None))


def _until_first(attempts: tuple[_Attempt, ...]) -> tuple[_Attempt, ...]:
    opened = [a.opened.time_ns for a in attempts if a.opened]
    return tuple(a for a in attempts if not opened or a.first.time_ns < min(opened))


def _step(story: Story, race: _Race) -> Step:
    start, winner = race.attempts[0].first, race.winner
    last = race.attempts[-1].connection.frames[-1]
    ended = winner.opened if winner and winner.opened else last
    return Step(
        kind=KIND,
        title=_title(race),
        told=_told(story, race),
        nodes=(story.client.name,),
        start_ns=start.time_ns,
        end_ns=ended.time_ns,
        proofs=tuple(_proofs(race)),
        details=_details(race),
        terms=_TERMS,
        milestone=f"{story.client.name} tries IPv{race.attempts[0].family} first",
    )


def _families(race: _Race) -> list[int]:
    return list(dict.fromkeys(attempt.family for attempt in race.attempts))


def _title(race: _Race) -> str:
    families, winner = _families(race), race.winner
    if winner is None:
        return f"No address of {race.name} lets anybody connect"
    if len(families) == 1 and _others(race):
        return f"IPv{families[0]} is tried first, and answers first"
    if len(families) == 1:
        return f"IPv{families[0]} is tried first, and is enough"
    return f"IPv{winner.family} wins the race to {race.name}"


def _told(story: Story, race: _Race) -> str:
    first = race.attempts[0]
    known = [r.value for m in race.answers for r in m.of("answer", "A", "AAAA")]
    told = [
        f"{story.client.name} knows {listed(known)} for {race.name}, and begins with "
        f"IPv{first.family}: a SYN to {in_url(first.first.target_address)}:"
        f"{first.first.target_port}."
    ]
    told += [_tried(race, place) for place in range(1, len(race.attempts))]
    told += _outcome(race)
    return " ".join(filter(None, told))


def _tried(race: _Race, place: int) -> str:
    first, attempt = race.attempts[0], race.attempts[place]
    after_ms = (attempt.first.time_ns - first.first.time_ns) / 1e6
    if attempt.family in {earlier.family for earlier in race.attempts[:place]}:
        return f"After {after_ms:.0f} ms it opens another connection to {attempt.address}."
    why = "as that was refused" if first.refused else "as nothing has come back"
    if first.error is not None and first.error.frame.time_ns < attempt.first.time_ns:
        why = f"as {first.error.called} says by ICMP that {first.error.error.says}"
    return f"After {after_ms:.0f} ms, {why}, it tries IPv{attempt.family} too: {attempt.address}."


def _outcome(race: _Race) -> list[str]:
    winner = race.winner
    if winner is not None and winner.opened is not None:
        took_ms = (winner.opened.time_ns - winner.first.time_ns) / 1e6
        came = f"{winner.address} answers {took_ms:.1f} ms after it was asked"
        if len(_families(race)) == 1:
            return [f"{came}, soon enough{_the_other(race)}"]
        return [f"{came}, and is used."]
    tried = dict.fromkeys(attempt.address for attempt in race.attempts)
    return [_why_not([a for a in race.attempts if a.address == address]) for address in tried]


def _the_other(race: _Race) -> str:
    """What of the family that was not first: a browser may turn to it for another connection."""
    others = _others(race)
    if not others:
        return ": the other family is not tried."
    after_ms = (others[0].first.time_ns - race.attempts[0].first.time_ns) / 1e6
    return (
        f", and is used. IPv{others[0].family} is tried {after_ms:.0f} ms after the first SYN, for "
        f"another connection: {others[0].address}."
    )


def _others(race: _Race) -> list[_Attempt]:
    """Connections to a family that had not been tried when the first of the other was open."""
    tried = _families(race)
    return [attempt for attempt in race.later if attempt.family not in tried]


def _why_not(attempts: list[_Attempt]) -> str:
    if attempts[0].refused:
        return f"{attempts[0].address} refuses (RST)."
    error = attempts[0].error
    if error is not None:
        return f"{error.called} says by ICMP of {attempts[0].address} that {error.error.says}."
    syns = sum(attempt.sent for attempt in attempts)
    return f"{attempts[0].address} does not answer any of {syns} SYNs."


def _details(race: _Race) -> dict[str, Detail]:
    first, winner = race.attempts[0], race.winner
    details: dict[str, Detail] = {
        "tried": tuple(dict.fromkeys(attempt.address for attempt in race.attempts)),
        "first": f"IPv{first.family}",
        "won": winner.address if winner else "",
    }
    other = next((a for a in race.attempts if a.family != first.family), None)
    if other is not None:
        details["second_after_ms"] = (other.first.time_ns - first.first.time_ns) / 1e6
    return details


def _proofs(race: _Race) -> Iterator[Proof]:
    for attempt in (*race.attempts, *_others(race)[:1]):
        to = f"{_field(attempt)}.dst == {attempt.address} && tcp.dstport"
        shows = f"{to} == {attempt.first.target_port} && tcp.flags.syn == 1"
        yield proof(attempt.first, f"{shows} && tcp.flags.ack == 0", f"a SYN to {attempt.address}")
        came = attempt.opened or attempt.refused
        if came is not None:
            flag = "tcp.flags.syn" if attempt.opened else "tcp.flags.reset"
            says = "answers" if attempt.opened else "refuses"
            shows = f"{_field(attempt)}.src == {attempt.address} && {flag} == 1"
            yield proof(came, shows, f"{attempt.address} {says}")
        if attempt.error is not None:
            yield attempt.error.proof()
    for answer in race.answers:
        yield prove_answer(answer, "what the name was known for", answer.of("answer"))


def _field(attempt: _Attempt) -> str:
    return "ip" if attempt.family == 4 else "ipv6"


TELLER = Teller(KIND, _tell, FIELDS)
