"""Which frames of a capture a study looks at: what routers tell each other, and the questions
that were chosen (choice.py). Asked of every frame, before anything else is read of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.analysis.failover import bfd, bgp_messages, ospf
from orchestrator.analysis.failover.choice import Question
from orchestrator.analysis.packets.frames import ICMP, ICMPV6, TCP, UDP

_ETHERNET, _IPV6_END = 14, 54
_BFD = frozenset(port.to_bytes(2, "big") for port in bfd.PORTS)
_BGP = bgp_messages.PORT.to_bytes(2, "big")
_ECHOING = (ICMP, ICMPV6)


class Sieve:
    """Of the frames of one node, those to keep; they are to be asked of in the order of time.

    Of BFD, which goes on all the time, only what changes is kept: the first packet between two
    addresses, and each whose state or diagnostic is not that of the one before.
    """

    def __init__(self, questions: Sequence[Question]) -> None:
        self._questions = questions
        self._states: dict[tuple[int, bytes, bytes], int] = {}

    def keeps(self, interface: int, time_ns: int, data: bytes) -> bool:
        """Whether to keep a frame, seen at an interface (its number in the file)."""
        ethertype = data[12:14]
        if ethertype == b"\x86\xdd" and len(data) >= _IPV6_END:
            protocol, start, source, target = data[20], _IPV6_END, data[22:38], data[38:54]
        elif ethertype == b"\x08\x00" and len(data) >= _ETHERNET + 20:
            protocol, source, target = data[23], data[26:30], data[30:34]
            start = _ETHERNET + (data[14] & 0x0F) * 4
        else:
            return False
        ports = data[start : start + 2], data[start + 2 : start + 4]
        if protocol == UDP and ports[1] in _BFD:
            return self._changes(interface, source, target, data[start + 8 : start + 10])
        if protocol == TCP and _BGP in ports:
            return True
        if protocol == ospf.PROTOCOL:
            return data[start + 1 : start + 2] == bytes([ospf.LINK_STATE_UPDATE])
        if protocol not in (TCP, UDP, *_ECHOING):
            return False
        return self._is_asked(time_ns, protocol, (source, target), ports, data, start)

    def _changes(self, interface: int, source: bytes, target: bytes, head: bytes) -> bool:
        if len(head) < 2:
            return False
        # The state and the diagnostic; what is beside them are flags and the version.
        told = (head[1] & 0xC0) << 2 | (head[0] & 0x1F)
        key = (interface, source, target)
        if self._states.get(key) == told:
            return False
        self._states[key] = told
        return True

    def _is_asked(
        self,
        time_ns: int,
        protocol: int,
        ends: tuple[bytes, bytes],
        ports: tuple[bytes, bytes],
        data: bytes,
        start: int,
    ) -> bool:
        for question in self._questions:
            if question.start_ns <= time_ns <= question.end_ns and len(data) >= start + 8:
                flags, body = sum(data[start + 13 : start + 14]), data[start : start + 8]
                for address, port in zip(ends, ports, strict=True):
                    number = int.from_bytes(port, "big")
                    if question.fits(protocol, address, number, body, flags):
                        return True
        return False
