"""Nodes and switches wired in namespaces: addresses and routes of both families, and silence.

Needs root, no Docker: a namespace with a role's sysctls stands for a container. Plans are by hand.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from ipaddress import IPv6Network, ip_address, ip_interface, ip_network
from pathlib import Path

import pytest
from pyroute2.netlink.rtnl.ifaddrmsg import IFA_F_TENTATIVE

from orchestrator.plan.addresses import Address, eui64
from orchestrator.plan.impairment import Impairment
from orchestrator.plan.model import Endpoint, Interface, Link, Node, Plan, Route, Switch
from orchestrator.plan.services import HostSettings
from orchestrator.roles.base import COMMON_SYSCTLS, FORWARDING_SYSCTLS
from orchestrator.runtime.daemons.health import held_addresses
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.keeper import stop_wire
from orchestrator.runtime.links.backends import CHOICE
from orchestrator.runtime.links.layer import LinkLayer
from orchestrator.runtime.network.namespaces import (
    create_namespace,
    entered,
    path_of,
    remove_namespace,
    routing_socket,
)
from orchestrator.runtime.network.wiring import (
    configure_ends,
    create_bridges,
    create_pairs,
    forget_neighbours,
)
from orchestrator.runtime.polling import wait_for
from tests.e2e.standins import standin

_ETH_P_ALL = 0x0003
_NEIGHBOUR_SOLICITATION, _ROUTER_ADVERTISEMENT = 135, 134
_QUIET_S = 1.5
LISTENING = {**COMMON_SYSCTLS, "net.ipv6.conf.default.accept_ra": "1"}


# ── plans by hand ─────────────────────────────────────────────────────────────


def port(name: str, number: int, link: str, *addresses: str) -> Interface:
    """An interface whose MAC and index follow from its number."""
    return Interface(
        name,
        f"02:00:00:00:00:{number:02x}",
        100 + number,
        link,
        tuple(map(ip_interface, addresses)),
    )


def node(name: str, *ports: Interface) -> Node:
    """A host of a plan by hand."""
    return Node(name, "host", 1, None, "", ports, HostSettings("", (), None, ()))


def route(destination: str, via: str, interface: str = "") -> Route:
    return Route(ip_network(destination), ip_address(via), interface)


def plan_of(*nodes: Node, switches: tuple[Switch, ...] = ()) -> Plan:
    """The plan of these nodes; interfaces that name the same link are its ends."""
    ends: dict[str, list[Endpoint]] = {}
    held = [(n.name, p) for n in nodes for p in n.interfaces]
    held += [(s.name, p) for s in switches for p in s.ports]
    for owner, interface in held:
        ends.setdefault(interface.link, []).append(Endpoint(owner, interface.name))
    links = {name: Link(name, a, b) for name, (a, b) in ends.items()}
    by_name = {n.name: n for n in nodes}
    return Plan(
        *("by-hand", "", by_name, {s.name: s for s in switches}, links, {}),
        *((), (), (), ()),
    )


HOST = node("host", port("eth0", 1, "lan"))
ROUTER = replace(
    node(
        "router",
        port("lan", 2, "lan", "198.18.0.1/24", "3fff:0:1::1/64"),
        port("wan", 3, "up", "198.18.1.0/31", "3fff::/127"),
    ),
    loopbacks=(ip_address("198.18.2.1"), ip_address("3fff:0:2::1")),
    anycast=(ip_address("198.18.3.1"), ip_address("3fff:0:3::1")),
    routes=(
        route("0.0.0.0/0", "198.18.1.1"),
        route("::/0", "3fff::1"),
        route("3fff:0:1:8000::/49", "fe80::ff:fe00:1", "lan"),
    ),
)
UPSTREAM = replace(
    node("upstream", port("eth0", 4, "up", "198.18.1.1/31", "3fff::1/127")),
    routes=(route("198.18.0.0/16", "198.18.1.0"), route("3fff::/20", "3fff::")),
)
HOME = plan_of(HOST, ROUTER, UPSTREAM)


# ── namespaces that stand for containers ──────────────────────────────────────


@contextmanager
def namespaces(plan: Plan, sysctls: Mapping[str, Mapping[str, str]]) -> Iterator[dict[str, str]]:
    """A namespace for every node, with a role's sysctls, and for every switch."""
    with ExitStack() as stack:
        made = {}
        for name in (*plan.nodes, *plan.switches):
            called = f"wiring-{os.getpid()}-{name}"
            create_namespace(called)
            stack.callback(remove_namespace, called)
            made[name] = path_of(called)
            if name in plan.nodes:
                set_sysctls(made[name], sysctls.get(name, COMMON_SYSCTLS))
        yield made


def set_sysctls(namespace: str, sysctls: Mapping[str, str]) -> None:
    with entered(namespace):
        for name, value in sysctls.items():
            Path("/proc/sys", *name.split(".")).write_text(value)


@pytest.fixture
def home() -> Iterator[dict[str, str]]:
    """HOME's namespaces, with nothing in them yet."""
    forwarding = {**COMMON_SYSCTLS, **FORWARDING_SYSCTLS}
    with namespaces(HOME, {"router": forwarding, "host": LISTENING}) as made:
        yield made


def wire(plan: Plan, made: dict[str, str], *names: str) -> None:
    links = [plan.links[name] for name in names or plan.links]
    create_pairs(plan, links, made)
    configure_ends(plan, links, made)


def held(name: str, made: dict[str, str], interface: str) -> set[str]:
    return {str(address) for address in held_addresses(standin(made[name]), interface)}


def gateways(namespace: str) -> dict[str, str]:
    """Destination → gateway, of both families."""
    with routing_socket(namespace) as asking:
        return {
            f"{entry.get_attr('RTA_DST') or nowhere}/{entry['dst_len']}": entry.get_attr(
                "RTA_GATEWAY"
            )
            for family, nowhere in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))
            for entry in asking.get_routes(family=family, table=254)
            if entry.get_attr("RTA_GATEWAY")
        }


def reaches(namespace: str, address: str) -> bool:
    """Whether a port that nobody listens at refuses: then the node itself has answered."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with entered(namespace):
        asking = socket.socket(family, socket.SOCK_STREAM)
    with asking:
        asking.settimeout(2)
        try:
            asking.connect((address, 9))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return True


@contextmanager
def tapped(namespace: str) -> Iterator[socket.socket]:
    """Everything that goes over the interfaces of a namespace from now on (packet(7))."""
    with entered(namespace):
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    with tap:
        tap.settimeout(_QUIET_S)
        yield tap


def frames(tap: socket.socket) -> list[bytes]:
    """What has come, once nothing more came for a while; loopback's own is left out."""
    seen = []
    try:
        while True:
            frame, origin = tap.recvfrom(2048)
            if origin[0] != "lo":
                seen.append(frame)
    except TimeoutError:
        return seen


# ── addresses and routes ──────────────────────────────────────────────────────


def test_addresses_of_both_families_are_good_at_once() -> None:
    with namespaces(HOME, {name: {} for name in HOME.nodes}) as as_the_kernel_has_it:
        wire(HOME, as_the_kernel_has_it)
        assert not tentative(as_the_kernel_has_it["router"]) & {"3fff::", "3fff:0:1::1"}
        assert reaches(as_the_kernel_has_it["upstream"], "198.18.1.0")
        assert reaches(as_the_kernel_has_it["upstream"], "3fff::")


def tentative(namespace: str) -> set[str]:
    """Addresses that wait until they are seen to be nobody else's."""
    with routing_socket(namespace) as asking:
        return {
            entry.get_attr("IFA_ADDRESS")
            for entry in asking.get_addr(family=socket.AF_INET6)
            if entry["flags"] & IFA_F_TENTATIVE
        }


def test_what_an_interface_holds(home: dict[str, str]) -> None:
    wire(HOME, home)
    assert held("router", home, "wan") == {"198.18.1.0", "3fff::", "fe80::ff:fe00:3"}
    assert held("host", home, "eth0") == {str(HOST.interfaces[0].link_local)}
    assert held("host", home, "eth7") == set()


def test_a_loopback_has_a_nodes_own_addresses_and_the_shared_ones(home: dict[str, str]) -> None:
    wire(HOME, home)
    own: tuple[Address, ...] = (*ROUTER.loopbacks, *ROUTER.anycast)
    assert held("router", home, "lo") == {"127.0.0.1", "::1", *map(str, own)}
    for address in map(str, own):
        assert reaches(home["upstream"], address)


def test_a_node_does_not_ask_in_the_name_of_those_that_share_an_address() -> None:
    shared = ip_address("3fff:f000::1")
    unnumbered = replace(
        node("unnumbered", port("eth0", 1, "up")),
        loopbacks=(ip_address("3fff:0:2::1"),),
        anycast=(shared,),
        routes=(route("::/0", "fe80::ff:fe00:4", "eth0"),),
    )
    plan = plan_of(unnumbered, UPSTREAM)
    with namespaces(plan, {}) as made:
        wire(plan, made)
        with entered(made["unnumbered"]):
            asking = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        with asking:
            asking.connect((str(shared + 1), 53))
            assert asking.getsockname()[0] == "3fff:0:2::1"


def test_static_routes_of_both_families(home: dict[str, str]) -> None:
    wire(HOME, home)
    assert gateways(home["router"]) == {
        "0.0.0.0/0": "198.18.1.1",
        "::/0": "3fff::1",
        "3fff:0:1:8000::/49": "fe80::ff:fe00:1",
    }


def test_a_route_waits_for_the_interface_that_it_names(home: dict[str, str]) -> None:
    wire(HOME, home, "up")
    assert "3fff:0:1:8000::/49" not in gateways(home["router"])
    wire(HOME, home, "lan")
    assert gateways(home["router"])["3fff:0:1:8000::/49"] == "fe80::ff:fe00:1"


def test_no_node_asks_whether_its_addresses_are_taken(home: dict[str, str]) -> None:
    with tapped(home["upstream"]) as tap:
        wire(HOME, home)
        seen = frames(tap)
    assert not [frame for frame in seen if _icmpv6(frame) == _NEIGHBOUR_SOLICITATION]


def _icmpv6(frame: bytes) -> int | None:
    """The type of an ICMPv6 message without extension headers, or None."""
    is_ipv6 = frame[12:14] == b"\x86\xdd"
    return frame[54] if is_ipv6 and frame[20] == socket.IPPROTO_ICMPV6 else None


def test_addresses_outlive_that_an_interface_is_set_down(home: dict[str, str]) -> None:
    wire(HOME, home)
    with routing_socket(home["router"]) as asking:
        asking.link("set", index=103, state="down")
        asking.link("set", index=103, state="up")
    assert held("router", home, "wan") >= {"198.18.1.0", "3fff::"}
    assert wait_for(lambda: reaches(home["upstream"], "3fff::"), 30.0)


def test_forgotten_neighbours_of_both_families(home: dict[str, str]) -> None:
    wire(HOME, home)
    assert reaches(home["upstream"], "198.18.1.0")
    assert reaches(home["upstream"], "3fff::")
    assert _neighbours(home["upstream"]) >= {"198.18.1.0", "3fff::"}
    forget_neighbours(home["upstream"])
    assert not _neighbours(home["upstream"]) & {"198.18.1.0", "3fff::"}
    assert reaches(home["upstream"], "198.18.1.0")
    assert reaches(home["upstream"], "3fff::")


def _neighbours(namespace: str) -> set[str]:
    with routing_socket(namespace) as asking:
        return {
            entry.get_attr("NDA_DST")
            for family in (socket.AF_INET, socket.AF_INET6)
            for entry in asking.get_neighbours(family=family)
        }


# ── a link that is handed to wire ─────────────────────────────────────────────


@pytest.fixture
def layer(
    home: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LinkLayer]:
    """HOME's links, all of them veth pairs; what impairs them is wire."""
    monkeypatch.setenv("CLICKLAB_STATE", str(tmp_path))
    monkeypatch.setenv(CHOICE, "wire")
    state = LabState(HOME.name)
    state.folder.mkdir()
    layer = LinkLayer(state, HOME, home)
    layer.create_all()
    yield layer
    stop_wire(state)


def hand_over(layer: LinkLayer, name: str) -> None:
    """Delay a link, so that it is made anew."""
    before = layer.links[name]
    layer.change(name, before.changed(ab=Impairment(delay_ms=1)))
    assert (before.backend, layer.links[name].backend) == ("veth", "wire")


def test_what_was_leased_or_advertised_comes_back(layer: LinkLayer, home: dict[str, str]) -> None:
    with routing_socket(home["host"]) as asking:
        asking.addr("replace", index=101, address="198.18.0.9", prefixlen=24)
        asking.route("replace", dst="0.0.0.0/0", gateway="198.18.0.1", proto=16, priority=50)
    by_slaac = advertised(home, "3fff:0:1::/64")
    hand_over(layer, "lan")
    assert held("host", home, "eth0") == {"198.18.0.9", by_slaac, "fe80::ff:fe00:1"}
    assert 590 < lifetime_s(home["host"], by_slaac) <= 600
    assert reaches(home["host"], "198.18.1.1")
    assert reaches(home["host"], "3fff::1")
    assert defaults(home["host"]) == {("198.18.0.1", 50), ("fe80::ff:fe00:2", 1025)}


def test_advertisements_are_read_after_a_handover(layer: LinkLayer, home: dict[str, str]) -> None:
    advertised(home, "3fff:0:1::/64")
    assert ("fe80::ff:fe00:2", 1024) in defaults(home["host"])
    hand_over(layer, "lan")
    advertised(home, "3fff:0:4::/64")
    assert ("fe80::ff:fe00:2", 1024) in defaults(home["host"])


def advertised(home: dict[str, str], prefix: str) -> str:
    """The address that the host has made of a prefix, once it has: a router says it again and
    again, as a host may not hear it yet."""
    address = str(eui64(IPv6Network(prefix), HOST.interfaces[0].mac))

    def is_held() -> bool:
        advertise(home, prefix)
        return address in held("host", home, "eth0")

    assert wait_for(is_held, 30.0, every_s=0.2)
    return address


def advertise(made: dict[str, str], prefix: str) -> None:
    """The router says that it is one, and what prefix is on the link (RFC 4861, 4.2 and 4.6.2)."""
    announced = IPv6Network(prefix).network_address.packed
    body = struct.pack("!BBHBBHII", _ROUTER_ADVERTISEMENT, 0, 0, 64, 0, 1800, 0, 0)
    body += struct.pack("!BBBBIII16s", 3, 4, 64, 0xC0, 600, 300, 0, announced)
    with entered(made["router"]):
        speaking = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    with speaking:
        speaking.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        speaking.sendto(body, ("ff02::1", 0, 0, ROUTER.interface("lan").index))


def defaults(namespace: str) -> set[tuple[str, int]]:
    with routing_socket(namespace) as asking:
        return {
            (entry.get_attr("RTA_GATEWAY"), entry.get_attr("RTA_PRIORITY") or 0)
            for family in (socket.AF_INET, socket.AF_INET6)
            for entry in asking.get_default_routes(family=family)
        }


def lifetime_s(namespace: str, address: str) -> int:
    with routing_socket(namespace) as asking:
        (entry,) = [e for e in asking.get_addr() if e.get_attr("IFA_ADDRESS") == address]
    return int(entry.get_attr("IFA_CACHEINFO")["ifa_valid"])


# ── switches ──────────────────────────────────────────────────────────────────

LAN = Switch("switch", "lan", (), (port("p1", 11, "one"), port("p2", 12, "two")))
OFFICE = plan_of(
    node("one", port("eth0", 1, "one", "198.18.0.1/24", "3fff::1/64")),
    node("two", port("eth0", 2, "two", "198.18.0.2/24", "3fff::2/64")),
    switches=(LAN,),
)


def test_a_switch_passes_what_nodes_ask_each_other() -> None:
    with namespaces(OFFICE, {}) as made:
        create_bridges(OFFICE, made)
        wire(OFFICE, made)
        assert reaches(made["one"], "198.18.0.2")
        assert reaches(made["one"], "3fff::2")


def test_a_switch_says_nothing_of_its_own() -> None:
    mute = {**COMMON_SYSCTLS, "net.ipv6.conf.all.disable_ipv6": "1"}
    mute["net.ipv6.conf.default.disable_ipv6"] = "1"
    bare = {
        name: replace(there, interfaces=tuple(replace(p, addresses=()) for p in there.interfaces))
        for name, there in OFFICE.nodes.items()
    }
    plan = replace(OFFICE, nodes=bare)
    with namespaces(plan, {"one": mute, "two": mute}) as made, ExitStack() as stack:
        taps = [stack.enter_context(tapped(made[name])) for name in ("one", "two", "switch")]
        create_bridges(plan, made)
        wire(plan, made)
        assert [frames(tap) for tap in taps] == [[], [], []]
