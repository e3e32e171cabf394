"""A TCP connection of the laptop to the edge, written segment by segment, as both ends saw it.

`home-gw` translates the laptop's address, so that the edge knows it by another one.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from orchestrator.analysis.packets.frames import ACK, SYN, TCP, Frame
from orchestrator.records.visit import Visit
from tests.unit.analysis.builders import VISIT, Recording

LAPTOP, HOME, EDGE = "192.168.1.100", "198.18.1.3", "198.18.5.9"
ETHERNET, IPV4 = 14, 20
_Fields = Mapping[str, str | tuple[str, ...]]


class Talk:
    """The connection from one port. The way takes 5 ms; what does not arrive was lost.

    ``recording`` may hold several such connections; each node's frames are in order of calls.
    """

    def __init__(
        self, recording: Recording, port: int = 40000, server_port: int = 443, one_way: float = 5.0
    ) -> None:
        self.recording, self.one_way = recording, one_way
        self.up_ports, self.down_ports = (port, server_port), (server_port, port)

    def up(
        self, at_ms: float, fields: _Fields | None = None, *, arrives: bool = True, **headers: Any
    ) -> Frame:
        """A segment of the laptop's, as the laptop saw it."""
        known = self._known(at_ms, headers)
        sent = self._saw("laptop", at_ms, LAPTOP, EDGE, self.up_ports, fields, True, known)
        if arrives:
            then = at_ms + self.one_way
            self._saw("edge", then, HOME, EDGE, self.up_ports, fields, False, known)
        return sent

    def down(
        self, at_ms: float, fields: _Fields | None = None, *, arrives: bool = True, **headers: Any
    ) -> Frame:
        """A segment of the edge's, as the edge saw it."""
        known = self._known(at_ms, headers)
        sent = self._saw("edge", at_ms, EDGE, HOME, self.down_ports, fields, True, known)
        if arrives:
            then = at_ms + self.one_way
            self._saw("laptop", then, EDGE, LAPTOP, self.down_ports, fields, False, known)
        return sent

    def open(self, at_ms: float = 0.0) -> None:
        """SYN, SYN-ACK, ACK. The laptop's numbers begin at 1000, the edge's at 5000."""
        asked = round(at_ms)
        self.up(at_ms, OPTIONS, flags=SYN, seq=999, data=stamped(asked, 0))
        answer = stamped(7000 + asked, asked)
        self.down(at_ms + 5, OPTIONS, flags=SYN | ACK, seq=4999, ack=1000, data=answer)
        self.up(at_ms + 10, {}, seq=1000, ack=5000)

    def _known(self, at_ms: float, headers: Mapping[str, Any]) -> dict[str, Any]:
        identity = hash((at_ms, self.up_ports, tuple(sorted(headers))))
        return {"protocol": TCP, "flags": ACK, "identity": identity, **headers}

    def _saw(
        self,
        node: str,
        at_ms: float,
        source: str,
        target: str,
        ports: tuple[int, int],
        fields: _Fields | None,
        out: bool,
        known: dict[str, Any],
    ) -> Frame:
        layers = "" if fields is None else "tcp:tls" if _is_tls(fields) else "tcp"
        place = {"source": source, "target": target, "ports": ports, "out": out}
        return self.recording.saw(node, at_ms, fields, layers=layers, **place, **known)


OPTIONS: _Fields = {
    "tcp.options.mss_val": "1460",
    "tcp.options.wscale.shift": "10",
    "tcp.options.sack_perm": "0402",
    "tcp.options.timestamp.tsval": "1",
}


def stamped(value: int, echo: int) -> bytes:
    """A frame's bytes with timestamps (TSval, TSecr) and nothing else in them that is read."""
    return _with_options(b"\x01\x01\x08\x0a" + struct.pack("!II", value, echo))


def _is_tls(fields: _Fields) -> bool:
    return any(name.startswith(("tls.", "http2.")) for name in fields)


def sack(left: int, right: int) -> bytes:
    """A frame's bytes with a SACK option and nothing else in them that is read."""
    return _with_options(b"\x01\x01\x05\x0a" + struct.pack("!II", left, right))


def _with_options(options: bytes) -> bytes:
    header = bytes(12) + bytes([(20 + len(options)) // 4 << 4]) + bytes(7)
    return bytes(ETHERNET) + b"\x45" + bytes(IPV4 - 1) + header + options


def talk(visit: Visit = VISIT, port: int = 40000, server_port: int = 443) -> Talk:
    """A connection in a recording of its own."""
    return Talk(Recording(visit=visit), port, server_port)


HELLO: _Fields = {
    "tls.handshake.type": "1",
    "tls.handshake.extensions_server_name": "www.example.com",
    "tls.handshake.extensions_alpn_str": ("h2", "http/1.1"),
    "tls.handshake.extensions.supported_version": ("0x3a3a", "0x0304", "0x0303"),
    "tls.handshake.extensions_key_share_group": ("60138", "4588", "29"),
    "tls.handshake.extension.type": ("0", "16", "51"),
}
SERVER_HELLO: _Fields = {
    "tls.handshake.type": ("2", "8"),
    "tls.handshake.ciphersuite": "0x1301",
    "tls.handshake.extensions.supported_version": "0x0304",
    "tls.handshake.extensions_key_share_group": "4588",
    "tls.handshake.extensions_alpn_str": "h2",
    "tls.handshake.extension.type": ("43", "51", "16"),
}
FINISHED: _Fields = {"tls.handshake.type": "20"}


def shake_hands(connection: Talk, at_ms: float, certificates: tuple[str, ...] = ()) -> None:
    """TLS 1.3 from there on: an answer after 12 ms, Finished after 20 ms."""
    connection.up(at_ms, HELLO, seq=1000, payload=b"c" * 500)
    connection.down(at_ms + 6, SERVER_HELLO, seq=5000, payload=b"s" * 1000)
    more = {"tls.handshake.certificate": certificates} if certificates else {}
    shown = {"tls.handshake.type": ("11", "15", "20"), **more}
    connection.down(at_ms + 7, shown, seq=6000, payload=b"t" * 1000)
    connection.up(at_ms + 20, FINISHED, seq=1500, payload=b"f" * 70)
