"""Kinds of values that a topology is made of: names, numbers, prefixes, places.

What is wrong with one is said by a Mistake; where it stands is found by problems.py. The JSON
schema of each, for editors, stands beside its validator.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Interface, IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from orchestrator.errors import Mistake, nearest
from orchestrator.spec.domains import LABEL, check_domain, check_label
from orchestrator.spec.places import CITIES
from orchestrator.spec.written import text_like

_URL = re.compile(r"https?://([^/:?#@]+)(:[0-9]+)?([/?#].*)?")
# RFC 6996 (private use) and RFC 5398 (documentation): a leak could reach nobody.
_SAFE_ASNS = (range(64496, 65535), range(4200000000, 4294967295))
_SAFE_PREFIXES = tuple(
    IPv4Network(text)
    for text in (
        "198.18.0.0/15",
        "100.64.0.0/10",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
    )
)
# RFC 3849 and RFC 9637 (documentation), RFC 4193 (unique local).
_SAFE_PREFIXES6 = tuple(IPv6Network(text) for text in ("3fff::/20", "2001:db8::/32", "fc00::/7"))


def host_of(url: str) -> str:
    """The host name in a URL that is not checked otherwise, or nothing."""
    found = _URL.fullmatch(url)
    return found[1] if found else ""


def _check_url(url: str) -> str:
    if not host_of(url):
        raise Mistake(f"'{url}' is not a URL", "write 'https://host/path'")
    return url


def _check_asn(asn: int) -> int:
    if any(asn in block for block in _SAFE_ASNS):
        return asn
    raise Mistake(
        f"AS {asn} is not reserved for private use or documentation",
        "use 64496-65534 or 4200000000-4294967294",
    )


def _check_prefix(prefix: IPv4Network) -> IPv4Network:
    if any(prefix.subnet_of(safe) for safe in _SAFE_PREFIXES):
        return prefix
    raise Mistake(
        f"{prefix} may belong to somebody", "use 198.18.0.0/15, 100.64.0.0/10 or RFC 1918 space"
    )


def _check_prefix6(prefix: IPv6Network) -> IPv6Network:
    if any(prefix.subnet_of(safe) for safe in _SAFE_PREFIXES6):
        return prefix
    raise Mistake(f"{prefix} may belong to somebody", "use 3fff::/20, 2001:db8::/32 or fd00::/8")


def _read_prefix(written: Any) -> Any:
    """A prefix of the family that its text is in."""
    if isinstance(written, IPv4Network | IPv6Network):
        return written
    try:
        if ":" in str(written):
            return _check_prefix6(IPv6Network(written))
        return _check_prefix(IPv4Network(written))
    except Mistake:
        raise
    except ValueError as error:
        raise Mistake(f"'{written}' is not a prefix: {error}", _prefix_around(written)) from None


def _prefix_around(written: Any) -> str:
    """A hint: the prefix that an address with a length lies in."""
    try:
        return f"did you mean '{ip_network(written, strict=False)}'?"
    except ValueError:
        return "write '198.18.0.0/24'"


def _check_address(address: IPv4Interface) -> IPv4Interface:
    _check_prefix(address.network)
    return address


def _check_place(place: Any) -> Any:
    if not isinstance(place, str) or place in CITIES:
        return place
    hint = nearest(place, CITIES, "give coordinates: [50.1, 8.7]")
    raise Mistake(f"unknown place '{place}'", hint)


def names_to_mapping(value: Any) -> Any:
    """A list of names stands for a mapping of them to nothing in particular."""
    if not isinstance(value, list):
        return value
    for index, name in enumerate(value):
        if not isinstance(name, str):
            raise Mistake(f"entry {index + 1} is not a name", "write 'name: {…}' to say more of it")
        if name in value[:index]:
            raise Mistake(f"'{name}' is listed twice")
    return {name: {} for name in value}


def nothing_to_mapping(value: Any) -> Any:
    """A key without a value stands for an empty mapping."""
    return {} if value is None else value


# For editors: the form of what is written; whether it may be is left to the validators.
_DOMAIN = rf"{LABEL.pattern}(\.{LABEL.pattern})*"
_PREFIX = r"[0-9]+(\.[0-9]+){3}(/[0-9.]+)?"
_PREFIX6 = r"[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(/[0-9]+)?"

Label = Annotated[
    str,
    AfterValidator(check_label),
    WithJsonSchema(text_like("name", LABEL.pattern, "isp-west", maxLength=63)),
]
Domain = Annotated[
    str,
    AfterValidator(check_domain),
    WithJsonSchema(text_like("domain", _DOMAIN, "www.example.com", maxLength=253)),
]
Asn = Annotated[
    int,
    AfterValidator(_check_asn),
    WithJsonSchema(
        {
            "type": "integer",
            "title": "AS number",
            "examples": [64501],
            "anyOf": [{"minimum": block[0], "maximum": block[-1]} for block in _SAFE_ASNS],
        }
    ),
]
Prefix = Annotated[
    IPv4Network,
    AfterValidator(_check_prefix),
    WithJsonSchema(text_like("prefix", _PREFIX, "198.18.0.0/24")),
]
Prefix6 = Annotated[
    IPv6Network,
    AfterValidator(_check_prefix6),
    WithJsonSchema(text_like("prefix of IPv6", _PREFIX6, "3fff:1::/32")),
]
PrefixOfEither = IPv4Network | IPv6Network
AnyPrefix = Annotated[
    PrefixOfEither,
    BeforeValidator(_read_prefix),
    WithJsonSchema(text_like("prefix", rf"({_PREFIX}|{_PREFIX6})", "198.18.0.0/24", "3fff:1::/48")),
]
Address = Annotated[
    IPv4Interface,
    AfterValidator(_check_address),
    WithJsonSchema(text_like("address with its prefix length", _PREFIX, "172.20.0.1/24")),
]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Coordinates = Annotated[
    tuple[Latitude, Longitude],
    WithJsonSchema(
        {
            "type": "array",
            "title": "degrees north and east",
            "examples": [[50.1, 8.7]],
            "items": {"type": "number", "minimum": -180, "maximum": 180},
            "minItems": 2,
            "maxItems": 2,
        }
    ),
]
City = Annotated[str, WithJsonSchema({"enum": list(CITIES), "title": "city"})]
Place = Annotated[
    str | tuple[Latitude, Longitude],
    BeforeValidator(_check_place, json_schema_input_type=City | Coordinates),
]
Count = Annotated[int, Field(ge=1, le=64)]
Url = Annotated[
    str,
    AfterValidator(_check_url),
    WithJsonSchema(text_like("URL", _URL.pattern, "https://www.example.com/")),
]
