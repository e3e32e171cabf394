"""A visit without a browser: curl's own clock, in the same table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.browser.address import SHORTEST_S, check_http_version, read_address
from orchestrator.browser.click import Click, wall_clock
from orchestrator.errors import DeployError
from orchestrator.plan.addresses import Family
from orchestrator.records.visit import ErrorKind, Paint, Timings, Transfer, Visit, Vitals

HTTP_FLAGS = {"1.1": "--http1.1", "2": "--http2", "3": "--http3-only"}
STEPS = (
    *("namelookup", "connect", "appconnect", "pretransfer", "starttransfer", "total"),
    "redirect",
)
PROTOCOLS = {"1": "http/1.0", "1.0": "http/1.0", "1.1": "http/1.1", "2": "h2", "3": "h3"}
# curl's %{json} would do, if it did not name curl's version: to do so libldap starts up and looks
# the client's own name up in the DNS, and two queries nobody made are in the capture.
VARIABLES: dict[str, type[int] | type[float] | type[str]] = {
    "exitcode": int,
    "errormsg": str,
    "http_code": int,
    "http_version": str,
    "scheme": str,
    "remote_ip": str,
    "num_connects": int,
    "num_redirects": int,
    "size_header": int,
    "size_download": int,
    "url_effective": str,
    **{f"time_{step}": float for step in STEPS},
    "content_type": str,  # the last, since a server may put a tab into it
}
WRITE_OUT = "\\t".join(f"%{{{name}}}" for name in VARIABLES) + "\\n"
CONNECT = (5, 7, 45, 96, 97)
TLS = (35, 51, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91, 98)
# libcurl-errors(3). What is not here went wrong after the handshakes: "http". So do 55 and 56, the
# connection's end while sending and receiving: before, it is 7 or 35.
ERRORS: dict[int, ErrorKind] = {
    3: "url",
    6: "dns",
    28: "timeout",
    **dict.fromkeys(CONNECT, "connect"),
    **dict.fromkeys(TLS, "tls"),
}


def curl_argv(
    url: str, *, ca_file: str, timeout_s: float, http: str, family: Family | None = None
) -> list[str]:
    """The command line that fetches `url` and prints a line of VARIABLES.

    On standard error it tells each of its states and when (curl_trace.py). `ca_file` is the root
    certificate's path in the container; redirects are followed, at most ten.
    Set SSLKEYLOGFILE for the TLS secrets.
    Raises UsageError as chromium_argv does.
    """
    address = read_address(url)
    check_http_version(http)
    return [
        "curl",
        "--silent",
        "--show-error",
        "--verbose",  # before what it would set back
        "--trace-time",
        "--trace-config",
        "multi,tcp",
        "--globoff",
        "--location",
        "--max-redirs",
        "10",
        "--proto",
        "=http,https",
        "--compressed",
        HTTP_FLAGS[http],
        *([f"-{family}"] if family else []),
        "--cacert",
        ca_file,
        "--max-time",
        f"{max(timeout_s, SHORTEST_S):.3f}",
        "--write-out",
        WRITE_OUT,
        "--output",
        "/dev/null",
        "--url",
        address,
    ]


def parse_output(text: str) -> dict[str, Any]:
    """The last transfer out of what curl printed, by the names of VARIABLES: numbers and texts.

    Raises DeployError when curl reported no transfer.
    """
    lines = [line.split("\t", len(VARIABLES) - 1) for line in text.split("\n")]
    reports = [line for line in lines if len(line) == len(VARIABLES)]
    if not reports:
        raise DeployError(f"curl reported nothing: {text.strip()[-200:]}")
    pairs = zip(VARIABLES.items(), reports[-1], strict=True)
    return {name: kind(value) for (name, kind), value in pairs}


def to_visit(click: Click, url: str, report: Mapping[str, Any], started_s: float) -> Visit:
    """The record of a fetch of `url` that began at `started_s`, seconds since the epoch.

    `report` is of its last request, as curl_trace.last_request gives it.
    """
    status = report["http_code"] or None
    error, detail = judge_fetch(report)
    received = report["size_header"] + report["size_download"]
    return Visit(
        run=click.run,
        url=url,
        client="curl",
        node=click.node,
        status=status,
        protocol=PROTOCOLS.get(report["http_version"]) if status else None,
        remote_address=report["remote_ip"] or None,
        timings_ms=fetch_timings(report),
        paint=Paint(),
        resources=(),
        error=error,
        error_detail=detail,
        started=wall_clock(started_s),
        cold=click.cold,
        vitals=fetch_vitals(report),
        transfers=(Transfer("document", 1 + report["num_redirects"], received),),
        ended_ms=1000 * report["time_total"],
    )


def judge_fetch(report: Mapping[str, Any]) -> tuple[ErrorKind | None, str]:
    """The step that failed and curl's word for it; (None, "") for a good fetch.

    What it could make no address of may be where a response sent it: that is "http".
    """
    if report["exitcode"]:
        kind = ERRORS.get(report["exitcode"], "http")
        return "http" if kind == "url" and report["http_code"] else kind, report["errormsg"]
    if report["http_code"] >= 400:
        return "http", f"HTTP status {report['http_code']}"
    return None, ""


def fetch_timings(report: Mapping[str, Any]) -> Timings:
    """Steps out of curl's times: seconds since the fetch began, 0 for what was not reached.

    On a connection that was there already curl reports 0 for the steps it saved, and so do we.
    """
    saved = report["http_code"] and not report["num_connects"]
    tls = _span(report, "connect", "appconnect")
    return Timings(
        dns=0.0 if saved else 1000 * report["time_namelookup"] or None,
        connect=0.0 if saved else _span(report, "namelookup", "connect"),
        tls=0.0 if saved and report["scheme"].lower() == "https" else tls,
        ttfb=_span(report, "pretransfer", "starttransfer"),
        download=_download(report),
        load=None if report["exitcode"] else 1000 * report["time_total"],
    )


def fetch_vitals(report: Mapping[str, Any]) -> Vitals:
    """What a fetch tells of records.Vitals: since its start, all redirects in it."""
    first_byte_s = report["time_starttransfer"]
    return Vitals(
        ttfb=1000 * (report["time_redirect"] + first_byte_s) if first_byte_s else None,
        fully_loaded=None if report["exitcode"] else 1000 * report["time_total"],
    )


def _download(report: Mapping[str, Any]) -> float | None:
    first_byte_s = report["time_starttransfer"]
    whole_s = report["time_total"] - report["time_redirect"]
    return max(0.0, 1000 * (whole_s - first_byte_s)) if first_byte_s else None


def _span(report: Mapping[str, Any], start: str, end: str) -> float | None:
    start_s, end_s = report[f"time_{start}"], report[f"time_{end}"]
    return max(0.0, 1000 * (end_s - start_s)) if start_s and end_s else None
