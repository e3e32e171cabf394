"""BFD control packets (RFC 5880, 4.1), as UDP carries them (RFC 5881, RFC 5883)."""

from __future__ import annotations

from typing import NamedTuple

PORTS = (3784, 4784)
ADMIN_DOWN, DOWN, INIT, UP = 0, 1, 2, 3
# Of the diagnostics, what the sender gives as the reason of its last change of state.
TIME_EXPIRED, SIGNALED_DOWN = 1, 3
DIAGNOSTICS = (
    "No Diagnostic",
    "Control Detection Time Expired",
    "Echo Function Failed",
    "Neighbor Signaled Session Down",
    "Forwarding Plane Reset",
    "Path Down",
    "Concatenated Path Down",
    "Administratively Down",
    "Reverse Concatenated Path Down",
)
_VERSION, _LENGTH = 1, 24


class Control(NamedTuple):
    """A control packet. ``state`` is the sender's, ``diagnostic`` why it is in it."""

    state: int
    diagnostic: int
    multiplier: int
    discriminator: int
    your_discriminator: int


def read_control(payload: bytes) -> Control | None:
    """The control packet in a UDP payload; None where it is none of version 1."""
    if len(payload) < _LENGTH or payload[0] >> 5 != _VERSION:
        return None
    return Control(
        state=payload[1] >> 6,
        diagnostic=payload[0] & 0x1F,
        multiplier=payload[2],
        discriminator=int.from_bytes(payload[4:8], "big"),
        your_discriminator=int.from_bytes(payload[8:12], "big"),
    )


def name(diagnostic: int) -> str:
    """What RFC 5880 calls a diagnostic."""
    return DIAGNOSTICS[diagnostic] if diagnostic < len(DIAGNOSTICS) else "reserved"
