"""The visitor's TLS connections of which keys.log lacks what it takes to read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.packets.frames import Frame
from orchestrator.plan.addresses import in_url
from orchestrator.records.keylog import HANDSHAKE, MASTER, TRAFFIC, read_keylog

_CLIENT_HELLO, _SERVER_HELLO, _FINISHED = "1", "2", "20"
_LISTED = 3

Stream = tuple[tuple[bytes, int], tuple[bytes, int]]


@dataclass
class Keyless:
    """A connection: its ends as `Connection.stream` has them, and its name in a sentence."""

    stream: Stream
    called: str


@dataclass
class _Shaken:
    """What the frames of one connection show of its handshake."""

    hello: Frame
    randoms: set[str] = field(default_factory=set)
    answered: bool = False
    finished: bool = False


def find_keyless(client: Iterable[Dissection], keys: bytes) -> list[Keyless]:
    """Those that a server answered, in the order of their hellos. A handshake that ended before
    the client was done never had the secrets of what follows."""
    known = read_keylog(keys)
    return [
        Keyless(stream, _called(shaken.hello))
        for stream, shaken in _handshakes(client).items()
        if shaken.answered
        and not any(_suffices(known.get(r, set()), shaken) for r in shaken.randoms)
    ]


def _suffices(secrets: set[str], shaken: _Shaken) -> bool:
    if MASTER in secrets:
        return True
    return secrets >= (HANDSHAKE | TRAFFIC if shaken.finished else HANDSHAKE)


def _handshakes(client: Iterable[Dissection]) -> dict[Stream, _Shaken]:
    found: dict[Stream, _Shaken] = {}
    for entry in client:
        kinds = entry.all("tls.handshake.type")
        if not kinds:
            continue
        frame = entry.frame
        ours, theirs = (frame.source, frame.source_port), (frame.target, frame.target_port)
        stream = (ours, theirs) if frame.outbound else (theirs, ours)
        if frame.outbound and _CLIENT_HELLO in kinds:
            found.setdefault(stream, _Shaken(frame)).randoms.update(_randoms(entry))
        elif stream in found:
            found[stream].answered |= not frame.outbound and _SERVER_HELLO in kinds
            found[stream].finished |= frame.outbound and _FINISHED in kinds
    return found


def _randoms(entry: Dissection) -> Iterator[str]:
    return (value.replace(":", "").lower() for value in entry.all("tls.handshake.random"))


def _called(hello: Frame) -> str:
    source, target = in_url(hello.source_address), in_url(hello.target_address)
    return f"{source}:{hello.source_port} to {target}:{hello.target_port}"


def tell_keyless(keyless: Sequence[Keyless]) -> Iterator[str]:
    """A sentence, if there are any."""
    if not keyless:
        return
    named = ", ".join(entry.called for entry in keyless[:_LISTED])
    more = f" and {len(keyless) - _LISTED} more" if len(keyless) > _LISTED else ""
    what = "a connection" if len(keyless) == 1 else f"{len(keyless)} connections"
    yield f"keys.log lacks the keys of {what}: {named}{more}. What was encrypted there stays so"
