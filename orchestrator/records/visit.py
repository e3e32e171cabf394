"""What a run leaves behind, as values: the joint between making a visit and judging it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from orchestrator.plan.codec import from_plain
from orchestrator.records.checked import Moment, Url
from orchestrator.spec.probing import ClientKind

ErrorKind = Literal["url", "dns", "connect", "tls", "http", "timeout"]
_FIRST_ERROR = 400  # RFC 9110, 15.5
_CALLED_OFF = "net::ERR_ABORTED"  # By the page, say by its own fetch(…, {signal}).
_UNASKED_ICON = "/favicon.ico"  # HTML, 4.6.7.9
ResourceKind = Literal["document", "stylesheet", "script", "image", "font", "xhr", "other"]


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
    of the navigation. `status` and `protocol` are None when no response came, `kind` when the
    record is older than the field. `failure` is the client's own word for what ended it early
    ("net::ERR_CONNECTION_REFUSED"), "" without one.
    """

    url: Url
    status: int | None
    protocol: str | None
    bytes: int
    start_ms: float
    duration_ms: float
    kind: ResourceKind | None = None
    failure: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether the page lacks it: no response, one of 400 or more, or not all of it.

        What the page itself called off it does not lack, nor the icon that a browser asks every
        site for.
        """
        if urlsplit(self.url).path == _UNASKED_ICON:
            return False
        if self._is_refused or not self.failure:
            return self.status is None or self._is_refused
        return self.failure != _CALLED_OFF

    @property
    def _is_refused(self) -> bool:
        """Of scripts and stylesheets with such a status Chromium says ERR_ABORTED, too."""
        return self.status is not None and self.status >= _FIRST_ERROR

    @property
    def why_missing(self) -> str:
        """Its status, or the client's word for the failure."""
        if self._is_refused:
            return str(self.status)
        return self.failure.removeprefix("net::") or "no answer in time"


@dataclass(frozen=True)
class Vitals:
    """What the visitor felt. Milliseconds from the start of the navigation; None: not known.

    ttfb                      first octet of the answer: responseStart (W3C Navigation Timing 2,
                              https://web.dev/articles/ttfb); redirects, DNS, connect and TLS
                              are in it, as they are not in Timings.ttfb
    first_contentful_paint    first text or image on the screen (W3C Paint Timing)
    largest_contentful_paint  the largest text or image that was painted while the visit was
                              watched (W3C Largest Contentful Paint, https://web.dev/articles/lcp)
    largest_element           what that was, as a CSS selector like "img.hero"
    largest_url               the image's URL; None for text
    cumulative_layout_shift   sum of the layout shift scores of the worst session window: shifts
                              less than 1 s apart, for 5 s at most, none within 500 ms of an input
                              (https://web.dev/articles/cls). No unit
    total_blocking_time       what long tasks (W3C Long Tasks) took beyond 50 ms each, from
                              first_contentful_paint to fully_loaded: as
                              https://web.dev/articles/tbt has it, but for the end. Time to
                              Interactive would need 5 s of quiet after the page
    speed_index               mean time at which the visible part of the page was there: the
                              integral of 1 − visual completeness, whose steps are those of
                              filmstrip.json; None without a filmstrip
    fully_loaded              end of the last exchange, or the load event if later; the network
                              was quiet for 100 ms after it. With curl the whole transfer
    """

    ttfb: float | None = None
    first_contentful_paint: float | None = None
    largest_contentful_paint: float | None = None
    largest_element: str | None = None
    largest_url: str | None = None
    cumulative_layout_shift: float | None = None
    total_blocking_time: float | None = None
    speed_index: float | None = None
    fully_loaded: float | None = None


@dataclass(frozen=True)
class Transfer:
    """What a visit asked for of one kind, redirects included, and the octets that came over the
    wire for it, headers included. "xhr" is fetch() too.
    """

    kind: ResourceKind
    requests: int
    bytes: int


# Which caches were emptied before a click: none, the visitor's and the resolvers', or "all".
Cold = bool | Literal["all"]


@dataclass(frozen=True)
class Visit:
    """One click: who asked for what, how it went, and how long each step took.

    node            the client's name in the topology
    status          HTTP status of the document, None when no response came
    protocol        "h2", "http/1.1", "h3"; None when no response came
    remote_address  the IP address that served the document
    error           the step that failed, or None: "url" where the client itself would not ask (an
                    address that is none to it, a port it keeps from), "http" whatever came after
                    the handshakes, a status of 400 or more too, "timeout" the visit's own deadline
    error_detail    the client's own word for the failure, "" without one
    started         start of the navigation, wall clock: ISO 8601 in UTC with microseconds
    cold            true: what the visitor and resolvers remember was emptied first (lease, ARP,
                    names); "all": and what the CDN's edges had stored
    transfers       requests and octets by kind, kinds without a request left out; () in records
                    older than the field
    ended_ms        when the client was done with it or gave it up, since the start; None in
                    records older than the field
    """

    run: str
    url: Url
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
    started: Moment
    cold: Cold
    vitals: Vitals = Vitals()
    transfers: tuple[Transfer, ...] = ()
    ended_ms: float | None = None

    @property
    def missing(self) -> tuple[Resource, ...]:
        """The sub-resources that did not come."""
        return tuple(resource for resource in self.resources if resource.is_missing)

    @property
    def is_whole(self) -> bool:
        """Whether the visitor got the page with all its parts: the one measure of a good visit."""
        return self.error is None and not self.missing

    @property
    def shortfall(self) -> str:
        """ "10 of 12 files missing: 9 × 503, 1 × ERR_CONNECTION_REFUSED"; "" where none is."""
        missing = self.missing
        if not missing:
            return ""
        whys = Counter(resource.why_missing for resource in missing).most_common()
        told = ", ".join(f"{count} × {why}" for why, count in whys)
        count = len(self.resources)
        return f"{len(missing)} of {count} file{'' if count == 1 else 's'} missing: {told}"


def to_json(visit: Visit) -> dict[str, Any]:
    """The visit as the JSON object of `visit.json` and `lab visit --json`: the fields, by name."""
    lists = {name: [asdict(part) for part in getattr(visit, name)] for name in _LISTS}
    return {**asdict(visit), **lists}


def from_json(value: Any) -> Visit:
    """The visit that `to_json` wrote, now or before there were vitals and transfers.

    Raises Misfit, a TypeError, when it is not one.
    """
    return from_plain(Visit, value)


_LISTS = ("resources", "transfers")
