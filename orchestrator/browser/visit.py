"""Load one page in a running browser, and take down all that the browser says about it.

A page counts as loaded when its load event has fired and its network has been quiet for a moment;
whatever happens, the visit ends when its time is up and says what there is.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from orchestrator.browser.cdp import Connection, Message
from orchestrator.browser.observe import Told, ask_page, watch_page
from orchestrator.errors import DeployError

# Long enough for a script that the load event woke to send its first request.
QUIET_S = 0.1
# For what is asked of a page after its time is up: timings, metrics, screenshot.
AFTERMATH_S = 3.0
ERROR_PAGE_S = 1.0
BLANK = "about:blank"
DOMAINS = ("Page", "Network", "Performance", "Log")
ENDS = ("Network.loadingFinished", "Network.loadingFailed")


@dataclass(frozen=True)
class PageLoad:
    """What the browser saw of one load.

    url           what was asked for
    started_s     start of the navigation on the browser's clock (CLOCK_MONOTONIC), seconds
    wall_offset_s what to add to that clock for the wall clock, seconds
    main_request  id of the document's request in `events`, "" when none was made
    events        the page's protocol events, in order
    failure       why the navigation failed ("net::ERR_…"), "" when it did not
    timed_out     time was up before the load event
    stopped_s     when it was waited for no longer, on the browser's clock, seconds
    told          what the page says of itself, Told() when no page was there to ask
    screenshot    PNG, b"" when none could be taken
    """

    url: str
    started_s: float
    wall_offset_s: float
    main_request: str
    events: tuple[Message, ...]
    failure: str
    timed_out: bool
    stopped_s: float = 0.0
    told: Told = field(default_factory=Told)
    screenshot: bytes = b""


@dataclass(frozen=True)
class _Ending:
    """How a navigation ended; committed: the page is the one that was asked for."""

    committed: bool = False
    failure: str = ""
    timed_out: bool = False


def open_page(connection: Connection) -> str:
    """Make a blank page that reports its network and timings; returns its session.

    Whatever is loaded into it is watched from its birth.
    """
    page = connection.call("Target.createTarget", url=BLANK)["targetId"]
    attached = connection.call("Target.attachToTarget", targetId=page, flatten=True)
    session: str = attached["sessionId"]
    sent = [connection.send(f"{domain}.enable", session) for domain in DOMAINS]
    for command in sent:
        connection.answer(command, time.monotonic() + AFTERMATH_S)
    watch_page(connection, session)
    return session


def visit_page(connection: Connection, session: str, url: str, *, timeout_s: float) -> PageLoad:
    """Navigate the page `session` to `url` and wait until it has loaded, for `timeout_s` at most.

    A failed visit is a result too. Raises DeployError only when the browser itself fails.
    """
    connection.events.clear()
    asked_s = time.monotonic()
    ending = _load(connection, session, url, asked_s + timeout_s)
    stopped_s = time.monotonic()
    events = tuple(connection.events)
    started_s, told = asked_s, Told()
    if ending.failure:  # the browser's own error page is on its way
        with suppress(TimeoutError):
            _wait_for_load(connection, time.monotonic() + ERROR_PAGE_S)
    aftermath = time.monotonic() + AFTERMATH_S
    screenshot = _take_screenshot(connection, session, aftermath)
    if ending.committed:
        with suppress(TimeoutError):
            told = ask_page(connection, session, aftermath)
            started_s = _navigation_start(connection, session, aftermath)
    return PageLoad(
        url=url,
        started_s=started_s,
        wall_offset_s=time.time() - time.monotonic(),
        main_request=main_request(events),
        events=events,
        failure=ending.failure,
        timed_out=ending.timed_out,
        stopped_s=stopped_s,
        told=told,
        screenshot=screenshot,
    )


def main_request(events: Iterable[Message]) -> str:
    """Id of the first document's request, which redirects keep; "" without one."""
    sent = (e["params"] for e in events if e["method"] == "Network.requestWillBeSent")
    return next((p["requestId"] for p in sent if p.get("type") == "Document"), "")


def _load(connection: Connection, session: str, url: str, deadline: float) -> _Ending:
    """Navigate, and wait until the page is there or time is up."""
    committed = False
    try:
        answer = connection.call("Page.navigate", session, deadline=deadline, url=url)
        if failure := answer.get("errorText", ""):
            return _Ending(failure=failure)
        committed = True
        _wait_for_load(connection, deadline)
    except TimeoutError:
        connection.send("Page.stopLoading", session)
        return _Ending(committed, timed_out=True)
    with suppress(TimeoutError):
        _wait_for_quiet(connection, deadline)
    return _Ending(committed)


def _wait_for_load(connection: Connection, deadline: float) -> None:
    while not is_loaded(connection.events):
        connection.pump(deadline)


def is_loaded(events: Iterable[Message]) -> bool:
    """Whether the page asked for has fired its load event; the blank page before it may too."""
    arrived = False
    for event in events:
        if event["method"] == "Page.frameNavigated":
            frame = event["params"]["frame"]
            arrived = arrived or ("parentId" not in frame and frame["url"] != BLANK)
        elif event["method"] == "Page.loadEventFired" and arrived:
            return True
    return False


def _wait_for_quiet(connection: Connection, deadline: float) -> None:
    """Until no request is under way and QUIET_S passed without news. Raises TimeoutError.

    A picture of the screen is no news: it is not among the events.
    """
    known, quiet_since = 0, time.monotonic()
    while True:
        if len(connection.events) > known:
            known, quiet_since = len(connection.events), time.monotonic()
        with_limit = deadline if in_flight(connection.events) else quiet_since + QUIET_S
        try:
            connection.pump(min(with_limit, deadline))
        except TimeoutError:
            if with_limit >= deadline:
                raise
            return


def in_flight(events: Iterable[Message]) -> set[str]:
    """Ids of the requests that were sent and have not ended; endless event streams aside."""
    open_requests: set[str] = set()
    for event in events:
        params = event["params"]
        if event["method"] == "Network.requestWillBeSent" and params.get("type") != "EventSource":
            open_requests.add(params["requestId"])
        elif event["method"] in ENDS:
            open_requests.discard(params["requestId"])
    return open_requests


def _take_screenshot(connection: Connection, session: str, deadline: float) -> bytes:
    with suppress(TimeoutError, DeployError):
        shot = connection.call("Page.captureScreenshot", session, deadline=deadline, format="png")
        return base64.b64decode(shot["data"])
    return b""


def _navigation_start(connection: Connection, session: str, deadline: float) -> float:
    """When the navigation began, seconds of CLOCK_MONOTONIC; timeOrigin is only a wall clock."""
    answer = connection.call("Performance.getMetrics", session, deadline=deadline)
    metrics = {metric["name"]: metric["value"] for metric in answer["metrics"]}
    return float(metrics["NavigationStart"])
