"""Which questions of a trial are followed through the capture: one of each probe and phase.

A capture has hundreds of thousands of frames, of which these few tell what way packets took.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from orchestrator.analysis.failover.probes import by_phase, samples_of
from orchestrator.analysis.packets.frames import ICMP, ICMPV6, SYN, TCP, UDP, Frame
from orchestrator.records.study import ProbeRun, Sample, Trial
from orchestrator.spec.probing import KINDS, Phase

_ECHOES = (0, 8, 128, 129)  # RFC 792, RFC 4443
# The clocks of a probe and of the capture are one; but a probe notes the time before it sends.
_EARLY_NS, _LATE_NS = 2_000_000, 20_000_000


@dataclass(frozen=True)
class Question:
    """A question, and how its packets are known in a capture: by when they were sent, what they
    are, and the end that asked nobody (``target``, packed), which NAT leaves as it is.

    ``sequence`` is that of an echo, ``port`` the target's, ``source_port`` the asker's own, as it
    is before NAT (0: any).
    """

    probe: ProbeRun
    phase: Phase
    start_ns: int
    end_ns: int
    protocol: int
    target: bytes
    port: int = 0
    source_port: int = 0
    sequence: int = 0

    def fits(self, protocol: int, target: bytes, port: int, body: bytes, flags: int) -> bool:
        """Whether a packet is of it; ``target`` and ``port`` are either of its ends."""
        if protocol != self.protocol or target != self.target:
            return False
        if protocol in (ICMP, ICMPV6):
            return body[0] in _ECHOES and int.from_bytes(body[6:8], "big") == self.sequence
        if KINDS[self.probe.kind].by_browser and not flags & SYN:
            return False
        return self.port in (0, port)

    def asks(self, frame: Frame) -> bool:
        """Whether a decoded frame that leaves the asker is of it, and says something: an ACK
        alone may be of the question before."""
        if frame.protocol == TCP and not (frame.payload or frame.flags & SYN):
            return False
        target = (frame.target, frame.target_port, frame.payload, frame.flags)
        in_time = self.start_ns <= frame.time_ns <= self.end_ns
        is_own = self.source_port in (0, frame.source_port)
        return in_time and is_own and self.fits(frame.protocol, *target)

    def answers(self, frame: Frame) -> bool:
        """Whether a decoded frame is of it and comes from the target."""
        source = (frame.source, frame.source_port, frame.payload, frame.flags)
        in_time = self.start_ns <= frame.time_ns <= self.end_ns
        return in_time and self.fits(frame.protocol, *source)


def choose_questions(trial: Trial) -> tuple[Question, ...]:
    """The last good question of each probe and phase, or the last one where none was good."""
    return tuple(
        _question(probe, phase, chosen)
        for probe in trial.probes
        for phase, samples in by_phase(trial, samples_of(trial, probe.name)).items()
        if (chosen := _choose(samples)) is not None
    )


def _choose(samples: list[Sample]) -> Sample | None:
    asked = [sample for sample in samples if sample.failure != "skipped" and sample.target]
    good = [sample for sample in asked if sample.good]
    return next(reversed(good or asked), None)


def _question(probe: ProbeRun, phase: Phase, sample: Sample) -> Question:
    target = ip_address(sample.target)
    took_ms = probe.timeout_ms if sample.took_ms is None else sample.took_ms
    over = KINDS[probe.kind].over
    is_echo, echo = over == "icmp", ICMP if target.version == 4 else ICMPV6
    return Question(
        probe=probe,
        phase=phase,
        start_ns=sample.sent_ns - _EARLY_NS,
        end_ns=sample.sent_ns + round(took_ms * 1e6) + _LATE_NS,
        protocol=echo if is_echo else UDP if over == "udp" else TCP,
        target=target.packed,
        port=0 if is_echo else sample.target_port,
        source_port=0 if is_echo else sample.source_port,
        sequence=sample.target_port if is_echo else 0,
    )
