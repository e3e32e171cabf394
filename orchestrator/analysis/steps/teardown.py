"""How connections end: GOAWAY (RFC 9113), close_notify (RFC 8446), FIN or RST (RFC 9293)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestrator.analysis.connections.handshake import CLOSE_NOTIFY
from orchestrator.analysis.connections.peers import (
    Peer,
    answers_of,
    dissections_of,
    find_peer,
    in_words,
)
from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.packets.frames import ACK, FIN, RST, Frame
from orchestrator.analysis.step import Proof, Step
from orchestrator.analysis.story import Connection, Story, proof
from orchestrator.analysis.teller import Teller

KIND = "teardown"


_ALERT, _GOAWAY = "tls.alert_message.desc", "http2.goaway.error"
# Said in a moment of its own: what ends alike within this is told together.
_TOGETHER_NS = 100_000_000
_PROVED = 3


@dataclass(frozen=True)
class _Sign:
    """A frame that ends a connection, or a half of it, and the filter that shows it."""

    frame: Frame
    shows: str
    what: str


@dataclass(frozen=True)
class _Ending:
    """How one connection ended: the first sign of each kind from each side, in order."""

    connection: Connection
    peer: Peer
    signs: tuple[_Sign, ...]

    @property
    def first(self) -> Frame:
        """The first FIN or RST: of the side that begins to close."""
        return self.signs[0].frame

    @property
    def alike(self) -> tuple[object, ...]:
        """Endings that are equal in this can be told in one sentence."""
        return self.peer.place, tuple((sign.frame.outbound, sign.what) for sign in self.signs)


def _tell(story: Story) -> Iterator[Step]:
    endings: list[_Ending] = []
    remaining: list[_Ending] = []
    for connection in story.connections:
        if answers_of(connection):
            signs = _first_of_each(_signs(story, connection))
            ending = _Ending(connection, find_peer(story, connection), tuple(signs))
            (endings if signs else remaining).append(ending)
    for group in _group(endings):
        yield _closing(story, group)
    if remaining:
        yield _remaining(story, remaining)


def _group(endings: list[_Ending]) -> list[list[_Ending]]:
    groups: list[list[_Ending]] = []
    for ending in sorted(endings, key=lambda e: (str(e.alike), e.first.time_ns)):
        known = groups[-1][-1] if groups else None
        near = known and ending.first.time_ns - known.first.time_ns < _TOGETHER_NS
        if known and near and known.alike == ending.alike:
            groups[-1].append(ending)
        else:
            groups.append([ending])
    return groups


def _signs(story: Story, connection: Connection) -> list[_Sign]:
    said = [_goodbye(entry) for entry in dissections_of(story, connection.frames)]
    found = [sign for sign in said if sign is not None]
    for frame in connection.frames:
        if frame.has(RST):
            found.append(_Sign(frame, "tcp.flags.reset == 1", "RST"))
        elif frame.has(FIN):
            found.append(_Sign(frame, "tcp.flags.fin == 1", "FIN"))
    return sorted(found, key=lambda sign: sign.frame.number)


def _goodbye(entry: Dissection) -> _Sign | None:
    if entry.has(_GOAWAY):
        return _Sign(entry.frame, f"{_GOAWAY} == {int(entry.one(_GOAWAY), 0)}", "GOAWAY")
    if str(CLOSE_NOTIFY) in entry.all(_ALERT):
        return _Sign(entry.frame, f"{_ALERT} == {CLOSE_NOTIFY}", "close_notify")
    return None


def _first_of_each(signs: Iterable[_Sign]) -> list[_Sign]:
    found: dict[tuple[bool, str], _Sign] = {}
    for sign in signs:
        found.setdefault((sign.frame.outbound, sign.what), sign)
    return [*found.values()]


def _closing(story: Story, group: list[_Ending]) -> Step:
    client, ending = story.client.name, group[0]
    both = {True: client, False: ending.peer.short}
    says = tuple(f"{sign.what} from {both[sign.frame.outbound]}" for sign in ending.signs)
    closer, what = both[ending.first.outbound], ending.signs[0].what
    other = both[not ending.first.outbound]
    count = len(group)
    how_much = "the connection" if count == 1 else f"{count} connections"
    told = (
        f"{closer} is the first to end {how_much} with {other}, by {what}"
        f"{_when(story, ending.first)}. In order: {in_words(says)}. {_verdict(ending)}"
    )
    return Step(
        kind=KIND,
        title=f"{closer} closes {how_much} with {other}",
        told=told,
        nodes=tuple(name for name in (closer, other) if name in story.plan.nodes),
        start_ns=ending.first.time_ns,
        end_ns=max(_end(e) for e in group),
        proofs=tuple(_proofs(group, both)),
        details={
            "first": closer,
            "how": says,
            "client_ports": tuple(str(e.connection.client[1]) for e in group),
        },
        terms=("FIN", "RST", "TCP"),
        milestone=f"{closer} closes with {what}",
    )


def _proofs(group: list[_Ending], both: dict[bool, str]) -> Iterator[Proof]:
    for ending in group[:_PROVED]:
        port = f"tcp.port == {ending.connection.client[1]}"
        for sign in ending.signs:
            says = f"{sign.what} from {both[sign.frame.outbound]}"
            yield proof(sign.frame, f"{sign.shows} && {port}", says)


def _end(ending: _Ending) -> int:
    """The ACK of the last FIN, if it was seen, else the last sign."""
    last = max((sign.frame for sign in ending.signs), key=lambda frame: frame.number)
    later = (f for f in ending.connection.frames if f.number > last.number)
    answers = (f for f in later if f.outbound != last.outbound and f.has(ACK))
    return (next(answers, last) if last.has(FIN) else last).time_ns


def _when(story: Story, first: Frame) -> str:
    if story.visit.timings_ms.load is None:
        return ""
    after_ms = (first.time_ns - story.ended_ns) / 1e6
    return f", {abs(after_ms):.0f} ms {'after' if after_ms >= 0 else 'before'} the page had loaded"


def _verdict(ending: _Ending) -> str:
    said = {(sign.frame.outbound, sign.what) for sign in ending.signs}
    mine = ending.first.outbound
    if ending.signs[0].what == "RST":
        return "That cuts it off: nothing more is sent or taken."
    if (mine, "RST") in said:
        return "The RST tells the other end that what it still sends is not wanted."
    if {(True, "FIN"), (False, "FIN")} <= said:
        return "Both ends have said that they send no more."
    return "The rest of the farewell was not seen."


def _remaining(story: Story, remaining: list[_Ending]) -> Step:
    last = max((e.connection.frames[-1] for e in remaining), key=lambda frame: frame.time_ns)
    whom = in_words(dict.fromkeys(ending.peer.called for ending in remaining))
    count = len(remaining)
    what, stay = ("A connection", "stays") if count == 1 else (f"{count} connections", "stay")
    return Step(
        kind=KIND,
        title=f"{what} {stay} open",
        told=f"{what} with {whom} {stay} open: until the capture ends, neither end closes.",
        nodes=(story.client.name, *dict.fromkeys(e.peer.node for e in remaining if e.peer.node)),
        start_ns=last.time_ns,
        end_ns=last.time_ns,
        proofs=tuple(
            proof(
                e.connection.frames[-1],
                f"tcp.port == {e.connection.client[1]} && tcp.flags.fin == 0",
                "the last of it: no FIN, no RST",
            )
            for e in remaining
        ),
        details={"connections": count},
        terms=("TCP", "FIN"),
        milestone="the last packet of connections that stay open",
    )


TELLER = Teller(KIND, _tell, (_ALERT, _GOAWAY))
