"""Effects of faults on routing, addresses, names and services."""

from __future__ import annotations

import re

from orchestrator.plan.addresses import of_family
from orchestrator.plan.routing import RTR_PORT, RouterSettings, RouteServerSettings
from tests.e2e.effects import Effect, Try, Witness

# ── routing ───────────────────────────────────────────────────────────────────


def _came_up_anew(witness: Witness) -> bool:
    """The neighbour says that its sessions changed, and are up."""
    node, neighbour = witness.target.split(",")
    settings = witness.node(neighbour).settings
    assert isinstance(settings, RouterSettings | RouteServerSettings)
    names = [session.name for session in settings.sessions if session.neighbour_node == node]
    rows = [line.split() for line in witness.birdc(neighbour, "show", "protocols").splitlines()]
    now = {row[0]: row[4] for row in rows if row and row[0] in names and row[-1] == "Established"}
    before = witness.note("since", now)
    return len(now) == len(names) and all(now[name] != before[name] for name in names)


def _hears_a_leak(witness: Witness) -> bool:
    """The neighbour was told a path that leads through the leaking AS to another one."""
    neighbour = witness.target.split(",")[1]
    told = witness.birdc(neighbour, "show", "route", "all")
    return f"BGP.as_path: {witness.tried.probes}" in told


def _is_hijacked(witness: Witness) -> bool:
    """The hijacker's kernel drops what comes for the prefix; a router of another AS, which
    validates origins, does not send it there."""
    prefix, other = witness.tried.probes
    _, own = witness.run(witness.target, "ip", "route", "show", prefix)
    _, elsewhere = witness.run(other, "ip", "route", "show", prefix)
    return "unreachable" in own and "via" in elsewhere


def _cache_is_gone(witness: Witness) -> bool:
    """Nobody answers routers; they keep what they knew."""
    router = witness.tried.probes
    if witness.connects(router, witness.node(witness.target).address, RTR_PORT):
        return False
    known = witness.birdc(router, "show", "route", "table", "roas4", "count")
    return re.search(r"\b[1-9]\d* of", known) is not None


# ── homes ─────────────────────────────────────────────────────────────────────


def _asks_for_a_lease(witness: Witness, host: str) -> tuple[int, str]:
    """A DHCP client beside the host's own, which changes nothing: it says who gave what."""
    once = ("udhcpc", "-f", "-n", "-q", "-t", "2", "-T", "1", "-i", "eth0", "-s", "/bin/true")
    return witness.run(host, *once)


def _gets_no_lease(witness: Witness) -> bool:
    return _asks_for_a_lease(witness, witness.tried.probes)[0] != 0


def _gets_a_lease_of_the_rogue(witness: Witness) -> bool:
    host, rogue = witness.tried.probes
    return f"obtained from {rogue}" in _asks_for_a_lease(witness, host)[1]


def _forgot_its_connections(witness: Witness) -> bool:
    """None of the connections is there that were before, by the kernel's ids."""
    host, far = witness.tried.probes
    assert witness.pings(host, of_family(witness.node(far).addresses, 4)[0])
    _, listed = witness.run(witness.target, "conntrack", "-L", "-o", "id")
    now = set(re.findall(r"\bid=(\d+)", listed))
    before = witness.note("connections", now)
    return bool(before) and not before & now


def _translates_nothing_new(witness: Witness) -> bool:
    """IPv4 finds no way out, IPv6 does."""
    host, far = witness.tried.probes
    [address, address6] = witness.node(far).addresses
    return not witness.pings(host, address) and witness.pings(host, address6)


# ── names, certificates, servers, paths ───────────────────────────────────────


def _refuses_to_connect(witness: Witness) -> bool:
    """curl gives up on the certificate (its exit code 60), for the reason that is looked for."""
    host, name, reason = witness.tried.probes
    code, said = witness.run(host, "curl", "-sS", "-m", "5", "-o", "/dev/null", f"https://{name}/")
    return code == 60 and reason in said


def _is_throttled(witness: Witness) -> bool:
    """The kernel counts the times in which the server had to wait for a processor's time."""
    witness.answers_http(witness.tried.probes, witness.node(witness.target).address, 8080)
    name = f"clicklab.{witness.plan.name}.{witness.target}"
    stats = witness.client.api.stats(name, stream=False, one_shot=True)
    periods = stats["cpu_stats"]["throttling_data"]["throttled_periods"]
    return bool(periods > witness.note("periods", periods))


def _long_packets_vanish(witness: Witness) -> bool:
    """A long ping gets no answer, not even an error; a short one does."""
    near, far = witness.tried.probes
    address = str(witness.node(far).address)
    long = ("ping", "-n", "-c", "1", "-W", "0.6", "-M", "do", "-s", "1400", address)
    code, said = witness.run(near, *long)
    return code == 1 and "error" not in said.lower() and witness.pings(near, address)


# What lies between a home on Elm Street and the AS's provider.
_BIRCH = ("birch-bng", "birch-core", "birch-edge")

EFFECTS: dict[str, Effect] = {
    "bgp-reset": Effect((Try("alder-core,tundra-fra"), Try("swift-fra,ix-fra-rs")), _came_up_anew),
    "route-leak": Effect(
        (
            Try(
                "alder-edge,pampas-lon",
                probes="64501 64501 64501 64510",
                needs=("alder-core", "tundra-fra"),
            ),
            Try(
                "swift-nyc,birch-core",
                probes="64530 64511",
                needs=("pampas-nyc",),
                visitor="tablet",
            ),
        ),
        _hears_a_leak,
    ),
    "hijack": Effect(
        (
            Try(
                "alder-agg1",
                probes=("198.19.251.0/24", "pampas-lon"),
                far=True,
                ends=("page", "connect"),  # one of two equal ways leads by it
            ),
            Try(
                "birch-edge",
                {"prefix": "198.18.24.0/22"},
                ("198.18.24.0/22", "tundra-nyc"),
                far=True,
                visitor="tablet",
            ),
        ),
        _is_hijacked,
    ),
    "rpki-down": Effect((Try("rpki", probes="nameworks-fra"),), _cache_is_gone),
    "dhcp-exhausted": Effect(
        (
            Try("oak-street-gw", probes="phone", visitor="phone", ends=("dns",)),
            Try("elm-street-gw", probes="tv", visitor="tv", ends=("dns",)),
        ),
        _gets_no_lease,
    ),
    "dhcp-rogue": Effect(
        (Try("tv", probes=("tablet", "192.168.2.101"), visitor="tablet", ends=("dns",)),),
        _gets_a_lease_of_the_rogue,
    ),
    "nat-flush": Effect(
        (Try("elm-street-gw", probes=("tablet", "pampas-nyc"), needs=_BIRCH, visitor="tablet"),),
        _forgot_its_connections,
    ),
    "nat-full": Effect(
        (Try("elm-street-gw", probes=("tablet", "pampas-nyc"), needs=_BIRCH, visitor="tablet"),),
        _translates_nothing_new,
    ),
    "dns-poisoned": Effect(
        (
            Try(
                "alder-resolver",
                probes=("laptop", "www.example.com", "subject name"),
                far=True,
                ends=("tls",),
            ),
        ),
        _refuses_to_connect,
    ),
    "certificate-expired": Effect(
        (
            Try(
                "edge-nyc",
                probes=("tablet", "www.example.com", "has expired"),
                far=True,
                visitor="tablet",
                ends=("tls",),
            ),
            Try("shop-lb", probes=("laptop", "direct.example.com", "has expired"), far=True),
        ),
        _refuses_to_connect,
    ),
    "clock-skew": Effect(
        (
            Try(
                "phone",
                probes=("phone", "www.example.com", "has expired"),
                far=True,
                visitor="phone",
                ends=("tls",),
            ),
            Try(
                "tv",
                {"offset": "-400d"},
                ("tv", "direct.example.com", "not yet valid"),
                far=True,
                visitor="tv",
                ends=("tls",),
            ),
        ),
        _refuses_to_connect,
    ),
    "app-slow": Effect((Try("shop-app1", probes="shop-lb"),), _is_throttled),
    "mtu-blackhole": Effect(
        (
            Try("nameworks-fra--ns1", probes=("nameworks-fra", "ns1")),
            Try("stratus-chi--stratus-dal", probes=("stratus-chi", "stratus-dal")),
        ),
        _long_packets_vanish,
    ),
}
