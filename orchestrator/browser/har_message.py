"""The two messages of an exchange, as HAR 1.2 has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from orchestrator.browser.exchange import Exchange

# The protocol's names (those of ALPN) → the versions' own (RFC 9112, 9113, 9114).
VERSIONS = {
    "http/1.0": "HTTP/1.0",
    "http/1.1": "HTTP/1.1",
    "h2": "HTTP/2",
    "h3": "HTTP/3",
}


def http_version(protocol: str | None) -> str:
    """ "HTTP/1.1", "HTTP/2", …; "" when no response came to tell.

    >>> http_version("h2")
    'HTTP/2'
    """
    return VERSIONS.get(protocol or "", protocol or "")


def describe_request(exchange: Exchange) -> dict[str, Any]:
    """The `request` of an entry. Sizes that are not known are −1."""
    return {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": http_version(exchange.protocol),
        "cookies": _sent_cookies(exchange.request_headers),
        "headers": _headers(exchange.request_headers),
        "queryString": split_query(exchange.url),
        "headersSize": -1,
        "bodySize": 0 if exchange.method in ("GET", "HEAD") else -1,
    }


def split_query(url: str) -> list[dict[str, str]]:
    """The parameters of a URL, decoded, in order."""
    return _pairs(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def describe_response(exchange: Exchange) -> dict[str, Any]:
    """The `response` of an entry; status 0, as DevTools have it, when none came."""
    return {
        "status": exchange.status or 0,
        "statusText": exchange.status_text,
        "httpVersion": http_version(exchange.protocol),
        "cookies": _set_cookies(exchange.response_headers),
        "headers": _headers(exchange.response_headers),
        "content": _content(exchange),
        "redirectURL": exchange.redirect_url,
        "headersSize": -1,
        "bodySize": _length_on_wire(exchange),
        "_transferSize": exchange.wire_bytes,
        "_error": exchange.failure or None,
    }


def _content(exchange: Exchange) -> dict[str, Any]:
    content = {"size": exchange.body_bytes, "mimeType": exchange.mime_type or "x-unknown"}
    on_wire = _length_on_wire(exchange)
    if on_wire < 0 or not exchange.body_bytes:
        return content
    return {**content, "compression": exchange.body_bytes - on_wire}


def _length_on_wire(exchange: Exchange) -> int:
    """Octets of the body as it was sent; 0 out of a cache, −1 when that is not known."""
    if exchange.cache or exchange.status == 304:
        return 0
    length = _lower(exchange.response_headers).get("content-length", "")
    if length.isdecimal():
        return int(length)
    measured = exchange.wire_bytes - exchange.header_bytes
    return measured if exchange.header_bytes and measured >= 0 else -1


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _headers(headers: Mapping[str, str]) -> list[dict[str, str]]:
    """One item per header line; the browser joins the lines of one name with newlines."""
    return _pairs((name, line) for name, text in headers.items() for line in text.split("\n"))


def _sent_cookies(headers: Mapping[str, str]) -> list[dict[str, str]]:
    parts = _lower(headers).get("cookie", "").replace("\n", ";").split(";")
    return _pairs(_cookie(part) for part in parts if part.strip())


def _set_cookies(headers: Mapping[str, str]) -> list[dict[str, Any]]:
    lines = _lower(headers).get("set-cookie", "").split("\n")
    return [_set_cookie(line) for line in lines if line.strip(" \t;")]


def _set_cookie(line: str) -> dict[str, Any]:
    """As browsers take it apart (RFC 6265, section 5.2), attributes of later days left out: the
    header itself still shows them."""
    first, *others = line.split(";")
    name, value = _cookie(first)
    told = {key.lower(): text for key, text in map(_attribute, others)}
    cookie: dict[str, Any] = {"name": name, "value": value}
    cookie |= {key: told[key] for key in ("path", "domain") if told.get(key)}
    cookie |= {"httpOnly": "httponly" in told, "secure": "secure" in told}
    expires = _moment(told.get("expires", ""))
    return {**cookie, "expires": expires} if expires else cookie


def _cookie(pair: str) -> tuple[str, str]:
    """Name and value; what has no = is a value without a name."""
    name, equals, value = pair.partition("=")
    return (name.strip(), value.strip()) if equals else ("", name.strip())


def _attribute(pair: str) -> tuple[str, str]:
    name, _, value = pair.partition("=")
    return name.strip(), value.strip()


def _moment(text: str) -> str:
    """ISO 8601, "" for none that HTTP knows."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return ""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def _pairs(items: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in items]
