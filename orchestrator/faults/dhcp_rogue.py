"""A host of a LAN hands out addresses with a wrong gateway and resolver: a rogue DHCP server.

A client takes the first offer. Whose that is would be a race, so the right server is slowed down,
by dnsmasq's own dhcp-reply-delay: the rogue always wins. The addresses it gives are those of the
plan; only router and resolver are wrong.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path

from orchestrator.errors import FaultError, Mistake
from orchestrator.faults.fault import Fault, Memo, Option, Options
from orchestrator.faults.on_gateways import (
    DNSMASQ_CONF,
    hosts_of,
    restart_dnsmasq,
    serves_dhcp,
    settings_of,
)
from orchestrator.faults.scene import Scene
from orchestrator.plan.addresses import of_family
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import GatewaySettings, HostSettings
from orchestrator.runtime.daemons.caches import renew_lease
from orchestrator.runtime.engine.client import in_parallel

_CONF = "rogue-dhcp.conf"
_SERVER = ("busybox", "udhcpd", "-f", f"/lab/{_CONF}")
_SLOW = "dhcp-reply-delay=2\n"


def read_address(text: str) -> IPv4Address | None:
    """An IPv4 address, or None for nothing. Raises Mistake."""
    try:
        return IPv4Address(text) if text else None
    except ValueError as error:
        raise Mistake(str(error), "write it like router=192.168.1.66") from None


def _settings(node: Node) -> HostSettings:
    assert isinstance(node.settings, HostSettings)
    return node.settings


def _targets(plan: Plan) -> list[str]:
    """Hosts of homes: they have a LAN in which others ask for addresses."""
    return [node.name for node in plan.with_role("host") if _settings(node).gateway]


def rogue_conf(settings: GatewaySettings, interface: str, router: str, resolver: str) -> str:
    """What udhcpd serves (udhcpd.conf(5)): the addresses of the plan, and wrong ways out."""
    lines = [
        f"interface {interface}",
        f"start {settings.leases[0].address}",
        f"end {settings.leases[-1].address}",
        *(f"static_lease {lease.mac} {lease.address}" for lease in settings.leases),
        f"option subnet {settings.lan.netmask}",
        f"option router {router}",
        f"option dns {resolver}",
        "option lease 3600",
        "lease_file /run/rogue-dhcp.leases",
        "pidfile /run/rogue-dhcp.pid",
    ]
    return "\n".join(lines) + "\n"


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    host = scene.plan.nodes[target]
    gateway, own = _settings(host).gateway, of_family(_settings(host).leases, 4)[0]
    scene.running(target)
    scene.running(gateway)
    scene.require_as_planned(gateway, DNSMASQ_CONF)
    return {
        "node": target,
        "gateway": gateway,
        "router": str(read_address(options["router"]) or own),
        "resolver": str(read_address(options["resolver"]) or own),
    }


def _inject(scene: Scene, memo: Memo) -> None:
    node, gateway = scene.plan.nodes[memo["node"]], memo["gateway"]
    conf = scene.rendered(scene.plan.nodes[gateway])[DNSMASQ_CONF]
    scene.rewrite(gateway, DNSMASQ_CONF, conf + _SLOW)
    restart_dnsmasq(scene, gateway)
    settings, port = settings_of(scene.plan, gateway), node.interfaces[0].name
    served = rogue_conf(settings, port, memo["router"], memo["resolver"])
    scene.rewrite(node.name, _CONF, served)
    api = scene.client.api
    made = api.exec_create(scene.running(node.name).id, list(_SERVER), stdout=False, stderr=False)
    api.exec_start(made["Id"], detach=True)


def _seen(scene: Scene, memo: Memo) -> str:
    for node in (memo["node"], memo["gateway"]):
        if not serves_dhcp(scene.running(node)):
            return f"{node} does not serve DHCP yet"
    return ""


def _heal(scene: Scene, memo: Memo) -> None:
    # Without its configuration one that was about to start ends by itself.
    scene.remove(memo["node"], _CONF)
    if scene.runs(memo["node"]):
        for pid in list(_servers(scene.running(memo["node"]).pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    scene.restore(memo["gateway"], DNSMASQ_CONF)
    restart_dnsmasq(scene, memo["gateway"])
    if scene.runs(memo["gateway"]):
        strays = [node for node in hosts_of(scene.plan, memo["gateway"]) if _strays(scene, node)]
        in_parallel(lambda node: _renew(scene, node), strays)


def _renew(scene: Scene, host: Node) -> None:
    if not renew_lease(scene.client, scene.plan, scene.containers, host):
        raise FaultError(f"{host.name} got no address back", f"lab logs {host.name}")


def _servers(first: int) -> Iterator[int]:
    """The rogue servers of the node whose first process is ``first``: by namespace and argv."""
    namespace = Path(f"/proc/{first}/ns/pid").readlink()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            argv = tuple((process / "cmdline").read_text().rstrip("\0").split("\0"))
            if argv == _SERVER and (process / "ns/pid").readlink() == namespace:
                yield int(process.name)


def _strays(scene: Scene, host: Node) -> bool:
    """Whether a host took the rogue's word for it."""
    if not scene.runs(host.name):
        return False
    asked = scene.state.resolv_conf(host.name).read_text(encoding="utf-8").split()
    routes = scene.run(host.name, "ip", "-4", "route", "show", "default").split()
    address = str(settings_of(scene.plan, _settings(host).gateway).address)
    return address not in asked or address not in routes


def _affects(plan: Plan, target: str) -> str:
    gateway = _settings(plan.nodes[target]).gateway
    others = [node.name for node in hosts_of(plan, gateway) if node.name != target]
    return (
        f"{' and '.join(others) or 'nobody'} once they ask for an address anew (lab visit --cold, "
        f"or within the hour): names and IPv4 then go to {target} instead of {gateway}; "
        "IPv6 has its router from advertisements and keeps it"
    )


FAULT = Fault(
    name="dhcp-rogue",
    about="A host of a home answers DHCP with a wrong gateway and resolver",
    target="host",
    targets=_targets,
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=_seen,
    heal=_heal,
    options=(
        Option("router", "", "the gateway it tells (default: itself)", read_address),
        Option("resolver", "", "the resolver it tells (default: itself)", read_address),
    ),
)
