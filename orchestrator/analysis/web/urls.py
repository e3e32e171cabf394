"""URLs as clients send them, whoever typed them how (WHATWG URL Standard).

What is typed and what is sent are two spellings of one URL: a browser turns backslashes into
slashes, resolves `..`, and percent-encodes what may not stand in a request. Here all are brought
into the one form in which they can be compared.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from orchestrator.analysis.story import Story

_PORTS = {"http": 80, "https": 443}
# What stands for itself is all of ASCII that prints, but for the standard's percent-encode sets.
_PRINTED = "".join(map(chr, range(0x21, 0x7F)))
_OF_PATHS = "".join(c for c in _PRINTED if c not in '"#<>?^`{}')
_OF_QUERIES = "".join(c for c in _PRINTED if c not in "\"#<>'")
_LOST = quote("\ufffd")
_HERE, _UP = (".", "%2e"), ("..", ".%2e", "%2e.", "%2e%2e")


def find_start(story: Story) -> str:
    """The URL that the client asked for first, as it wrote it.

    By the HAR of a browser; curl's has only the last request of a visit, and says nothing of it.
    """
    if story.visit.client != "chromium":
        return story.visit.url
    entries = story.evidence.har.get("log", {}).get("entries", [])
    documents = (e["request"]["url"] for e in entries if e.get("_resourceType") == "document")
    return str(next(documents, story.visit.url))


def as_sent(url: str) -> str:
    """A URL as a browser sends it, without fragment and userinfo, its port left out if implied.

    What is no URL (a bracket too many) is the same as it came.
    """
    try:
        return _as_sent(url)
    except ValueError:
        return url


def _as_sent(url: str) -> str:
    typed, marked, query = _without_space(url).partition("#")[0].partition("?")
    parts = urlsplit(typed.replace("\\", "/"))
    path = quote(_resolve(parts.path), safe=_OF_PATHS)
    asked = f"?{quote(query, safe=_OF_QUERIES)}" if marked else ""
    return f"{parts.scheme.lower()}://{_place(parts.scheme, parts.netloc)}{path}{asked}"


def same_url(one: str, other: str) -> bool:
    """Whether two URLs are the same to a server, however they are spelled.

    Of what curl sends as it was typed tshark shows each octet beyond ASCII as U+FFFD.
    """
    first, second = as_sent(one), as_sent(other)
    if _LOST in first or _LOST in second:
        return _blur(first) == _blur(second)
    return first == second


def target_of(url: str) -> str:
    """What a request for a URL names: its path with its query (RFC 9112, 3.2.1)."""
    _, _, rest = as_sent(url).partition("://")
    return rest[rest.find("/") :]


def same_target(one: str, other: str) -> bool:
    """Whether two paths with their queries are the same, however they are spelled."""
    return same_url(f"http://-{one}", f"http://-{other}")


def host_of(url: str) -> str:
    """The name or address that a URL leads to, in small letters."""
    try:
        return urlsplit(as_sent(url)).hostname or ""
    except ValueError:
        return ""


def key_of(url: str) -> str:
    """What is the same for all that may be the same URL: to look one up by, and then compare."""
    return _blur(as_sent(url))


def _blur(url: str) -> str:
    """With all octets beyond ASCII alike."""
    return re.sub(f"{_LOST}|%[89A-F][0-9A-F]", "%80", url)


def _without_space(url: str) -> str:
    """Spaces around it, and tabs and line ends within it, are nothing."""
    return url.strip("".join(map(chr, range(0x21)))).translate(dict.fromkeys(map(ord, "\t\r\n")))


def _place(scheme: str, netloc: str) -> str:
    place = netloc.rpartition("@")[2]
    start = place.find("]") + 1  # an IPv6 address has colons of its own
    host, _, port = place[start:].partition(":")
    implied = port == str(_PORTS.get(scheme.lower(), ""))
    return _in_ascii(place[:start] + host) + (f":{port}" if port and not implied else "")


def _in_ascii(host: str) -> str:
    """A name in letters of all the world as DNS has it (IDNA)."""
    try:
        return host.lower() if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return host.lower()


def _resolve(path: str) -> str:
    """Without dot segments (RFC 3986, 5.2.4); an empty path is the root."""
    kept: list[str] = []
    *most, last = path.removeprefix("/").split("/")
    for segment in most:
        if segment.lower() in _UP:
            kept = kept[:-1]
        elif segment.lower() not in _HERE:
            kept.append(segment)
    if last.lower() in _UP:
        kept = kept[:-1]
    end = "" if last.lower() in (*_UP, *_HERE) else last
    return "/".join(["", *kept, end])
