"""TLS secrets in NSS key log format: a line for each, after what it is and whose it is.

<label> <client random> <secret>, the last two in hexadecimal (draft-ietf-tls-keylogfile). TLS 1.2
has one for each connection, TLS 1.3 two for the handshake and two for what follows.
"""

from __future__ import annotations

import re
from collections import defaultdict

HANDSHAKE = frozenset({"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET"})
TRAFFIC = frozenset({"CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"})
MASTER = "CLIENT_RANDOM"
_LINE = re.compile(rb"([A-Z_0-9]+) ([0-9a-fA-F]{64}) ((?:[0-9a-fA-F]{2})+)\s*$", re.MULTILINE)
# SHA-256 and SHA-384; the master secret of TLS 1.2 is as long as the latter.
_DIGITS = (64, 96)


def read_keylog(data: bytes) -> dict[str, set[str]]:
    """What secrets there are, by the client random in lower case; lines that are cut are none."""
    found: dict[str, set[str]] = defaultdict(set)
    for label, client_random, secret in _LINE.findall(data):
        if len(secret) in _DIGITS:
            found[client_random.decode().lower()].add(label.decode())
    return found


def keyed(data: bytes) -> bool:
    """Whether there is a secret in it."""
    return bool(data.strip())
