"""What answers a packet, where it came from."""

from __future__ import annotations

from orchestrator.analysis.hops.tracks import Track
from orchestrator.analysis.packets.frames import DNS_PORT, FIN, ICMP, ICMPV6, SYN, TCP, UDP, Frame
from orchestrator.analysis.story import Story

_SPACE, _HALF = 1 << 32, 1 << 31
# Echo request → echo reply (RFC 792, RFC 4443, 4.1).
_ECHOES = {(ICMP, 8): 0, (ICMPV6, 128): 129}


def answer_to(story: Story, track: Track) -> Frame | None:
    """The first packet that came back for one, as its sender saw it: TCP's acknowledgement of
    all of it (RFC 9293, 3.4), UDP's next the other way, an echo's reply. None: none was seen,
    or there is nothing to answer (an ACK alone)."""
    asked = track.first
    if not asked.outbound:
        return None
    back = (asked.target, asked.target_port, asked.source, asked.source_port)
    for frame in story.frames_of(asked.node):
        if frame.outbound or frame.time_ns < asked.time_ns or frame.protocol != asked.protocol:
            continue
        ends = (frame.source, frame.source_port, frame.target, frame.target_port)
        if ends == back and _answers(asked, frame):
            return frame
    return None


def _answers(asked: Frame, frame: Frame) -> bool:
    if asked.protocol == TCP:
        return _acknowledges(asked, frame)
    if asked.protocol == UDP:
        is_dns = DNS_PORT in (asked.source_port, asked.target_port)
        return not is_dns or asked.payload[:2] == frame.payload[:2]
    if asked.protocol in (ICMP, ICMPV6):
        reply = _ECHOES.get((asked.protocol, asked.payload[0]))
        return frame.payload[0] == reply and frame.payload[4:8] == asked.payload[4:8]
    return False


def _acknowledges(asked: Frame, frame: Frame) -> bool:
    length = len(asked.payload) + asked.has(SYN) + asked.has(FIN)
    ahead = (frame.ack - asked.seq - length) % _SPACE
    return length > 0 and ahead < _HALF
