"""When a line of a log was written, by what is in it."""

from __future__ import annotations

import re
from datetime import datetime

from orchestrator.records.testimony import LogLine

_BIRDS = re.compile(r"([-\d]+ [:.\d]+) <")
# Where the two clocks differ more, the node's was set wrong. Whoever reads BIRD's output for Docker
# is late by milliseconds, and on a busy machine by seconds.
_CLOCKS_DIFFER_NS = 60_000_000_000


def nanoseconds(stamp: str) -> int:
    """Of a moment since 1970: RFC 3339 in UTC with up to nine decimals. Raises ValueError."""
    whole, _, decimals = stamp.rstrip("Z").replace(" ", "T").partition(".")
    seconds = int(datetime.fromisoformat(f"{whole}+00:00").timestamp())
    return seconds * 10**9 + int(decimals[:9].ljust(9, "0") or "0")


def bird_ns(line: LogLine) -> int:
    """When BIRD wrote a line, as late as its own time allows: that has milliseconds only, and a
    session must not seem to go down before the link under it. Docker's time, which waits for
    whoever reads BIRD's output, is the bound, and stands alone where the clocks disagree."""
    found = _BIRDS.match(line.text)
    try:
        latest_ns = nanoseconds(found[1]) + 999_999 if found else line.time_ns
    except ValueError:
        return line.time_ns
    return latest_ns if 0 < line.time_ns - latest_ns < _CLOCKS_DIFFER_NS else line.time_ns
