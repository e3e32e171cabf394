"""Resource records by hand: what each type may hold, as a zone file writes it (RFC 1035, 5.1).

Everything else in a zone is computed. What a user writes goes into the file as text, so it is
held to a form here: a server that finds a value it cannot read refuses the whole zone.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from orchestrator.errors import Mistake
from orchestrator.spec.written import text_like

_PART = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_OWNER = re.compile(rf"@|(\*|{_PART})(\.{_PART})*")
WRITTEN_OWNER = text_like("owner", _OWNER.pattern, "www", "@", "*")
_NAME = rf"(@|{_PART}(\.{_PART})*\.?)"
_NUMBER = r"[0-9]{1,5}"
_FORMS = {
    "CNAME": (_NAME, "a name: 'www' or 'www.example.com.'"),
    "NS": (_NAME, "a name: 'ns1' or 'ns1.example.com.'"),
    "PTR": (_NAME, "a name: 'www' or 'www.example.com.'"),
    "MX": (rf"{_NUMBER} {_NAME}", "a preference and a name: '10 mail'"),
    "SRV": (
        rf"{_NUMBER} {_NUMBER} {_NUMBER} {_NAME}",
        "priority, weight, port and a name: '0 5 443 www'",
    ),
    "CAA": (r'[0-9]{1,3} [a-z]+ "[^"\\]*"', "flags, tag and a quoted value: '0 issue \"ca\"'"),
}
_PIECE = 255  # octets in one string of a TXT record


def check_owner(owner: str) -> str:
    """An owner relative to its zone: ``@``, ``www``, ``*.dev``, ``_sip._tcp``."""
    if not _OWNER.fullmatch(owner):
        raise Mistake(f"'{owner}' is not an owner", "write it without the zone: '@', 'www', '*'")
    return owner


def master_form(kind: str, value: str) -> str:
    """``value`` of a record of type ``kind`` as its zone file has it. Raises Mistake."""
    if kind == "TXT":
        return _quoted(value)
    if kind in ("A", "AAAA"):
        return _address(kind, value)
    form, wanted = _FORMS[kind]
    text = " ".join(value.split())
    if not re.fullmatch(form, text):
        raise Mistake(f"'{value}' will not do for {kind}", f"write {wanted}")
    return text


def _address(kind: str, value: str) -> str:
    try:
        return str(IPv4Address(value) if kind == "A" else IPv6Address(value))
    except AddressValueError:
        wanted = "an IPv4 address" if kind == "A" else "an IPv6 address"
        raise Mistake(f"'{value}' will not do for {kind}", f"write {wanted}") from None


def _quoted(text: str) -> str:
    """One text as the quoted strings of a TXT record; octets that are not ASCII as \\DDD."""
    octets = text.encode()
    pieces = [octets[at : at + _PIECE] for at in range(0, len(octets), _PIECE)] or [b""]
    return " ".join(f'"{"".join(map(_escaped, piece))}"' for piece in pieces)


def _escaped(octet: int) -> str:
    plain = 32 <= octet < 127
    return f"\\{chr(octet)}" if octet in b'"\\' else chr(octet) if plain else f"\\{octet:03d}"
