"""What was said by ICMP of packets that could not go on, by whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.analysis.packets.frames import ICMP, ICMPV6, IPV6, Frame
from orchestrator.analysis.packets.icmp import IcmpError, read_error
from orchestrator.analysis.step import Proof
from orchestrator.analysis.story import Story, proof
from orchestrator.plan.hops import is_held


@dataclass(frozen=True)
class Refusal:
    """An ICMP error as the node saw it that had sent what it quotes.

    frame   the message, as it came in
    by      the node that sent it; "" if no node has its address
    sent    the frame with which the quoted packet had left; None if that was not captured
    """

    frame: Frame
    error: IcmpError
    by: str
    sent: Frame | None

    @property
    def called(self) -> str:
        """Who sent it, with its address."""
        address = str(self.frame.source_address)
        return f"{self.by} ({address})" if self.by else address

    def proof(self) -> Proof:
        """The message itself."""
        layer = "icmpv6" if self.frame.ethertype == IPV6 else "icmp"
        shows = f"{layer}.type == {self.error.kind} && {layer}.code == {self.error.code}"
        return proof(self.frame, shows, f"ICMP: {self.error.says}")


def find_refusals(story: Story, node: str) -> Iterator[Refusal]:
    """The errors that a node was sent about packets of its own, in order."""
    frames = story.frames_of(node)
    for frame in frames:
        if frame.outbound or frame.protocol not in (ICMP, ICMPV6):
            continue
        error, holder = read_error(frame), story.plan.nodes.get(node)
        if error is None or holder is None or not is_held(holder, frame.target_address):
            continue
        if story.tracks.of(frame).last.node != node:  # a gateway's NAT passes it on
            continue
        earlier = (f for f in frames[: frame.number] if f.outbound and error.quotes(f))
        yield Refusal(frame, error, _sender(story, frame), max(earlier, key=_number, default=None))


def _number(frame: Frame) -> int:
    return frame.number


def _sender(story: Story, frame: Frame) -> str:
    first = story.tracks.of(frame).first
    if first.outbound:
        return first.node
    held = (n.name for n in story.plan.nodes.values() if is_held(n, frame.source_address))
    return next(held, "")
