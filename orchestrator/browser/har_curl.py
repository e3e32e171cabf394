"""What curl says of a fetch → HAR 1.2, with one entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from orchestrator.browser.har import PAGE, add_up, describe_page, write_log
from orchestrator.browser.har_message import http_version, split_query
from orchestrator.records.visit import Visit


def fetch_to_har(visit: Visit, report: Mapping[str, Any]) -> dict[str, Any]:
    """The HAR of a fetch: its last request. `report` is what curl.parse_output gave.

    It is of the fetch's last request, as curl_trace.last_request gives it. Of headers curl has told
    no more than the size.
    """
    timings = split_fetch(report)
    entry = {
        "pageref": PAGE,
        "startedDateTime": _after(visit.started, report["time_redirect"]),
        "time": add_up(timings),
        "request": _request(visit, report),
        "response": _response(visit, report),
        "cache": {},
        "timings": timings,
        "_resourceType": "document",
    }
    if visit.remote_address:
        entry["serverIPAddress"] = visit.remote_address
    if report["num_redirects"]:
        took_ms = 1000 * report["time_redirect"]
        entry["comment"] = f"after {report['num_redirects']} redirects, in {took_ms:.1f} ms"
    return write_log({}, [describe_page(visit, "")], [entry])


def split_fetch(report: Mapping[str, Any]) -> dict[str, float]:
    """Where the time of a fetch went, ms. curl queues nothing, so `blocked` is −1; only of a fetch
    that failed it is what no step accounts for.
    """
    dns, connect, tls, ready, first_byte, whole = (
        1000 * report[f"time_{step}"]
        for step in ("namelookup", "connect", "appconnect", "pretransfer", "starttransfer", "total")
    )
    whole -= 1000 * report["time_redirect"]
    connected = max(connect, tls)
    timings = {
        "dns": dns or -1,
        "connect": connected - dns if connected else -1,
        "ssl": tls - connect if tls else -1,
        "send": max(0.0, ready - max(connected, dns)),
        "wait": max(0.0, first_byte - ready) if first_byte else 0,
        "receive": whole - first_byte if first_byte else 0,
    }
    rest_ms = whole - add_up(timings)
    return {"blocked": max(0.0, rest_ms) if report["exitcode"] else -1, **timings}


def _after(started: str, seconds: float) -> str:
    moment = datetime.fromisoformat(started) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="microseconds")


def _request(visit: Visit, report: Mapping[str, Any]) -> dict[str, Any]:
    url = report["url_effective"] or visit.url
    return {
        "method": "GET",
        "url": url,
        "httpVersion": http_version(visit.protocol),
        "queryString": split_query(url),
        **{part: [] for part in ("cookies", "headers")},
        "headersSize": -1,
        "bodySize": 0,
    }


def _response(visit: Visit, report: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "status": visit.status or 0,
        "statusText": "",
        "httpVersion": http_version(visit.protocol),
        **{part: [] for part in ("cookies", "headers")},
        "content": {"size": -1, "mimeType": report["content_type"] or "x-unknown"},
        "redirectURL": "",
        "headersSize": report["size_header"],
        "bodySize": report["size_download"],
        "_error": visit.error_detail or None,
    }
