"""A home's DHCP server has no address left: who asks anew gets none."""

from __future__ import annotations

import re

from orchestrator.faults.fault import Fault, Memo, Options
from orchestrator.faults.on_gateways import (
    DNSMASQ_CONF,
    dnsmasq_of,
    gateways,
    hosts_of,
    restart_dnsmasq,
    serves_dhcp,
    settings_of,
)
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan
from orchestrator.plan.services import GatewaySettings

_RESERVED = re.compile(r"^dhcp-host=.*\n", re.MULTILINE)
_POOL = re.compile(r"^dhcp-range=\d.*$", re.MULTILINE)


def exhausted(conf: str, settings: GatewaySettings) -> str:
    """A dnsmasq.conf whose pool has only reserved addresses, and none is reserved."""
    pool = f"dhcp-range={settings.lan.network_address},static,{settings.lan.netmask},1h"
    return _POOL.sub(pool, _RESERVED.sub("", conf))


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    scene.require_as_planned(target, DNSMASQ_CONF)
    return {"gateway": target, "dnsmasq": dnsmasq_of(scene.running(target))}


def _inject(scene: Scene, memo: Memo) -> None:
    gateway = memo["gateway"]
    conf = scene.rendered(scene.plan.nodes[gateway])[DNSMASQ_CONF]
    scene.rewrite(gateway, DNSMASQ_CONF, exhausted(conf, settings_of(scene.plan, gateway)))
    restart_dnsmasq(scene, gateway)


def _seen(scene: Scene, memo: Memo) -> str:
    container = scene.running(memo["gateway"])
    if dnsmasq_of(container) == memo["dnsmasq"]:
        return f"dnsmasq of {memo['gateway']} still has what it read when it started"
    return "" if serves_dhcp(container) else f"{memo['gateway']} does not serve DHCP yet"


def _heal(scene: Scene, memo: Memo) -> None:
    scene.restore(memo["gateway"], DNSMASQ_CONF)
    restart_dnsmasq(scene, memo["gateway"])


def _affects(plan: Plan, target: str) -> str:
    hosts = " or ".join(node.name for node in hosts_of(plan, target))
    return (
        f"{hosts} once they ask {target} for an address anew (lab visit --cold, or within the "
        "hour): refused, they have no IPv4, and so no resolver; who has a lease keeps it until then"
    )


FAULT = Fault(
    name="dhcp-exhausted",
    about="A home's DHCP server has no address left to give",
    target="gateway",
    targets=gateways,
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=_seen,
    heal=_heal,
)
