"""Packets sent through a plan by hand: seen at every interface that the plan's path crosses."""

from __future__ import annotations

from orchestrator.analysis.packets.frames import TCP, Frame
from orchestrator.plan.addresses import Address
from orchestrator.plan.hops import Hop
from orchestrator.plan.services import GatewaySettings
from orchestrator.routes.forwarding import ForwardingPlane
from tests.unit.analysis.builders import Recording

_START_TTL = 64


def fly(
    run: Recording,
    source: str,
    sender: Address,
    target: Address,
    *,
    at_ms: float,
    flags: int,
    identity: int,
    ports: tuple[int, int],
    most_hops: int | None = None,
) -> list[Frame]:
    """A TCP packet, one millisecond per hop, lost after the last of ``most_hops``. A home gateway
    puts its own address in (IPv4)."""
    frames: list[Frame] = []
    address, ttl = sender, _START_TTL
    for place, hop in enumerate(ForwardingPlane(run.plan).path(source, target)[:most_hops]):
        if frames and hop.sender in run.plan.nodes:  # switches leave the TTL alone
            ttl -= 1
            address = _after(run, hop.sender, address)
        for out, node in ((True, hop.sender), (False, hop.receiver)):
            frames.append(
                run.saw(
                    node,
                    at_ms + place + (0 if out else 0.9),
                    out=out,
                    interface=_interface(hop, node),
                    source=str(address),
                    target=str(target),
                    ports=ports,
                    protocol=TCP,
                    ttl=ttl,
                    flags=flags,
                    identity=identity,
                )
            )
    return frames


def _interface(hop: Hop, node: str) -> str:
    ends = {end.node: end.interface for end in (hop.link.a, hop.link.b)}
    return ends[node]


def _after(run: Recording, node: str, address: Address) -> Address:
    settings = run.plan.nodes[node].settings
    if isinstance(settings, GatewaySettings) and address.version == 4:
        return settings.wan
    return address
