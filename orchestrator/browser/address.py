"""What may be visited, as a browser writes it (WHATWG URL, https://url.spec.whatwg.org/).

What is typed, what each client sends and what is told are one text then. A client's command line
and the browser's rules for names take no other host than one of letters, digits, - and _.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import SplitResult, quote, unquote, urlsplit

import idna

from orchestrator.errors import UsageError

HTTP_VERSIONS = ("1.1", "2", "3")
# Seconds; curl counts milliseconds, and takes none for no limit.
SHORTEST_S, LONGEST_S = 0.001, 86_400.0
_PORTS = {"http": 80, "https": 443}
_PARTS = re.compile(r"(https?):[/\\]{2}([^/\\?#]*)([^?#]*)(\?[^#]*)?(#.*)?", re.I | re.S)
# There may be one further on all the same: www.example.com/?u=http://x
_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*:[/\\]|https?:)", re.I)
_SHORT_OF_SLASHES = re.compile(r"(https?):[/\\]?(?![/\\])", re.I)
_UNSEEN = "".join(map(chr, range(0x21)))
_SURROGATE = re.compile("[\ud800-\udfff]")
# Also where a password holds what would end it.
_USER = re.compile(r"(?<=[/\\]{2})([^/\\?#]*|[^/\\?#]*:.*)@", re.S)
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9._-]")
_LONGEST_LABEL, _LONGEST_NAME = 63, 253  # RFC 1035, section 2.3.4
# What is not percent-encoded in a path, a query and a fragment, beside letters, digits and -._~
_PATH = "!$%&'()*+,/:;=@[]|"
_QUERY, _FRAGMENT = "!$%&()*+,/:;=?@[\\]^`{|}", "!#$%&'()*+,/:;=?@[\\]^{|}"


def read_address(url: str) -> str:
    """A web address as browsers send it: no user and password, a host in A-labels (UTS #46), no
    default port, no dot segments, and what has no place in a path or a query percent-encoded.

    Raises UsageError unless it is http(s) and names a host that can be.
    """
    text = _SURROGATE.sub("\ufffd", url.strip(_UNSEEN)).translate(dict.fromkeys(map(ord, "\t\n\r")))
    parts = _PARTS.fullmatch(text)
    if parts is None:
        slashes = _SHORT_OF_SLASHES.sub(r"\1://", text)
        hint = f"did you mean {slashes}?" if slashes != text else ""
        raise _no_address(url, "", hint)
    scheme, authority, path, query, fragment = (part or "" for part in parts.groups())
    host, port = _read_authority(url, scheme.lower(), authority.rpartition("@")[2])
    query, fragment = quote(query, _QUERY), quote(fragment, _FRAGMENT)
    return f"{scheme.lower()}://{host}{port}{_read_path(path)}{query}{fragment}"


def complete_address(typed: str) -> str:
    """`read_address` of what is typed: without a scheme it is https, as browsers have it."""
    return read_address(typed if _SCHEME.match(typed) else f"https://{typed.lstrip()}")


def split_address(url: str) -> SplitResult:
    """The parts of `read_address`. Raises UsageError as it does."""
    return urlsplit(read_address(url))


def check_http_version(version: str) -> None:
    """Raises UsageError when `version` is not an HTTP version that a visit can ask for."""
    if version not in HTTP_VERSIONS:
        raise UsageError(f"no HTTP version {version}", f"choose one of {', '.join(HTTP_VERSIONS)}")


def check_timeout(timeout_s: float) -> None:
    """Raises UsageError unless a visit can take at most so many seconds."""
    if not SHORTEST_S <= timeout_s <= LONGEST_S:
        allowed = f"{SHORTEST_S:g} to {LONGEST_S:,.0f} seconds"
        raise UsageError(f"a visit cannot be given {timeout_s:g} s", f"--timeout takes {allowed}")


def _read_authority(url: str, scheme: str, authority: str) -> tuple[str, str]:
    """The host, and the port with its colon unless it is the scheme's own."""
    host, _, digits = authority.partition(":")
    if authority.startswith("["):
        host, closed, rest = authority.partition("]")
        digits = rest.removeprefix(":")
        name = _read_ipv6(url, host[1:] if closed else host)
    else:
        name = _read_name(url, host)
    if digits and not (digits.isascii() and digits.isdecimal() and 0 < int(digits[:6]) < 2**16):
        raise _no_address(url, "it names no port that there is")
    port = int(digits) if digits else _PORTS[scheme]
    return name, "" if port == _PORTS[scheme] else f":{port}"


def _read_ipv6(url: str, text: str) -> str:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        raise _no_address(url, f"'{text}' is no IPv6 address") from None
    if address.scope_id is not None:
        raise _no_address(url, "its address has a zone")
    return f"[{address}]"


def _read_name(url: str, host: str) -> str:
    name = _to_a_labels(url, unquote(host))
    if odd := _NOT_IN_A_NAME.search(name):
        what = {" ": "a space"}.get(odd[0], f"'{odd[0]}'")
        raise _no_address(url, f"there is {what} in the host")
    labels = name.removesuffix(".").split(".")
    if not name or not all(labels):
        raise _no_address(url, "it names no host" if not name else "its host has an empty label")
    if len(name.removesuffix(".")) > _LONGEST_NAME or max(map(len, labels)) > _LONGEST_LABEL:
        raise _no_address(url, "its host is longer than names can be")
    return name


def _to_a_labels(url: str, name: str) -> str:
    """As the DNS has it. Browsers map without what STD3 and IDNA2008 would have them refuse."""
    if name.isascii():
        return name.lower()
    try:
        mapped = idna.uts46_remap(name, std3_rules=False, transitional=False)
    except idna.IDNAError as error:
        raise _no_address(url, f"no host is called so: {error}") from None
    labels = mapped.split(".")
    return ".".join(a if a.isascii() else f"xn--{a.encode('punycode').decode()}" for a in labels)


def _read_path(path: str) -> str:
    """The path without `.` and `..`, in whichever way they are written."""
    kept: list[str] = []
    *inner, last = (path.replace("\\", "/") or "/").split("/")[1:]
    for segment in (*inner, last):
        plain = segment.lower().replace("%2e", ".")
        if plain == "..":
            kept = kept[:-1]
        elif plain != ".":
            kept.append(segment)
    if last.lower().replace("%2e", ".") in (".", ".."):
        kept.append("")
    return quote("/" + "/".join(kept), _PATH)


def _no_address(url: str, reason: str, hint: str = "") -> UsageError:
    """The error, which tells nobody's password."""
    told = _USER.sub("", url)
    message = f"not a web address: {told}" + (f": {reason}" if reason else "")
    return UsageError(message, hint or "write it like https://www.example.com/")
