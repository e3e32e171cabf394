"""A few frames of the visit, chosen to be taken apart: what each layer adds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.analysis.evidence import Evidence
from orchestrator.analysis.journey import Journey
from orchestrator.analysis.packets.encapsulation import Encapsulation, unwrap
from orchestrator.analysis.packets.frames import SYN, TCP, UDP, Frame
from orchestrator.analysis.packets.layer import Layer
from orchestrator.report.words import call_packet

# The traces whose first passage, or last, is at the client.
_CHOSEN = ("dns-query", "syn", "client-hello", "request", "first-byte")
# What may be within TLS, by tshark's names; others are parts of these.
_READABLE = {"http": "HTTP/1.1", "http2": "HTTP/2", "http3": "HTTP/3"}
_BYTES_A_LINE, _LINES = 16, 12
_WIDTH, _LEAST = 900.0, 68.0


@dataclass(frozen=True)
class Shape:
    """A layer as drawn: ``kind`` names its colour, ``fits`` says that there is room for words."""

    name: str
    kind: str
    length: int
    x: float
    width: float

    @property
    def fits(self) -> bool:
        """Whether its name can be written into it."""
        return self.width > 6.4 * len(self.name)


@dataclass(frozen=True)
class Packet:
    """A frame at the client: what it is, where it stands, and its layers.

    ``inside`` is what tshark reads in it with the keys of the run; "" if nothing is encrypted.
    """

    name: str
    title: str
    file: str
    number: int
    wire: Encapsulation
    inside: str = ""

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Its layers side by side; small ones are wider than their share, to be seen."""
        layers = self.wire.layers
        room = _WIDTH - _LEAST * len(layers)
        widths = [_LEAST + room * layer.length / self.wire.length for layer in layers]
        starts = itertools.accumulate(widths, initial=0.0)
        return tuple(
            Shape(layer.name, _kind(layer), layer.length, x, width - 2)
            for layer, x, width in zip(layers, starts, widths, strict=False)
        )


def _kind(layer: Layer) -> str:
    """By which its colour is found in the style sheet."""
    if layer.content:
        return "data"
    known = {"Ethernet II": "eth", "Padding": "eth", "IPv4": "ip", "IPv6": "ip"}
    known |= {"TCP": "tcp", "UDP": "tcp"}
    return known.get(layer.name, "tls")


def choose_packets(journey: Journey, evidence: Evidence) -> tuple[Packet, ...]:
    """Well-known frames as the client's interface saw them; those that there were."""
    frames = evidence.frames.get(journey.visit.node, ())
    found = dict(_without_traces(frames)) | _traced(journey, frames)
    inside = {
        dissection.frame.number: _decrypted(dissection.protocols)
        for dissection in evidence.dissections.get(journey.visit.node, ())
    }
    return tuple(
        Packet(
            name,
            call_packet(name),
            f"{f.node}.pcapng",
            f.number,
            unwrap(f.captured.data),
            inside.get(f.number, ""),
        )
        for name in _CHOSEN
        if (f := found.get(name)) is not None
    )


def _decrypted(protocols: tuple[str, ...]) -> str:
    """The layers within TLS, each once."""
    inside = protocols[protocols.index("tls") + 1 :] if "tls" in protocols else ()
    return ", ".join(dict.fromkeys(_READABLE[name] for name in inside if name in _READABLE))


def _traced(journey: Journey, frames: tuple[Frame, ...]) -> dict[str, Frame]:
    """What leaves the client is there first, what comes to it last."""
    by_number = {frame.number: frame for frame in frames}
    file = f"{journey.visit.node}.pcapng"
    return {
        name: by_number[passage.number]
        for name, trace in journey.traces.items()
        for passage in (*trace.forward[:1], *trace.forward[-1:])
        if passage.file == file and passage.number in by_number
    }


def _without_traces(frames: tuple[Frame, ...]) -> Iterator[tuple[str, Frame]]:
    """What can be told from the frames alone."""
    outbound = [frame for frame in frames if frame.outbound]
    kinds = {
        "dns-query": (f for f in outbound if f.protocol == UDP and f.target_port == 53),
        "syn": (f for f in outbound if f.protocol == TCP and f.has(SYN)),
        "client-hello": (f for f in outbound if f.payload[:1] == b"\x16" and f.protocol == TCP),
    }
    for name, found in kinds.items():
        if (first := next(found, None)) is not None:
            yield name, first


def hex_lines(data: bytes) -> tuple[str, ...]:
    """Bytes as hexadecimal, sixteen to the line; what is long ends in an ellipsis."""
    shown = data[: _BYTES_A_LINE * _LINES]
    lines = [shown[n : n + _BYTES_A_LINE].hex(" ") for n in range(0, len(shown), _BYTES_A_LINE)]
    left = len(data) - len(shown)
    return (*lines, *([f"… and {left:,} bytes more"] if left else []))
