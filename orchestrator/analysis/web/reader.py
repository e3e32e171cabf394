"""Reads HTTP messages out of a node's dissections.

A packet may hold several HTTP/2 frames: ``http2.type``, ``http2.streamid``, ``http2.flags`` and
``http2.length`` have a value for each. The header fields of all its HEADERS frames come in one
flat list, in which each block starts with its pseudo-headers: there it is cut apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.packets.frames import Frame
from orchestrator.analysis.web.http import HttpMessage

_DATA, _HEADERS, _END_STREAM = "0", "1", 1


def read_messages(
    dissections: Sequence[Dissection], frames: Sequence[Frame]
) -> tuple[HttpMessage, ...]:
    """The messages of one node, in the order of its file; ``frames`` are all frames of it."""
    reader = _Reader(dissections, frames)
    return tuple(message for entry in dissections for message in reader.read(entry))


class _Reader:
    """One node's file, with what must be known of other frames than the one that is read."""

    def __init__(self, dissections: Sequence[Dissection], frames: Sequence[Frame]) -> None:
        self.frames = frames
        self.by_number = {entry.frame.number: entry for entry in dissections}
        self.ends: dict[tuple[str, str, bool], Frame] = {}
        self.sizes: dict[tuple[str, str, bool], int] = {}
        for entry in dissections:
            self._note_bodies(entry)

    def _note_bodies(self, entry: Dissection) -> None:
        """Where the streams of HTTP/2 end, and how much DATA each had."""
        names = ("http2.type", "http2.streamid", "http2.flags", "http2.length")
        columns = [entry.all(name) for name in names]
        for kind, stream, flags, length in zip(*columns, strict=False):
            key = (entry.one("tcp.stream"), stream, entry.frame.outbound)
            if kind == _DATA:
                self.sizes[key] = self.sizes.get(key, 0) + int(length)
            if kind in (_DATA, _HEADERS) and int(flags, 16) & _END_STREAM:
                self.ends[key] = entry.frame

    def read(self, entry: Dissection) -> Iterator[HttpMessage]:
        if entry.has("http.request.method") or entry.has("http.response.code"):
            yield self._read_http1(entry)
        streams = [
            stream
            for kind, stream in zip(
                entry.all("http2.type"), entry.all("http2.streamid"), strict=False
            )
            if kind == _HEADERS
        ]
        blocks = _split(entry.all("http2.header.name"), entry.all("http2.header.value"))
        # Where tshark could not read them all, which is whose cannot be told.
        if streams and len(blocks) == len(streams):
            for place, (stream, block) in enumerate(zip(streams, blocks, strict=True)):
                yield self._read_http2(entry, place, stream, block)

    def _read_http1(self, entry: Dissection) -> HttpMessage:
        is_request = entry.has("http.request.method")
        kind = "request" if is_request else "response"
        lines = [line.removesuffix("\\r\\n").strip() for line in entry.all(f"http.{kind}.line")]
        fields = [(name, value.strip()) for name, _, value in (x.partition(":") for x in lines)]
        headers = _first_of(fields)
        length = headers.get("content-length", "0" if is_request else "")
        target = entry.one("http.request.uri")
        return HttpMessage(
            dissection=entry,
            first=self._begin(entry),
            last=entry.frame,
            stream=(int(entry.one("tcp.stream") or -1), 0),
            version=entry.one(f"http.{kind}.version"),
            is_request=is_request,
            method=entry.one("http.request.method"),
            path=target,
            host=(headers.get("host") or urlsplit(target).netloc) if is_request else "",
            status=0 if is_request else int(entry.one("http.response.code")),
            headers=headers,
            names={name.lower(): name for name, _ in reversed(fields)},
            body_bytes=int(length) if length.isdecimal() else None,
        )

    def _read_http2(
        self, entry: Dissection, place: int, stream: str, block: list[tuple[str, str]]
    ) -> HttpMessage:
        fields = _first_of(block)
        headers = {name: value for name, value in fields.items() if not name.startswith(":")}
        key = (entry.one("tcp.stream"), stream, entry.frame.outbound)
        leads = place == 0 and entry.one("http2.type") == _HEADERS
        return HttpMessage(
            dissection=entry,
            # What was put together over several segments is what comes first in the packet.
            first=self._begin(entry) if leads else entry.frame,
            last=self.ends.get(key),
            stream=(int(entry.one("tcp.stream") or -1), int(stream)),
            version="HTTP/2",
            is_request=":method" in fields,
            method=fields.get(":method", ""),
            path=fields.get(":path", ""),
            host=fields.get(":authority", headers.get("host", "")),
            status=int(fields.get(":status", 0)),
            headers=headers,
            names={name: name for name in headers},
            body_bytes=self.sizes.get(key, 0) if key in self.ends else None,
        )

    def _begin(self, entry: Dissection) -> Frame:
        """The frame with the first segment of what was put together in another.

        Of TLS records first, each of which may have been put together of TCP segments.
        """
        record = entry
        for number in entry.all("tls.segment")[:1]:
            record = self.by_number.get(int(number), entry)
        first = min((int(n) for n in record.all("tcp.segment")), default=record.frame.number)
        return self.frames[min(first, entry.frame.number) - 1]


def _split(names: Sequence[str], values: Sequence[str]) -> list[list[tuple[str, str]]]:
    """Header blocks: pseudo-headers stand only at the start of one (RFC 9113, 8.3)."""
    blocks: list[list[tuple[str, str]]] = []
    for name, value in zip(names, values, strict=False) if len(names) == len(values) else ():
        before = blocks[-1] if blocks else []
        started = bool(before) and before[-1][0].startswith(":") and name not in dict(before)
        if name.startswith(":") and not started:
            blocks.append([])
        if blocks:
            blocks[-1].append((name, value))
    return blocks


def _first_of(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in fields:
        found.setdefault(name.lower(), value)
    return found
