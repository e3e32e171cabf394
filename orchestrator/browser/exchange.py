"""Protocol events → one value per HTTP exchange, redirects apart.

The browser tells an exchange in pieces: what the page asked for (requestWillBeSent), what really
went over the wire (…ExtraInfo, sent by another process and therefore in no fixed order to the
rest), the response, the body's octets, the end. A redirect keeps the request's id: it is announced
by the next requestWillBeSent, which carries the response that redirected.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Exchange:
    """One request and what came back. Times are seconds of the browser's monotonic clock.

    status, protocol   None when no response came
    timing             the protocol's ResourceTiming (ms after its requestTime; −1: not done), {}
                       when the response came from a cache or did not come
    wire_bytes         octets received, headers included; header_bytes of them came before the body
    body_bytes         octets of the body, decoded
    failure            "net::ERR_…", "" without one; ended_s is None while neither end was seen
    kind               the protocol's ResourceType in small letters ("document", "fetch", …)
    initiator          the protocol's Initiator: who asked for it
    was_sent           the browser told its headers as they went over the wire
    priority           "VeryHigh" … "VeryLow", "" when not said
    cache              "memory" or "disk" when the response came from there, else ""
    """

    request_id: str
    url: str
    method: str
    sent_s: float
    request_headers: Mapping[str, str]
    status: int | None = None
    status_text: str = ""
    protocol: str | None = None
    response_headers: Mapping[str, str] = field(default_factory=dict)
    mime_type: str = ""
    remote_address: str | None = None
    connection: str = ""
    timing: Mapping[str, float] = field(default_factory=dict)
    wire_bytes: int = 0
    body_bytes: int = 0
    ended_s: float | None = None
    failure: str = ""
    redirect_url: str = ""
    header_bytes: int = 0
    kind: str = "other"
    initiator: Mapping[str, Any] = field(default_factory=dict)
    priority: str = ""
    cache: str = ""
    was_sent: bool = False


def collect_exchanges(events: Iterable[Mapping[str, Any]]) -> tuple[Exchange, ...]:
    """The HTTP exchanges in `events`, in the order they were sent; data: and blob: left out."""
    hops: dict[str, list[Exchange]] = defaultdict(list)
    order: list[tuple[str, int]] = []
    extras: dict[str, list[Params]] = defaultdict(list)
    for event in events:
        method, params = event["method"], event["params"]
        if method == "Network.requestWillBeSent":
            _begin(hops[params["requestId"]], params)
            order.append((params["requestId"], len(hops[params["requestId"]]) - 1))
        elif method in UPDATES and hops[params["requestId"]]:
            hops[params["requestId"]][-1] = UPDATES[method](hops[params["requestId"]][-1], params)
        elif method in EXTRA_FIELD:
            extras[f"{method} {params['requestId']}"].append(params)
    _apply_extras(hops, extras)
    exchanges = (hops[request_id][index] for request_id, index in order)
    return tuple(e for e in exchanges if e.url.startswith(("http://", "https://")))


def _begin(hops: list[Exchange], params: Params) -> None:
    request, sent_s = params["request"], params["timestamp"]
    if (redirected := params.get("redirectResponse")) and hops:
        answered = _with_response(hops[-1], {"response": redirected})
        wire_bytes = int(redirected.get("encodedDataLength", 0))
        hops[-1] = replace(
            answered, ended_s=sent_s, redirect_url=request["url"], wire_bytes=wire_bytes
        )
    hops.append(
        Exchange(
            request_id=params["requestId"],
            url=request["url"] + request.get("urlFragment", ""),
            method=request["method"],
            sent_s=sent_s,
            request_headers=request["headers"],
            kind=params.get("type", "Other").lower(),
            initiator=params.get("initiator", {}),
            priority=request.get("initialPriority", ""),
        )
    )


def _with_response(exchange: Exchange, params: Params) -> Exchange:
    response = params["response"]
    return replace(
        exchange,
        status=response["status"],
        status_text=response["statusText"],
        protocol=response.get("protocol"),
        response_headers=response["headers"],
        mime_type=response["mimeType"],
        remote_address=(response.get("remoteIPAddress") or "").strip("[]") or None,
        connection=str(response.get("connectionId") or ""),
        timing=response.get("timing") or {},
        header_bytes=int(response.get("encodedDataLength", 0)),
        cache="disk" if response.get("fromDiskCache") else exchange.cache,
    )


def _with_data(exchange: Exchange, params: Params) -> Exchange:
    return replace(exchange, body_bytes=exchange.body_bytes + params["dataLength"])


def _with_end(exchange: Exchange, params: Params) -> Exchange:
    wire_bytes = int(params["encodedDataLength"])
    return replace(exchange, ended_s=params["timestamp"], wire_bytes=wire_bytes)


def _with_failure(exchange: Exchange, params: Params) -> Exchange:
    return replace(exchange, ended_s=params["timestamp"], failure=params["errorText"])


def _with_cache(exchange: Exchange, _: Params) -> Exchange:
    return replace(exchange, cache="memory")


UPDATES: dict[str, Callable[[Exchange, Params], Exchange]] = {
    "Network.responseReceived": _with_response,
    "Network.dataReceived": _with_data,
    "Network.loadingFinished": _with_end,
    "Network.loadingFailed": _with_failure,
    "Network.requestServedFromCache": _with_cache,
}
# Which headers of an exchange the wire's own version of them replaces.
EXTRA_FIELD = {
    "Network.requestWillBeSentExtraInfo": "request_headers",
    "Network.responseReceivedExtraInfo": "response_headers",
}


def _apply_extras(hops: Mapping[str, list[Exchange]], extras: Mapping[str, list[Params]]) -> None:
    """Give the n-th hop of each request its n-th wire headers."""
    for request_id, chain in hops.items():
        for method, name in EXTRA_FIELD.items():
            seen = extras.get(f"{method} {request_id}", [])
            for index, params in enumerate(seen[: len(chain)]):
                sent = name == "request_headers" or chain[index].was_sent
                told = {name: params["headers"], "was_sent": sent}
                chain[index] = replace(chain[index], **told)
