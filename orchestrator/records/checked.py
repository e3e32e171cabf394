"""Texts of a run that are read further, and so are held to more than to be texts."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

_YEARS = range(1970, 2200)  # those that nanoseconds since 1970 are written for


def check_url(text: str) -> None:
    """Raise ValueError where a URL (RFC 3986) cannot be taken apart."""
    parts = urlsplit(text)
    _ = parts.port, parts.hostname


def check_moment(text: str) -> None:
    """Raise ValueError for what is no moment: ISO 8601 with its time zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("it has no time zone")
    if moment.year not in _YEARS:
        raise ValueError("no visit was in that year")


def check_number(text: str) -> None:
    """Raise ValueError for what is no whole number in decimal digits, of at most 18."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ValueError("it is no number")


def check_address(text: str) -> None:
    """Raise ValueError for what is no IP address; there may be none."""
    if text:
        ip_address(text)


Url = Annotated[str, check_url]
Moment = Annotated[str, check_moment]
Number = Annotated[str, check_number]
"""Of nanoseconds or milliseconds, as text: JSON's numbers have 53 bits for most who read them."""
AddressText = Annotated[str, check_address]
