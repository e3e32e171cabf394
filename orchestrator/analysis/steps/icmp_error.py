"""What routers and hosts say by ICMP of packets that do not go on (RFC 792, RFC 4443)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from orchestrator.analysis.connections.peers import how_many
from orchestrator.analysis.connections.refusals import Refusal, find_refusals
from orchestrator.analysis.packets.frames import DNS_PORT, TCP, UDP
from orchestrator.analysis.step import Proof, Step
from orchestrator.analysis.story import Story, proof
from orchestrator.analysis.teller import Teller
from orchestrator.plan.addresses import in_url

KIND = "icmp_error"
_PROTOCOLS = {TCP: "TCP", UDP: "UDP"}


def _tell(story: Story) -> Iterator[Step]:
    """A step for each node that was told, and each thing that it was told in a row."""
    for node in story.evidence.dissections:
        for _, group in groupby(find_refusals(story, node), key=_alike):
            yield _step(node, list(group))


def _alike(refusal: Refusal) -> tuple[str, str, bytes]:
    error = refusal.error
    return refusal.called, error.says, error.target


def _step(node: str, refusals: list[Refusal]) -> Step:
    first = refusals[0]
    where = _where(first)
    again = f" So it does {how_many(len(refusals), 'time')}." if len(refusals) > 1 else ""
    return Step(
        kind=KIND,
        title=_title(first, node),
        told=f"{first.called} tells {node} by ICMP about {_what(first)} to {where}: "
        f"{first.error.says}.{_quoted(first)}{_harmless(first)}{again}",
        nodes=tuple(name for name in (first.by, node) if name),
        start_ns=first.frame.time_ns,
        end_ns=refusals[-1].frame.time_ns,
        proofs=tuple(_proofs(first)),
        details={
            "by": first.called,
            "about": where,
            "says": first.error.says,
            "messages": len(refusals),
        },
        terms=("ICMP",),
        milestone=f"ICMP from {first.by or first.called}: {first.error.says}",
    )


def _title(refusal: Refusal, node: str) -> str:
    by = refusal.by or refusal.called
    if _is_late_answer(refusal):
        return f"{by} waits no longer for a DNS answer from {node}"
    return f"{by} sends {node} an ICMP error"


def _is_late_answer(refusal: Refusal) -> bool:
    """A DNS answer to a port that its asker has closed: it has another answer, or gave up."""
    error = refusal.error
    return (error.protocol, error.source_port) == (UDP, DNS_PORT) and error.is_closed_port


def _harmless(refusal: Refusal) -> str:
    if not _is_late_answer(refusal):
        return ""
    return " It was an answer from port 53: who had asked waits no longer, or has another already."


def _what(refusal: Refusal) -> str:
    protocol = refusal.error.protocol
    return f"a packet of {_PROTOCOLS[protocol]}" if protocol in _PROTOCOLS else "a packet"


def _where(refusal: Refusal) -> str:
    address, port = in_url(refusal.error.target_address), refusal.error.target_port
    return f"{address}:{port}" if port else str(refusal.error.target_address)


def _quoted(refusal: Refusal) -> str:
    if refusal.sent is None:
        return ""
    later_ms = (refusal.frame.time_ns - refusal.sent.time_ns) / 1e6
    return (
        f" It quotes the packet that {refusal.sent.node} had sent {later_ms:.1f} ms before "
        f"(frame {refusal.sent.number})."
    )


def _proofs(refusal: Refusal) -> Iterator[Proof]:
    yield refusal.proof()
    sent = refusal.sent
    if sent is not None and sent.protocol in _PROTOCOLS:
        layer = _PROTOCOLS[sent.protocol].lower()
        shows = f"{layer}.srcport == {sent.source_port} && {layer}.dstport == {sent.target_port}"
        yield proof(sent, shows, "the packet that is quoted")


TELLER = Teller(KIND, _tell)
