"""HTTP messages as a node's file has them: HTTP/1.1 (RFC 9112) and HTTP/2 (RFC 9113)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.packets.frames import Frame

# What tshark must read for them.
FIELDS = (
    "tcp.stream",
    "tcp.segment",
    "tls.segment",
    "http.request.method",
    "http.request.uri",
    "http.request.version",
    "http.request.line",
    "http.response.code",
    "http.response.version",
    "http.response.line",
    "http2.type",
    "http2.streamid",
    "http2.flags",
    "http2.length",
    "http2.header.name",
    "http2.header.value",
)
HEALTH_CHECK = "/healthz"  # What balancers ask their servers; visitors may, too.
_CONTINUE = 200  # What is below announces the response that follows (RFC 9110, 15.2).


@dataclass(frozen=True)
class HttpMessage:
    """A request or a response, as one node's file has it.

    dissection  of the frame in which tshark shows it: HTTP/2 where its headers end, HTTP/1.1
                where its body ends
    first, last the frames in which it begins and ends; ``last`` is None if no end was seen
    stream      (tshark's number of the TCP connection, the HTTP/2 stream or 0)
    version     "HTTP/2" or as sent: "HTTP/1.1"
    status      0 of a request, as ``method``, ``path`` and ``host`` are "" of a response
    headers     values by lower-case name, the first of each; without pseudo-headers
    names       how each name was written, by lower-case name
    body_bytes  None where it is not known
    """

    dissection: Dissection
    first: Frame
    last: Frame | None
    stream: tuple[int, int]
    version: str
    is_request: bool
    method: str
    path: str
    host: str
    status: int
    headers: Mapping[str, str]
    names: Mapping[str, str]
    body_bytes: int | None

    @property
    def frame(self) -> Frame:
        """The frame in which tshark shows it."""
        return self.dissection.frame

    @property
    def node(self) -> str:
        """The node that the message was seen at."""
        return self.frame.node

    @property
    def time_ns(self) -> int:
        """When the message began, in ns since 1970 UTC."""
        return self.first.time_ns

    @property
    def ended_ns(self) -> int:
        """When the last that was seen of it passed."""
        return (self.last or self.frame).time_ns

    @property
    def request_id(self) -> str:
        """X-Request-Id, by which the lab's servers tell requests apart; "" without one."""
        return self.headers.get("x-request-id", "")

    @property
    def shows(self) -> str:
        """The display filter that ``frame`` passes for what it says in its first line."""
        if self.version == "HTTP/2":
            if self.is_request:
                method = f'http2.headers.method == "{self.method}"'
                return f"{method} && http2.headers.path == {quote(self.path)}"
            return f"http2.headers.status == {self.status}"
        if self.is_request:
            method = f'http.request.method == "{self.method}"'
            return f"{method} && http.request.uri == {quote(self.path)}"
        return f"http.response.code == {self.status}"

    def shows_header(self, name: str) -> str:
        """The display filter that ``frame`` passes for one of its headers."""
        value = self.headers[name.lower()]
        if self.version == "HTTP/2":
            named = f'http2.header.name == "{name.lower()}"'
            return f"{named} && http2.header.value == {quote(value)}"
        line = quote(f"{self.names[name.lower()]}: {value}")
        return f"http.{'request' if self.is_request else 'response'}.line contains {line}"


@dataclass(frozen=True)
class HttpExchange:
    """A request and its response, as one node's file has them; None: no response was seen."""

    request: HttpMessage
    response: HttpMessage | None

    @property
    def request_id(self) -> str:
        """X-Request-Id, of the request or of the response; "" without."""
        answered = self.response.request_id if self.response else ""
        return self.request.request_id or answered

    @property
    def inbound(self) -> bool:
        """Whether the node was asked, and not asking."""
        return not self.request.frame.outbound

    @property
    def is_health_check(self) -> bool:
        """Whether a balancer asks its server if it is well. Visitors may ask for the same path,
        and are told by their User-Agent, which HAProxy's `option httpchk` sends none of."""
        return self.request.path == HEALTH_CHECK and "user-agent" not in self.request.headers

    @property
    def ended_ns(self) -> int:
        """When the last that was seen of it passed."""
        return (self.response or self.request).ended_ns


def quote(text: str) -> str:
    """A string as display filters write it (wireshark-filter(4))."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def pair_messages(messages: Iterable[HttpMessage]) -> tuple[HttpExchange, ...]:
    """Requests with their responses, in the order of the requests.

    Those of one stream are answered in order (RFC 9112, 9.3.2); a response to what was asked
    before the capture began is left out.
    """
    requests: list[HttpMessage] = []
    waiting: dict[tuple[int, int], list[int]] = {}
    answers: dict[int, HttpMessage] = {}
    for message in messages:
        asked = waiting.setdefault(message.stream, [])
        if message.is_request:
            asked.append(len(requests))
            requests.append(message)
        elif asked and message.status >= _CONTINUE:
            answers[asked.pop(0)] = message
    return tuple(HttpExchange(r, answers.get(place)) for place, r in enumerate(requests))
