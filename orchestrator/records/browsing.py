"""What a browser leaves of a visit, as far as it is read: HAR, timeline, NetLog, film.

Objects stay dictionaries, by the names that their formats have; what is not named here is left as
it is and may be anything. A key that is not Required may be missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Required, TypedDict

from orchestrator.records.checked import Moment, Number, Url


# HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/); what begins with _ is the browsers'.
class Header(TypedDict):
    name: Required[str]
    value: Required[str]


class HarRequest(TypedDict, total=False):
    """A request, as it was sent."""

    method: str
    url: Required[Url]
    headers: list[Header]


class HarResponse(TypedDict, total=False):
    """A response; its status is 0 where none came."""

    status: Required[int]
    redirectURL: Url
    headers: list[Header]
    _transferSize: int | None


class HarTimings(TypedDict, total=False):
    """Milliseconds; −1 or nothing for what there was not."""

    blocked: float | None
    dns: float | None
    connect: float | None
    ssl: float | None
    send: float | None
    wait: float | None
    receive: float | None


class CallFrame(TypedDict, total=False):
    """A function of a page's script."""

    url: str


class Stack(TypedDict, total=False):
    """The functions that led to a request, the innermost first."""

    callFrames: list[CallFrame] | None


class Initiator(TypedDict, total=False):
    """Who asked for a request (CDP, Network.Initiator)."""

    url: str | None
    stack: Stack | None


class HarEntry(TypedDict, total=False):
    """An exchange: a request, its response, and how long each phase took."""

    startedDateTime: Required[Moment]
    time: Required[float]
    request: Required[HarRequest]
    response: Required[HarResponse]
    timings: Required[HarTimings]
    _initiator: Initiator | None


class HarLog(TypedDict, total=False):
    """All of them, in the order sent."""

    entries: list[HarEntry]


class Har(TypedDict, total=False):
    """The whole of visit.har."""

    log: HarLog


class Navigation(TypedDict, total=False):
    """PerformanceNavigationTiming: milliseconds since the start of the navigation, 0 for never."""

    requestStart: float | None
    responseStart: float | None
    responseEnd: float | None
    domInteractive: float | None
    domContentLoadedEventStart: float | None
    loadEventStart: float | None
    decodedBodySize: int | None


class TimedResource(TypedDict, total=False):
    """PerformanceResourceTiming (W3C Resource Timing), in ms since the start of the navigation."""

    name: Required[Url]
    startTime: Required[float]
    duration: Required[float]
    responseEnd: Required[float]
    responseStart: float | None
    requestStart: float | None
    renderBlockingStatus: str | None
    initiatorType: str | None


class Mark(TypedDict, total=False):
    """A moment with a name: PerformancePaintTiming, and what we noted ourselves."""

    name: Required[str]
    startTime: Required[float]


class LargestPaint(TypedDict, total=False):
    """LargestContentfulPaint (W3C): when what was largest so far was drawn."""

    startTime: Required[float]
    element: str | None
    url: str | None
    size: float | None


Timeline = TypedDict(
    "Timeline",
    {
        "navigation": list[Navigation] | None,
        "resource": list[TimedResource] | None,
        "paint": list[Mark] | None,
        "moment": list[Mark] | None,
        "largest-contentful-paint": list[LargestPaint] | None,
        "longtask": list[dict[str, Any]] | None,
    },
    total=False,
)
"""timeline.json: the page's entries by type."""


class NetLogConstants(TypedDict, total=False):
    """What the numbers in a NetLog stand for."""

    logEventTypes: dict[str, int]
    logSourceType: dict[str, int]
    timeTickOffset: int | Number


class NetLogSource(TypedDict, total=False):
    """The object that an entry is about."""

    type: int
    id: int


class NetLogEntry(TypedDict, total=False):
    """An entry; what ``params`` has depends on its type."""

    type: int
    phase: int
    time: int | Number
    source: NetLogSource
    params: dict[str, Any] | None


class NetLog(TypedDict, total=False):
    """netlog.json, as Chromium writes it."""

    constants: NetLogConstants
    events: list[NetLogEntry]


class IpEndpoint(TypedDict, total=False):
    """An address that a name has."""

    endpoint_address: str


class Resolved(TypedDict, total=False):
    """What the browser's DNS cache knew."""

    aliases: list[str]
    ip_endpoints: list[IpEndpoint]


class Params(TypedDict, total=False):
    """Of the entries that are told."""

    host: str
    results: Resolved
    should_upgrade_to_ssl: bool


@dataclass(frozen=True)
class FilmFrame:
    """An entry of filmstrip.json: from ``ms`` on the screen showed the picture in ``file``, which
    is ``complete`` (0 to 1) of what it was in the end."""

    ms: float
    file: str
    complete: float | None = None
