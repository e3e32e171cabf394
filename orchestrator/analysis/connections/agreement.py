"""What the two ends of a TCP connection agree on in its handshake (RFC 9293, 3.2)."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.analysis.connections.peers import answers_of, dissections_of, in_words
from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.packets.frames import Frame
from orchestrator.analysis.step import Detail
from orchestrator.analysis.story import Connection, Story

FIELDS = (
    "tcp.options.mss_val",
    "tcp.options.wscale.shift",
    "tcp.options.sack_perm",
    "tcp.options.timestamp.tsval",
)
# ECE and CWR in a SYN ask for ECN, ECE alone in the answer grants it (RFC 3168, 6.1.1).
_ECE, _CWR = 0x40, 0x80


def find_agreement(story: Story, connection: Connection) -> Mapping[str, Detail]:
    """What the two offered, and what both can: nothing where it was not read."""
    answer = answers_of(connection)[0]
    shaking = (connection.frames[0], answer)
    read = [entry for entry in dissections_of(story, shaking) if entry.has("tcp")]
    if len(read) < len(shaking):
        return {}
    asked, answered = read
    return {
        "mss_client": int(asked.one("tcp.options.mss_val") or 0),
        "mss_server": int(answered.one("tcp.options.mss_val") or 0),
        "window_scale_client": _scale(asked),
        "window_scale_server": _scale(answered),
        "sack": all(entry.has("tcp.options.sack_perm") for entry in read),
        "timestamps": all(entry.has("tcp.options.timestamp.tsval") for entry in read),
        "ecn": _agrees_on_ecn(*shaking),
    }


def _scale(entry: Dissection) -> int:
    """Windows are multiplied by two to the power of this (RFC 7323, 2)."""
    return int(entry.one("tcp.options.wscale.shift") or 0)


def _agrees_on_ecn(asked: Frame, answered: Frame) -> bool:
    return asked.has(_ECE, _CWR) and answered.has(_ECE) and not answered.has(_CWR)


def tell_agreement(options: Mapping[str, Detail]) -> str:
    """The same as a sentence; "" where nothing was read."""
    if not options:
        return ""
    both = {"sack": "SACK", "timestamps": "timestamps", "ecn": "ECN"}
    used = [name for key, name in both.items() if options[key]]
    unused = [name for key, name in both.items() if not options[key]]
    told = (
        f" Segments may carry up to {options['mss_server']} bytes to the server and "
        f"{options['mss_client']} bytes back (MSS)"
    )
    told += f"; both use {in_words(used)}" if used else ""
    return told + (f", not {in_words(unused)}." if unused else ".")
