"""The home gateway: NAT for IPv4 (RFC 3022), and none for IPv6, which needs none."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from orchestrator.analysis.hops.stays import Stay, at_interface, stays_of
from orchestrator.analysis.packets.frames import IPV4, Frame
from orchestrator.analysis.step import Detail, Step
from orchestrator.analysis.story import Story
from orchestrator.analysis.teller import Teller
from orchestrator.plan.services import GatewaySettings
from orchestrator.records.testimony import Translation

KIND = "nat"


def _tell(story: Story) -> Iterator[Step]:
    """The first packet of the document's connection at each gateway on its way."""
    if story.main_connection is None:
        return
    track = story.tracks.of(story.main_connection.frames[0])
    for stay in stays_of(track.sightings):
        node = story.plan.nodes.get(stay.node)
        if node is None or not isinstance(node.settings, GatewaySettings):
            continue
        if stay.came is not None and stay.left is not None:
            yield _step(story, node.settings, stay, stay.came, stay.left)


def _step(story: Story, gateway: GatewaySettings, stay: Stay, came: Frame, left: Frame) -> Step:
    before, after = _end(came), _end(left)
    translated = before != after
    entry = _entry(story, came) if came.ethertype == IPV4 else None
    return Step(
        kind=KIND,
        title=f"{stay.node} translates the source" if translated else f"{stay.node}: no NAT",
        told=_told(story, stay.node, came, before, after),
        nodes=(story.client.name, stay.node),
        start_ns=came.time_ns,
        end_ns=left.time_ns,
        proofs=(
            at_interface(came, f"comes in from {before}"),
            at_interface(left, f"goes out from {after}"),
        ),
        details=_details(came, before, after, entry),
        expected=_expected(gateway, came),
        as_expected=_as_expected(gateway, came, left),
        terms=("NAT", "conntrack") if translated else ("NAT",),
        milestone=f"NAT at {stay.node}: {before} becomes {after}" if translated else "",
    )


def _told(story: Story, gateway: str, came: Frame, before: str, after: str) -> str:
    if before != after:
        return (
            f"{gateway} replaces the private source {before} with {after}, its own address on the "
            f"ISP's line, and remembers the pair: answers to {after} go back to {before}."
        )
    if came.ethertype == IPV4:
        return f"{gateway} passes the packet on as it is, from {before}."
    return (
        f"Over IPv6 there is no NAT: {story.client.name}'s own address {came.source_address} goes "
        f"out as it is. {gateway} lets answers in because it saw the question leave."
    )


def _end(frame: Frame) -> str:
    address = frame.source_address
    brackets = f"[{address}]" if address.version == 6 else str(address)
    return f"{brackets}:{frame.source_port}"


def _details(came: Frame, before: str, after: str, entry: Translation | None) -> dict[str, Detail]:
    details: dict[str, Detail] = {"before": before, "after": after, "ttl_before": came.ttl}
    if entry is not None:
        details["conntrack"] = (
            f"{entry.protocol} {entry.source}:{entry.source_port} → "
            f"{entry.target}:{entry.target_port}, answers {entry.reply_source}:"
            f"{entry.reply_source_port} → {entry.reply_target}:{entry.reply_target_port}"
            f" {entry.state}".rstrip()
        )
    return details


def _entry(story: Story, came: Frame) -> Translation | None:
    """What the kernel of a gateway remembered of the packet's connection."""
    sought = (came.source_address, came.source_port, came.target_address, came.target_port)
    for entries in story.evidence.translations.values():
        for entry in entries:
            if (entry.source, entry.source_port, entry.target, entry.target_port) == sought:
                return entry
    return None


def _expected(gateway: GatewaySettings, came: Frame) -> str:
    if came.ethertype == IPV4:
        return f"the source becomes {gateway.wan}"
    return f"the source stays, and lies in {gateway.delegated}"


def _as_expected(gateway: GatewaySettings, came: Frame, left: Frame) -> bool:
    if isinstance(left.source_address, IPv4Address):
        return left.source_address == gateway.wan
    return left.source == came.source and left.source_address in gateway.delegated


TELLER = Teller(KIND, _tell)
