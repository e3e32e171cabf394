"""What the shop's servers write of each request: nginx at the edge, HAProxy, web and app servers.

The formats are those of render/templates and images/shop. A line that does not read is passed over.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from orchestrator.records.testimony import LogLine

# HAProxy's httplog with one captured request header (HAProxy configuration manual, 8.2.3).
_HAPROXY = re.compile(
    r"(?P<client>\S+) \[[^]]+\] \S+ (?P<backend>[^/ ]+)/(?P<server>\S+)"
    r" (?P<timers>[-+\d/]+) (?P<status>-?\d+) (?P<bytes>\d+) .*?/(?P<retries>\+?\d+) \d+/\d+ .*"
    r'\{(?P<id>[^}]*)\} "(?P<method>\S+) (?P<target>\S+)'
)
_BALANCED = ("backend", "server", "bytes", "timers", "retries")
_APP = re.compile(
    r"\S+ (?P<method>\S+) (?P<path>'.*'|\".*\") (?P<status>\d+) (?P<ms>[\d.]+) ms id=(?P<id>\S+)"
)
_WEB = re.compile(
    r'[\d.]+ (?P<id>\S+) \S+ "(?P<method>\S+) (?P<path>\S+) [^"]*" (?P<status>\d+) (?P<bytes>\d+)'
)


@dataclass(frozen=True)
class Logged:
    """A request in a server's log.

    client     (packed address, port) it came from, as the server saw it; None where not logged
    request_id "" where it had none
    path       without scheme and host
    values     what else the line says, by the name that the server's documentation uses
    says       the part of the line that says so
    """

    node: str
    line: LogLine
    client: tuple[bytes, int] | None
    request_id: str
    method: str
    path: str
    status: int
    values: dict[str, str]
    says: str

    @property
    def took_ns(self) -> int:
        """From the request until all of the answer was written, by the server's own count in
        milliseconds; 0 where it has none."""
        seconds = float(self.values.get("total_s") or 0)
        timers = self.values.get("timers", "0").rpartition("/")[2]
        return round(seconds * 1e9) + max(int(timers), 0) * 1_000_000

    @property
    def began_ns(self) -> int:
        """When the server began with it, as far as its own count goes; else when it logged."""
        return self.line.time_ns - self.took_ns


def read_edge_log(node: str, lines: Iterable[LogLine]) -> Iterator[Logged]:
    """nginx's access log at a CDN's edge, a JSON object a line.

    values: cache, upstream, upstream_s, total_s, bytes, protocol, tls, each "" where it was not.
    """
    for line in lines:
        entry = _object(line.text)
        method, _, rest = str(entry.get("request", "")).partition(" ")
        if not rest or "id" not in entry:
            continue
        yield Logged(
            node=node,
            line=line,
            client=_end(str(entry.get("client", ""))),
            request_id=str(entry["id"]),
            method=method,
            path=rest.rpartition(" ")[0],
            status=int(entry.get("status", 0)),
            values={name: str(value) for name, value in entry.items()},
            says=_between(line.text, '"id"', ',"protocol"'),
        )


def read_balancer_log(node: str, lines: Iterable[LogLine]) -> Iterator[Logged]:
    """HAProxy's HTTP log. values: backend, server, bytes, timers as "TR/Tw/Tc/Tr/Ta" in ms, and
    retries, with a plus where another server was asked in the end."""
    for line in lines:
        found = _HAPROXY.match(line.text)
        if found is None:
            continue
        target = urlsplit(found["target"])
        query = f"?{target.query}" if target.query else ""
        yield Logged(
            node=node,
            line=line,
            client=_end(found["client"]),
            request_id=found["id"],
            method=found["method"],
            path=target.path + query,
            status=int(found["status"]),
            values={name: found[name] for name in _BALANCED},
            says=line.text[found.start("backend") : found.end("bytes")],
        )


def read_app_log(node: str, lines: Iterable[LogLine]) -> Iterator[Logged]:
    """The shop's application. values: ms, how long it worked. Its paths have no query."""
    return _read_lines(node, lines, _APP, ("ms",))


def read_web_log(node: str, lines: Iterable[LogLine]) -> Iterator[Logged]:
    """nginx at the shop's web servers. values: bytes."""
    return _read_lines(node, lines, _WEB, ("bytes",))


def _read_lines(
    node: str, lines: Iterable[LogLine], pattern: re.Pattern[str], names: tuple[str, ...]
) -> Iterator[Logged]:
    for line in lines:
        if found := pattern.match(line.text):
            yield Logged(
                node=node,
                line=line,
                client=None,
                request_id=found["id"].strip("-"),
                method=found["method"],
                path=_unquoted(found["path"]),
                status=int(found["status"]),
                values={name: found[name] for name in names},
                says=found[0],
            )


def _unquoted(path: str) -> str:
    """The application writes a path as a Python string, in ASCII with escapes."""
    try:
        return str(ast.literal_eval(path)) if path[0] in "'\"" else path
    except (SyntaxError, ValueError):
        return path[1:-1]


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text) if text.startswith("{") else {}
    except json.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _end(text: str) -> tuple[bytes, int] | None:
    """``address:port``, an IPv6 address without brackets too."""
    address, _, port = text.rpartition(":")
    try:
        return ip_address(address).packed, int(port)
    except ValueError:
        return None


def _between(text: str, first: str, after: str) -> str:
    start, end = text.find(first), text.find(after)
    return text[start:end] if 0 <= start < end else text
