"""The response with the page: status, header fields, first byte to last byte (RFC 9110)."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from orchestrator.analysis.connections.peers import how_many
from orchestrator.analysis.packets.frames import Frame
from orchestrator.analysis.step import Detail, Proof, Step, proof_in_log
from orchestrator.analysis.steps.request import why_unread
from orchestrator.analysis.story import Story, proof
from orchestrator.analysis.teller import Teller
from orchestrator.analysis.web.fetch import Fetch, find_fetches
from orchestrator.analysis.web.http import FIELDS, HttpExchange, HttpMessage
from orchestrator.analysis.web.urls import same_url
from orchestrator.records.server_logs import Logged

KIND = "response"
_HEADERS = (
    "content-type",
    "content-encoding",
    "cache-control",
    "location",
    "etag",
    "age",
    "server",
    "x-cache",
    "x-edge",
    "x-balancer",
    "x-served-by",
    "x-request-id",
    "strict-transport-security",
)


def _tell(story: Story) -> Iterator[Step]:
    documents = find_fetches(story).documents
    for place, fetch in enumerate(documents):
        is_last = place == len(documents) - 1
        if fetch.exchange and fetch.exchange.response:
            yield _response(story, fetch, fetch.exchange, fetch.exchange.response, is_last)
        elif fetch.front_line:
            yield _logged(story, fetch.front_line)


def _response(
    story: Story, fetch: Fetch, exchange: HttpExchange, response: HttpMessage, is_last: bool
) -> Step:
    packets = _packets(story, response)
    promised = _promised(story) if is_last else None
    who = fetch.peer.node if fetch.peer else ""
    return Step(
        kind=KIND,
        title=f"{named(response.status)} for {fetch.url}",
        told=_told(story, exchange, response, packets),
        nodes=tuple(filter(None, (who, story.client.name))),
        start_ns=response.first.time_ns,
        end_ns=response.ended_ns,
        proofs=tuple(_proofs(response)),
        details=_details(exchange, response, packets),
        expected="" if promised is None else f"status {promised}",
        as_expected=None if promised is None else response.status == promised,
        terms=("HTTP", "status", "TTFB"),
        milestone=f"{response.status} comes to {story.client.name}" if fetch.asked else "",
    )


def named(status: int) -> str:
    """A status with its phrase, if it has one (RFC 9110, 15)."""
    known = next((entry.phrase for entry in HTTPStatus if entry == status), "")
    return f"{status} {known}".strip()


def _promised(story: Story) -> int | None:
    """The status that the topology expects of this visit."""
    for entry in story.plan.expectations:
        if same_url(entry.visit, story.visit.url) and entry.source == story.visit.node:
            return entry.status
    return None


def _packets(story: Story, response: HttpMessage) -> list[Frame]:
    """What brought it, from its first packet to its last; [] where others came between them."""
    last = response.last or response.frame
    for other in story.messages[response.node]:
        is_other = not other.is_request and other.stream != response.stream
        same_connection = other.stream[0] == response.stream[0]
        if is_other and same_connection and other.frame.number in range(*_numbers(response)):
            return []
    ends = _ends(response.frame)
    seen = story.frames_of(response.node)[response.first.number - 1 : last.number]
    return [f for f in seen if f.payload and _ends(f) == ends]


def _numbers(response: HttpMessage) -> tuple[int, int]:
    return response.first.number, (response.last or response.frame).number + 1


def _ends(frame: Frame) -> tuple[bytes, int, bytes, int]:
    return frame.source, frame.source_port, frame.target, frame.target_port


def _told(story: Story, exchange: HttpExchange, response: HttpMessage, packets: list[Frame]) -> str:
    kind = response.headers.get("content-type", "").partition(";")[0]
    size = "" if response.body_bytes is None else f", {how_many(response.body_bytes, 'byte')}"
    of_kind = f" of {kind}" if kind and size else ""
    wait_ms = (response.first.time_ns - exchange.request.time_ns) / 1e6
    took_ms = (response.ended_ns - response.first.time_ns) / 1e6
    number = f", in {how_many(len(packets), 'packet')}" if packets else ""
    told = f"The answer is {named(response.status)}{size}{of_kind}{number}. "
    if response.ended_ns == response.first.time_ns:
        told += f"It comes {wait_ms:.1f} ms after the request left."
    else:
        told += (
            f"Its first byte comes {wait_ms:.1f} ms after the request left, its last "
            f"{took_ms:.1f} ms after that."
        )
    if location := response.headers.get("location"):
        return f"{told} The page has moved: {location}."
    if response.node != story.client.name:
        return (
            f"{told} These are the times at {response.node}: tshark cannot read it in "
            f"{story.client.name}'s file."
        )
    return told


def _proofs(response: HttpMessage) -> Iterator[Proof]:
    yield proof(response.frame, response.shows, f"status {response.status}")
    port = response.frame.source_port
    shows = f"tcp.srcport == {port} && tcp.len > 0"
    yield proof(response.first, shows, "its first byte")
    if response.last and response.version == "HTTP/2":
        end = f"http2.streamid == {response.stream[1]} && http2.flags.end_stream == 1"
        yield proof(response.last, end, "its last byte: END_STREAM")
    for name in ("location", "cache-control"):
        if name in response.headers:
            yield proof(response.frame, response.shows_header(name), name)


def _details(
    exchange: HttpExchange, response: HttpMessage, packets: list[Frame]
) -> dict[str, Detail]:
    found: dict[str, Detail] = {
        "status": response.status,
        "first_byte_ms": (response.first.time_ns - exchange.request.time_ns) / 1e6,
        "download_ms": (response.ended_ns - response.first.time_ns) / 1e6,
    }
    if packets:
        found["packets"] = len(packets)
        found["bytes_on_the_wire"] = sum(frame.captured.length for frame in packets)
    if response.body_bytes is not None:
        found["body_bytes"] = response.body_bytes
    known = ((name, response.headers.get(name, "")) for name in _HEADERS)
    return found | {name.replace("-", "_"): value for name, value in known if value}


def _logged(story: Story, line: Logged) -> Step:
    """Where it cannot be read: what the server says that it answered, and no more."""
    size = how_many(int(line.values["bytes"]), "byte")
    told = (
        f"The answer {why_unread(story)}; {line.node} logged that it answered "
        f"{named(line.status)} with {size}, header fields included."
    )
    return Step(
        kind=KIND,
        title=f"{named(line.status)}, as {line.node} logged it",
        told=told,
        nodes=(line.node, story.client.name),
        start_ns=line.line.time_ns,
        end_ns=line.line.time_ns,
        proofs=(proof_in_log(line, f"{line.node} answered {line.status}"),),
        details={"status": line.status, "bytes": int(line.values["bytes"])},
        terms=("HTTP", "status", "TLS"),
    )


TELLER = Teller(KIND, _tell, FIELDS)
