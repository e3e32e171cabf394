"""What a run leaves behind, as values: the joint between making a visit and judging it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

ErrorKind = Literal["dns", "connect", "tls", "http", "timeout"]
ClientKind = Literal["chromium", "curl"]


@dataclass(frozen=True)
class Timings:
    """How long each step of the main document took, in milliseconds; None: it did not happen.

    The names on the right are those of W3C Navigation Timing, level 2. A step that a reused
    connection or a cache saved is 0.

    dns                 domainLookupEnd − domainLookupStart
    connect             TCP alone: secureConnectionStart − connectStart, or without TLS
                        connectEnd − connectStart. HTTP/3 has one handshake for both: each
                        client splits it between connect and tls in its own way
    tls                 connectEnd − secureConnectionStart; None without TLS
    ttfb                responseStart − requestStart: from the request to the first byte
    download            responseEnd − responseStart
    dom_content_loaded  domContentLoadedEventEnd − start of the navigation; None with curl
    load                loadEventEnd − start of the navigation; with curl, the whole transfer
    """

    dns: float | None = None
    connect: float | None = None
    tls: float | None = None
    ttfb: float | None = None
    download: float | None = None
    dom_content_loaded: float | None = None
    load: float | None = None


@dataclass(frozen=True)
class Paint:
    """When something was first drawn, in milliseconds from the start of the navigation."""

    first_paint: float | None = None
    first_contentful_paint: float | None = None


@dataclass(frozen=True)
class Resource:
    """One sub-resource of the page (the document itself is not among them).

    `bytes` is what came over the wire for it, headers included; `start_ms` counts from the start
    of the navigation. `status` and `protocol` are None when no response came.
    """

    url: str
    status: int | None
    protocol: str | None
    bytes: int
    start_ms: float
    duration_ms: float


@dataclass(frozen=True)
class Visit:
    """One click: who asked for what, how it went, and how long each step took.

    node            the client's name in the topology
    status          HTTP status of the document, None when no response came
    protocol        "h2", "http/1.1", "h3"; None when no response came
    remote_address  the IP address that served the document
    error           the step that failed, or None; an HTTP status of 400 or more is "http",
                    "timeout" is the visit's own deadline
    error_detail    the client's own word for the failure, "" without one
    started         start of the navigation, wall clock: ISO 8601 in UTC with microseconds
    cold            the lab's caches were emptied first: lease, ARP, names, edge
    """

    run: str
    url: str
    client: ClientKind
    node: str
    status: int | None
    protocol: str | None
    remote_address: str | None
    timings_ms: Timings
    paint: Paint
    resources: tuple[Resource, ...]
    error: ErrorKind | None
    error_detail: str
    started: str
    cold: bool


def to_json(visit: Visit) -> dict[str, Any]:
    """The visit as the JSON object of `visit.json` and `lab visit --json`: the fields, by name."""
    return {**asdict(visit), "resources": [asdict(resource) for resource in visit.resources]}


def from_json(value: dict[str, Any]) -> Visit:
    """The visit that `to_json` wrote. Raises KeyError or TypeError when it is not one."""
    parts = {
        "timings_ms": Timings(**value["timings_ms"]),
        "paint": Paint(**value["paint"]),
        "resources": tuple(Resource(**resource) for resource in value["resources"]),
    }
    return Visit(**{**value, **parts})
