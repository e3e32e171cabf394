"""Hand-made pieces of the DevTools protocol for the tests of this folder."""

from __future__ import annotations

from typing import Any

NO_STEPS = {f"{step}{end}": -1 for step in ("dns", "connect", "ssl") for end in ("Start", "End")}


def event(method: str, **params: Any) -> dict[str, Any]:
    return {"method": method, "params": params}


def sent(request: str, url: str, at_s: float, kind: str = "Image", **more: Any) -> dict[str, Any]:
    asked = {"url": url, "method": "GET", "headers": {"Accept": "*/*"}}
    return event(
        "Network.requestWillBeSent",
        requestId=request,
        request=asked,
        timestamp=at_s,
        type=kind,
        **more,
    )


def response(status: int = 200, **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "statusText": "",
        "protocol": "h2",
        "headers": {"content-length": "5"},
        "mimeType": "text/html",
        "remoteIPAddress": "198.18.0.1",
        "connectionId": 36,
        "encodedDataLength": 60,
        **more,
    }


def timing(request_time_s: float, **steps: float) -> dict[str, float]:
    return {"requestTime": request_time_s, **NO_STEPS, **steps}


def received(request: str, at_s: float, **more: Any) -> dict[str, Any]:
    return event(
        "Network.responseReceived", requestId=request, timestamp=at_s, response=response(**more)
    )


def finished(request: str, at_s: float, wire_bytes: int = 100) -> dict[str, Any]:
    return event(
        "Network.loadingFinished",
        requestId=request,
        timestamp=at_s,
        encodedDataLength=wire_bytes,
    )


def failed(request: str, at_s: float, why: str) -> dict[str, Any]:
    return event("Network.loadingFailed", requestId=request, timestamp=at_s, errorText=why)
