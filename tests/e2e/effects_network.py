"""Effects of faults on links, nodes and servers."""

from __future__ import annotations

import re
from dataclasses import replace

from orchestrator.plan.addresses import Address, of_family
from tests.e2e.effects import Effect, Try, Witness

# ── links ─────────────────────────────────────────────────────────────────────

# A page without its pictures, or which is still waited for; what an edge answers whose origin does
# not; and what comes of a shop without an application.
_PATCHY = ("page", "incomplete page", "timeout")
_NO_ORIGIN = ("http 502", "http 504")
_NO_APP = ("http 500", "http 503")

# A link, and who pings whom over it: one leads into the data centre's LAN, one out of a home.
_APP = Try("shop-app1--shop-lan", probes=("shop-app1", "shop-db"))
_WEB = Try("shop-web1--shop-lan", probes=("shop-web1", "shop-lb"), ends=_PATCHY)
_CORE = Try("stratus-chi--stratus-dal", probes=("stratus-chi", "stratus-dal"))
# Packets to the shop go by Chicago as long as that is in the cloud's network.
_CUT = replace(_CORE, ends=("timeout", *_NO_ORIGIN))


def _at(witness: Witness, node: str) -> str:
    """The interface of a node at the link that is tried."""
    ports = witness.node(node).interfaces
    return next(port.name for port in ports if port.link == witness.target)


def _far(witness: Witness) -> Address:
    """The other end's address on the link, or on its LAN."""
    near, far = witness.tried.probes
    networks = {entry.network for port in witness.node(near).interfaces for entry in port.addresses}
    held = [entry for port in witness.node(far).interfaces for entry in port.addresses]
    return next(entry.ip for entry in held if entry.network in networks)


def _link_is_down(witness: Witness) -> bool:
    node = witness.tried.probes[0]
    return witness.lost_carrier(node, _at(witness, node))


def _frames_vanish(witness: Witness) -> bool:
    """No answer, and yet there is a carrier."""
    node = witness.tried.probes[0]
    if witness.pings(node, _far(witness)):
        return False
    return not witness.lost_carrier(node, _at(witness, node))


def _is_heard_but_deaf(witness: Witness) -> bool:
    """Requests still arrive at the one whose frames vanish; its answers do not come back."""
    muted, other = witness.tried.probes
    held = [entry for port in witness.node(muted).interfaces for entry in port.addresses]
    before = _echoes_heard(witness, muted)
    if any(witness.pings(other, entry.ip) for entry in held[:1]):
        return False
    return _echoes_heard(witness, muted) > before


def _echoes_heard(witness: Witness, node: str) -> int:
    """The kernel's count of ICMP echo requests (proc_net_snmp)."""
    _, text = witness.run(node, "cat", "/proc/net/snmp")
    names, values = [line.split() for line in text.splitlines() if line.startswith("Icmp:")]
    return int(values[names.index("InEchos")])


def _flaps(witness: Witness) -> bool:
    node = witness.tried.probes[0]
    path = f"/sys/class/net/{_at(witness, node)}/carrier_changes"
    changes = int(witness.run(node, "cat", path)[1])
    return changes >= witness.note("changes", changes) + 2


def _is_slow(witness: Witness) -> bool:
    near, _ = witness.tried.probes
    _, shown = witness.run(near, "ping", "-n", "-c", "1", "-W", "1", str(_far(witness)))
    found = re.search(r"time=([\d.]+)", shown)
    return found is not None and float(found[1]) >= 80


# ── sets of nodes, exchanges ──────────────────────────────────────────────────


def _is_apart(witness: Witness) -> bool:
    """Nothing passes between the sides; within one it does."""
    inside, friend, outside = witness.tried.probes
    if witness.pings(inside, witness.node(outside).address):
        return False
    return witness.pings(inside, witness.node(friend).address)


def _members_lost_their_peers(witness: Witness) -> bool:
    member, port = witness.tried.probes
    states = witness.sessions(member)
    over = [state for name, state in states.items() if name.startswith("at_")]
    return "Established" not in over and witness.lost_carrier(member, port)


def _members_lost_the_route_server(witness: Witness) -> bool:
    states = witness.sessions("alder-core")
    own = witness.node("alder-core").settings.sessions  # type: ignore[union-attr]
    names = [session.name for session in own if session.neighbour_node == witness.target]
    return bool(names) and all(states[name] != "Established" for name in names)


# ── nodes ─────────────────────────────────────────────────────────────────────


def _is_off(witness: Witness) -> bool:
    """Docker says so, and a neighbour gets no answer."""
    neighbour = witness.tried.probes
    if witness.inspect(witness.target)["Running"]:
        return False
    return not witness.pings(neighbour, witness.node(witness.target).address)


def _hangs(witness: Witness) -> bool:
    """Its kernel answers pings, its server nobody."""
    neighbour, port = witness.tried.probes
    address = witness.node(witness.target).address
    if witness.answers_http(neighbour, address, port):
        return False
    return witness.pings(neighbour, address)


def _started_anew(witness: Witness) -> bool:
    """Docker says when; and it answers again at its own address."""
    started = witness.inspect(witness.target)["StartedAt"]
    if started == witness.note("started", started):
        return False
    return witness.pings(witness.tried.probes, witness.node(witness.target).address)


def _daemon_is_gone(witness: Witness) -> bool:
    return witness.tried.probes not in witness.processes(witness.target)


def _gateway_is_silent(witness: Witness) -> bool:
    host, gateway = witness.tried.probes
    return not witness.pings(host, gateway)


# ── servers ───────────────────────────────────────────────────────────────────


def _no_dns_answers(witness: Witness) -> bool:
    """None of the servers answers a neighbour."""
    neighbour, servers, zone = witness.tried.probes
    return not any(
        witness.answers_dns(neighbour, witness.node(server).address, zone) for server in servers
    )


def _nobody_listens(witness: Witness) -> bool:
    neighbour, port = witness.tried.probes
    return not witness.connects(neighbour, witness.node(witness.target).address, port)


def _edge_is_withdrawn(witness: Witness) -> bool:
    """Nobody listens at the node, and its router no longer sends visitors there."""
    router = witness.tried.probes
    address = witness.node(witness.target).address
    shared = of_family(witness.node(witness.target).anycast, 4)[0]
    if witness.connects(router, address, 443):
        return False
    _, shown = witness.run(router, "ip", "route", "get", str(shared))
    return f"via {address} " not in shown and "via" in shown


_SECOND = {"every": "500ms"}
_SLOW = {"delay": "40ms"}

EFFECTS: dict[str, Effect] = {
    "link-down": Effect((_APP, _WEB), _link_is_down),
    "link-blackhole": Effect((_APP, _WEB, _CUT), _frames_vanish),
    "link-oneway": Effect(
        tuple(replace(t, options={"from": t.probes[0]}) for t in (_APP, _WEB)),
        _is_heard_but_deaf,
    ),
    "link-flap": Effect((replace(_WEB, options=_SECOND),), _flaps),
    "link-impaired": Effect(
        tuple(replace(t, options=_SLOW) for t in (_APP, _WEB, _CORE)), _is_slow
    ),
    "partition": Effect(
        (
            Try(
                "stratus",
                probes=("stratus-chi", "stratus-dal", "pampas-chi"),
                ends=_CUT.ends,
            ),
            Try("shop-app1,shop-db", probes=("shop-lb", "shop-web1", "shop-db"), ends=_NO_APP),
        ),
        _is_apart,
    ),
    "node-stop": Effect(
        (Try("shop-app2", probes="shop-lb"), Try("tld-net", probes="nameworks-fra")), _is_off
    ),
    "node-freeze": Effect(
        (
            Try("shop-app1", probes=("shop-lb", 8080)),
            Try("shop-web1", probes=("shop-lb", 80), ends=_PATCHY),
        ),
        _hangs,
    ),
    "node-restart": Effect(
        (Try("shop-web1", probes="shop-lb", ends=_PATCHY), Try("ns1", probes="nameworks-fra")),
        _started_anew,
    ),
    "node-reboot": Effect(
        (
            Try("shop-app1", {"off": "100ms"}, "shop-lb"),
            Try("swift-nyc", {"off": "200ms"}, "edge-nyc", visitor="tablet"),
        ),
        _started_anew,
    ),
    "daemon-kill": Effect(
        (
            Try("shop-app2", probes="python3"),
            Try("edge-nyc", {"daemon": "bird"}, "bird", visitor="tablet"),
            Try("root-a2", {"daemon": "named"}, "named"),
        ),
        _daemon_is_gone,
    ),
    "gateway-down": Effect(
        (Try("elm-street-gw", probes=("tablet", "192.168.2.1"), visitor="tablet", ends=("dns",)),),
        _gateway_is_silent,
    ),
    "ixp-down": Effect(
        (Try("ix-nyc", probes=("birch-core", "eth3"), visitor="tablet"),), _members_lost_their_peers
    ),
    "route-server-down": Effect((Try("ix-fra-rs"),), _members_lost_the_route_server),
    "resolver-down": Effect(
        (
            Try("birch-resolver", probes=("birch-core", ("birch-resolver",), "127.in-addr.arpa")),
            Try(
                "openwell2",
                probes=("nameworks-fra", ("openwell2",), "127.in-addr.arpa"),
                visitor="tablet",
            ),
        ),
        _no_dns_answers,
    ),
    "root-down": Effect(
        (
            Try("root-b", probes=("nameworks-fra", ("root-b",), ".")),
            Try(
                "all",
                probes=("nameworks-fra", ("root-a1", "root-a2", "root-b"), "."),
                ends=("dns",),
            ),
        ),
        _no_dns_answers,
    ),
    "tld-down": Effect(
        (
            Try("com", probes=("nameworks-fra", ("tld-com",), "com"), ends=("dns",)),
            Try("tld-net", probes=("nameworks-fra", ("tld-net",), "net")),
        ),
        _no_dns_answers,
    ),
    "nameserver-down": Effect(
        (
            Try("ns1", probes=("nameworks-fra", ("ns1",), "example.com")),
            Try(
                "example.com",
                probes=("nameworks-nyc", ("ns1", "ns2"), "example.com"),
                ends=("dns",),
            ),
        ),
        _no_dns_answers,
    ),
    "edge-down": Effect(
        (
            Try("edge-fra", probes="swift-fra", needs=("swift-nyc", "edge-nyc")),
            Try("edge-nyc", probes="swift-nyc", needs=("swift-fra", "edge-fra"), visitor="tablet"),
        ),
        _edge_is_withdrawn,
    ),
    "balancer-down": Effect(
        (Try("shop-lb", probes=("stratus-dal", 80), ends=_NO_ORIGIN),), _nobody_listens
    ),
    "app-down": Effect(
        (Try("shop-app1", probes=("shop-lb", 8080)), Try("shop-app2", probes=("shop-lb", 8080))),
        _nobody_listens,
    ),
    "web-down": Effect((Try("shop-web1", probes=("shop-lb", 80), ends=_PATCHY),), _nobody_listens),
    "database-down": Effect(
        (Try("shop-db", probes=("shop-app1", 5432), ends=_NO_APP),), _nobody_listens
    ),
}
