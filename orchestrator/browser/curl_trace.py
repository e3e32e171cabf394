"""When a fetch of curl's began, and what its last request took, out of the trace of its states.

curl's own figures count from a beginning that it does not tell, and over redirects they are sums of
each request's own: of a redirect from HTTP to HTTPS their difference is no TLS handshake. Its trace
(--trace-time, --trace-config multi,tcp) stamps each change of state with the time of day to the
microsecond; "[INIT] -> [SETUP]" is the moment from which %{time_total} counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# What of the trace is wanted, for grep -o: nothing in it is a server's word.
WANTED = r"^[0-9:.]{15} (\* \[(MULTI|TCP)\] [][A-Z> -]*(connected)?|<)"
_LINE = re.compile(r"(\d\d):(\d\d):(\d\d\.\d{6}) (.+)")
_DAY_S = 86_400
_SLACK_S = 0.001
# What ends each step; the first of a request counts, but for the connection that was made at last.
_ENDS = {
    "[CONNECT] -> [CONNECTING]": "namelookup",
    "[RESOLVING] -> [CONNECTING]": "namelookup",
    "[TCP] connected": "connect",
    "[CONNECTING] -> [PROTOCONNECT]": "appconnect",
    "[DO] -> [DID]": "pretransfer",
    "<": "starttransfer",
}
_CONNECTING = ("namelookup", "connect", "appconnect")
_STEPS = tuple(dict.fromkeys(_ENDS.values()))


def find_start_s(trace: str, latest_s: float) -> float:
    """When the fetch began, seconds since the epoch.

    The trace has the fraction of the second, whatever the client takes for the day and the hour;
    ``latest_s``, the end by a true clock less how long it took, has the rest. It is late by what
    curl did after its last octet, less than a second. Without a trace it is all that is known.
    """
    stamps = _stamps(trace)
    if not stamps:
        return latest_s
    late_s = (latest_s - stamps[0][0] + _SLACK_S) % 1 - _SLACK_S
    return latest_s - late_s


def last_request(report: Mapping[str, Any], trace: str) -> dict[str, Any]:
    """What curl reported, with the steps of its last request alone, counted from that one's start.

    A fetch that was not redirected has no other. What the trace does not show is 0: not known, or
    saved by a connection that was there (``num_connects`` is 0 then). The status is that of a
    response to it, 0 without one.
    """
    if not report["num_redirects"]:
        return dict(report)
    found = _last_steps(trace)
    saved = "pretransfer" in found and "connect" not in found
    absent = _CONNECTING if saved else ()
    if report["scheme"].lower() != "https":
        absent = (*absent, "appconnect")
    kept = {step: time_s for step, time_s in found.items() if step not in absent}
    seconds = {f"time_{step}": kept.get(step, 0.0) for step in _STEPS}
    status = report["http_code"] if "starttransfer" in found or not found else 0
    return {**report, **seconds, "num_connects": int(not saved), "http_code": status}


def _last_steps(trace: str) -> dict[str, float]:
    """The end of each step of the last request, seconds after it began."""
    began_s, found = 0.0, dict[str, float]()
    for time_s, what in _stamps(trace):
        if what.endswith("-> [SETUP]"):
            began_s, found = time_s, {}
        for ending, step in _ENDS.items():
            if what.endswith(ending) and (step == "connect" or step not in found):
                found[step] = (time_s - began_s) % _DAY_S
    return found


def _stamps(trace: str) -> list[tuple[float, str]]:
    """(seconds of the day, what happened) from the start of the first request on."""
    lines = [(line, found) for line in trace.splitlines() if (found := _LINE.match(line))]
    stamps = [(3600 * int(f[1]) + 60 * int(f[2]) + float(f[3]), line) for line, f in lines]
    first = next((n for n, (_, what) in enumerate(stamps) if "-> [SETUP]" in what), len(stamps))
    return stamps[first:]
