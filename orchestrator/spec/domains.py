"""Names of nodes and hosts, and the zones that hold them.

Apart from kinds.py, so that a command which names a lab need not wait for pydantic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from orchestrator.errors import Mistake

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def check_label(name: str) -> str:
    """A name that can be a host name: one label of RFC 1123, at most 63 octets."""
    if len(name) > 63:
        raise Mistake(f"name of {len(name)} octets: '{name[:20]}…'", "at most 63 (RFC 1123)")
    if not LABEL.fullmatch(name):
        raise Mistake(f"'{name}' is not a name", "use a-z, 0-9 and inner hyphens (RFC 1123)")
    return name


def check_domain(name: str) -> str:
    """A domain name without its final dot."""
    if len(name) > 253:
        raise Mistake(f"domain name of {len(name)} octets", "at most 253 (RFC 1035)")
    if name.endswith("."):
        raise Mistake(f"'{name}' ends with a dot", "leave the dot out")
    if "" in name.split("."):
        raise Mistake(f"'{name}' has an empty label", "write one dot between two labels")
    for label in name.split("."):
        check_label(label)
    return name


def zone_of(host: str, zones: Iterable[str]) -> str | None:
    """The closest enclosing zone of a host name, or None."""
    holding = [zone for zone in zones if host == zone or host.endswith(f".{zone}")]
    return max(holding, key=len, default=None)
