"""What faults on home gateways have in common: which there are, and their dnsmasq."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from orchestrator.errors import FaultError
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import GatewaySettings, HostSettings
from orchestrator.runtime.engine.containers import Container
from orchestrator.runtime.polling import wait_for

DNSMASQ_CONF = "dnsmasq.conf"
_ANEW_WITHIN_S = 10.0


def gateways(plan: Plan) -> list[str]:
    """The names of the home gateways."""
    return [node.name for node in plan.with_role("gateway")]


def settings_of(plan: Plan, gateway: str) -> GatewaySettings:
    """What a gateway must know."""
    settings = plan.nodes[gateway].settings
    assert isinstance(settings, GatewaySettings)
    return settings


def hosts_of(plan: Plan, gateway: str) -> list[Node]:
    """The hosts that ask a gateway for their addresses."""
    return [
        node
        for node in plan.nodes.values()
        if isinstance(node.settings, HostSettings) and node.settings.gateway == gateway
    ]


def processes_below(pid: int) -> Iterator[int]:
    """The processes that a process started, and those that they started, by the host's ids."""
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield int(child)
            yield from processes_below(int(child))


def dnsmasq_of(container: Container) -> int | None:
    """The gateway's dnsmasq, by the host's process ids; None while there is none."""
    return next((pid for pid in processes_below(container.pid) if _is_dnsmasq(pid)), None)


def _is_dnsmasq(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip() == "dnsmasq"
    return False


def restart_dnsmasq(scene: Scene, gateway: str) -> None:
    """Let dnsmasq start anew, which is when it reads its configuration (images/gateway).

    Its leases stay, its DNS cache is empty. Fine where the node does not run. Raises FaultError.
    """
    if not scene.runs(gateway):
        return
    container = scene.running(gateway)
    before = dnsmasq_of(container)
    if before is None:
        raise FaultError(f"{gateway}: dnsmasq does not run", f"lab logs {gateway}")
    os.kill(before, signal.SIGTERM)
    if not wait_for(lambda: dnsmasq_of(container) not in (None, before), _ANEW_WITHIN_S):
        raise FaultError(f"{gateway}: dnsmasq did not start again", f"lab logs {gateway}")


def forget_names(scene: Scene) -> None:
    """The DNS caches of all gateways that run are emptied: dnsmasq forgets on SIGHUP."""
    for gateway in gateways(scene.plan):
        if scene.runs(gateway):
            scene.running(gateway).signal(signal.SIGHUP)


def serves_dhcp(container: Container) -> bool:
    """Whether a socket is bound to port 67, as proc(5) tells it."""
    rows = Path(f"/proc/{container.pid}/net/udp").read_text().splitlines()[1:]
    return any(row.split()[1].endswith(":0043") for row in rows)
