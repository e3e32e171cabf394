"""Link state updates of OSPF: which router says anew what its links are (RFC 2328, RFC 5340)."""

from __future__ import annotations

from collections.abc import Iterator

PROTOCOL = 89
LINK_STATE_UPDATE = 4
_HEADERS = {2: 24, 3: 16}
_LSA_HEADER = 20
# A router LSA, by version: RFC 2328, A.4.1, and RFC 5340, A.4.2.1.
_ROUTER_LSAS = {2: 0x0001, 3: 0x2001}
# Where an LSA has its type; version 2 has options in the octet before.
_TYPE_MASKS = {2: 0x00FF, 3: 0xFFFF}


def list_originators(packet: bytes) -> Iterator[bytes]:
    """The ids, packed, of the routers whose router LSA is in a packet; none in other packets."""
    version = packet[0] if len(packet) > 1 and packet[1] == LINK_STATE_UPDATE else 0
    start = _HEADERS.get(version)
    if start is None:
        return
    place = start + 4
    while place + _LSA_HEADER <= len(packet):
        kind = int.from_bytes(packet[place + 2 : place + 4], "big") & _TYPE_MASKS[version]
        if kind == _ROUTER_LSAS[version]:
            yield packet[place + 8 : place + 12]
        length = int.from_bytes(packet[place + 18 : place + 20], "big")
        place += max(length, _LSA_HEADER)
