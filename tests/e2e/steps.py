"""The steps of a visit as its client tells them, beside the frames that show them.

A client reads its clock before it asks the kernel and after it has been woken, the capture in
between. How long it slept is the machine's business (`make bench` measures it). That a step took
no less than from its first frame to its last, and no more than from what it had waited for before
to what it did next, is true however late the client was.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.e2e.conftest import AGGREGATOR, Run, RunningLab

HOST = "www.example.com"
URL = f"https://{HOST}/"
SITE = f'tls.handshake.extensions_server_name == "{HOST}"'
_TRUE = ("1", "True")  # tshark 4.0, and later
_FIELDS = (
    *("frame.time_epoch", "tcp.srcport", "tcp.flags.syn", "tcp.flags.ack", "tcp.len"),
    *("tls.handshake.type", "http2.headers.path", "http2.headers.status"),
    "tcp.analysis.initial_rtt",
)


@dataclass(frozen=True)
class Frame:
    """One of a connection, at its client: when, whose, and what tshark finds in it."""

    at_ms: float
    from_client: bool
    syn: bool
    ack: bool
    octets: int
    handshakes: list[str]
    paths: list[str]
    is_answer: bool
    initial_rtt_ms: float | None


What = Callable[[Frame], bool]


@dataclass(frozen=True)
class Visited:
    """A run, and tshark's number of the TCP connection that asked for the page."""

    run: Run
    stream: str

    @property
    def record(self) -> dict[str, Any]:
        return self.run.record

    @cached_property
    def frames(self) -> list[Frame]:
        """All of the connection."""
        rows = self.run.packets("laptop", f"tcp.stream == {self.stream}", *_FIELDS)
        return [_frame(*row) for row in rows]

    def first(self, what: What) -> float:
        """When the first of some frames passed, in ms."""
        return next(frame.at_ms for frame in self.frames if what(frame))

    def last(self, what: What) -> float:
        """When the last one did."""
        return next(frame.at_ms for frame in self.frames[::-1] if what(frame))

    @cached_property
    def lookup(self) -> tuple[float, float]:
        """When the name's first question left, and when the last answer was there, in ms."""
        rows = self.run.packets("laptop", f'dns.qry.name == "{HOST}"', "frame.time_epoch")
        times = [1000 * float(at) for (at,) in rows]
        return times[0], times[-1]

    def read(self, file: str) -> Any:
        """A file of the run's folder."""
        return json.loads((self.run.folder / file).read_text())


def visited(lab: RunningLab, count: int, *options: str) -> list[Visited]:
    """So many visits, the first of which others may read as well."""
    runs = [lab.visited(URL, *options), *(lab.visit(URL, *options) for _ in range(count - 1))]
    return [Visited(run, run.packets("laptop", SITE, "tcp.stream")[0][0]) for run in runs]


def _frame(
    at: str,
    source: str,
    syn: str,
    ack: str,
    octets: str,
    handshakes: str,
    paths: str,
    status: str,
    rtt: str,
) -> Frame:
    return Frame(
        at_ms=1000 * float(at),
        from_client=source != "443",
        syn=syn in _TRUE,
        ack=ack in _TRUE,
        octets=int(octets),
        handshakes=handshakes.split(AGGREGATOR),
        paths=paths.split(AGGREGATOR) if paths else [],
        is_answer=bool(status),
        initial_rtt_ms=1000 * float(rtt) if rtt else None,
    )


Moment = Callable[[Visited], float]


def asked(seen: Visited) -> float:
    return seen.lookup[0]


def looked_up(seen: Visited) -> float:
    return seen.lookup[1]


def syn(seen: Visited) -> float:
    return seen.first(lambda frame: frame.syn and not frame.ack)


def syn_ack(seen: Visited) -> float:
    return seen.first(lambda frame: frame.syn and frame.ack)


def hello(seen: Visited) -> float:
    return seen.first(lambda frame: "1" in frame.handshakes)


def finished(seen: Visited) -> float:
    """The server's: TLS is set up as soon as a client has it (RFC 8446, 2)."""
    return seen.last(lambda frame: "20" in frame.handshakes and not frame.from_client)


def requested(seen: Visited) -> float:
    return seen.first(lambda frame: "/" in frame.paths)


def answered(seen: Visited) -> float:
    return seen.first(lambda frame: frame.is_answer)


def went_on(seen: Visited) -> float:
    """A browser asks for what is in the page; curl has no more to say than good-bye."""
    more = [frame.at_ms for frame in seen.frames if set(frame.paths) - {"/"}]
    return more[0] if more else seen.last(lambda frame: frame.from_client)


@dataclass(frozen=True)
class Step:
    """The moments between which a client surely was at a step, and those that surely were before it
    began and after it ended; None where no frame tells."""

    name: str
    inside: tuple[Moment, Moment]
    around: tuple[Moment, Moment] | None


TTFB = Step("ttfb", (requested, answered), (finished, went_on))
STEPS = (
    Step("dns", (asked, looked_up), None),
    Step("connect", (syn, syn_ack), (looked_up, hello)),
    Step("tls", (hello, finished), (syn_ack, requested)),
    TTFB,
)
