"""What faults on routing, homes, names and servers write, from plans and files alone."""

from __future__ import annotations

import struct
from ipaddress import ip_address, ip_network

import pytest

from orchestrator.errors import FaultError, Mistake
from orchestrator.faults.app_slow import read_share
from orchestrator.faults.certificate_expired import read_ago
from orchestrator.faults.clock_skew import read_offset_s
from orchestrator.faults.dhcp_exhausted import exhausted
from orchestrator.faults.dhcp_rogue import rogue_conf
from orchestrator.faults.dns_poisoned import impostor, poisoned_zone, read_addresses, read_name
from orchestrator.faults.hijack import halves, hijacking, read_prefixes, victims
from orchestrator.faults.long_frames import dropping
from orchestrator.faults.mtu_blackhole import read_mtu
from orchestrator.faults.nat_full import full, read_entries
from orchestrator.faults.on_bird import pairs, sessions_of_pair
from orchestrator.faults.on_gateways import settings_of
from orchestrator.faults.route_leak import FAULT as ROUTE_LEAK
from orchestrator.faults.route_leak import leaking
from orchestrator.loading import load
from orchestrator.plan.model import Plan
from orchestrator.render.main import render_node
from orchestrator.shipped import shipped_topologies


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load(shipped_topologies() / "internet.yaml")


def _rendered(plan: Plan, node: str, file: str) -> str:
    return render_node(plan.nodes[node], plan)[file]


def test_a_leak_changes_what_one_neighbour_is_told(plan: Plan) -> None:
    conf = _rendered(plan, "alder-core", "bird.conf")
    _, sessions = sessions_of_pair(plan, "alder-core,tundra-fra")
    changed = [
        (before, after)
        for before, after in zip(
            conf.splitlines(), leaking(conf, sessions).splitlines(), strict=True
        )
        if before != after
    ]
    assert len(sessions) == len(changed) == 2
    assert all("(OWN, 1, *)" in after for _, after in changed)


def test_who_is_told_all_already_cannot_be_leaked_to(plan: Plan) -> None:
    conf = _rendered(plan, "tundra-fra", "bird.conf")
    _, sessions = sessions_of_pair(plan, "tundra-fra,alder-core")
    with pytest.raises(FaultError):
        leaking(conf, sessions)


def test_only_ases_that_hear_from_several_can_leak(plan: Plan) -> None:
    targets = ROUTE_LEAK.targets(plan)
    assert "alder-edge,pampas-lon" in targets
    assert not any(target.startswith("stratus") for target in targets)


def test_every_session_can_be_named_from_both_ends(plan: Plan) -> None:
    found = pairs(plan)
    assert {"alder-core,tundra-fra", "tundra-fra,alder-core"} <= set(found)
    assert all(sessions_of_pair(plan, target)[1] for target in found)


def test_a_hijack_is_of_the_first_site_unless_it_is_ones_own(plan: Plan) -> None:
    edges = victims(plan, plan.nodes["alder-core"])
    assert edges == plan.anycast["swift"].prefixes
    own = victims(plan, plan.nodes["swift-fra"])
    assert own == plan.systems[64540].prefixes


def test_a_hijacker_announces_it_beside_its_own(plan: Plan) -> None:
    node = hijacking(plan.nodes["alder-core"], read_prefixes("198.18.24.0/22"))
    conf = render_node(node, plan)["bird.conf"]
    assert "route 198.18.24.0/22 unreachable" in conf
    assert "route 198.18.8.0/22 unreachable" in conf


def test_halves_that_nobody_takes_are_refused() -> None:
    assert len(halves(ip_network("198.18.24.0/22"))) == 2
    with pytest.raises(FaultError):
        halves(ip_network("198.18.24.0/24"))


def test_an_exhausted_pool_reserves_nothing(plan: Plan) -> None:
    conf = _rendered(plan, "oak-street-gw", "dnsmasq.conf")
    changed = exhausted(conf, settings_of(plan, "oak-street-gw"))
    assert "dhcp-host=" not in changed
    assert "dhcp-range=192.168.1.0,static,255.255.255.0,1h" in changed
    assert changed.count("dhcp-range=") == conf.count("dhcp-range=")


def test_a_rogue_gives_the_planned_addresses_and_wrong_ways_out(plan: Plan) -> None:
    conf = rogue_conf(settings_of(plan, "oak-street-gw"), "eth0", "192.168.1.101", "192.168.1.9")
    assert "static_lease 02:4c:00:20:00:00 192.168.1.100" in conf
    assert "option router 192.168.1.101" in conf
    assert "option dns 192.168.1.9" in conf


def test_a_full_nat_drops_before_it_accepts(plan: Plan) -> None:
    rules = _rendered(plan, "oak-street-gw", "nftables.conf")
    lines = [line.strip() for line in full(rules, 0).splitlines()]
    accepts = lines.index('iifname "lan" oifname "wan" accept')
    assert "nfproto ipv4 ct state new counter drop" in lines[accepts - 1]
    assert "ct count over 20" in full(rules, 20)


def test_the_impostor_has_no_certificate_for_the_name(plan: Plan) -> None:
    assert impostor(plan, "www.example.com") == plan.nodes["shop-lb"].addresses
    assert impostor(plan, "direct.example.com") == plan.nodes["edge-fra"].addresses


def test_a_poisoned_zone_has_both_families() -> None:
    zone = poisoned_zone("www.example.com", (ip_address("192.0.2.1"), ip_address("2001:db8::1")))
    assert "@ 60 IN A 192.0.2.1\n" in zone
    assert "@ 60 IN AAAA 2001:db8::1\n" in zone


def test_the_program_is_whole_instructions_with_the_limit_in_it() -> None:
    program = dropping(1280)
    code = [struct.unpack("<BBhi", program[at : at + 8]) for at in range(0, len(program), 8)]
    assert [value for *_, value in code if value == 1294] == [1294]
    jumps = [
        at + 1 + offset for at, (what, _, offset, _) in enumerate(code) if what in (0x15, 0x25)
    ]
    assert jumps == [10, 13]
    assert code[-1][0] == 0x95


def test_values_as_one_writes_them() -> None:
    assert read_share("0.4%") == 4_000
    assert read_ago("1d").total_seconds() == 86_400
    assert read_ago("90min").total_seconds() == 5_400
    assert read_offset_s("-2h") == -7_200
    assert read_mtu("1400") == 1_400
    assert read_entries("20") == 20
    assert read_name("WWW.example.com.") == "www.example.com"
    assert read_addresses("192.0.2.1, 2001:db8::1")[1] == ip_address("2001:db8::1")


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_share, "2"),
        (read_share, "0.01%"),
        (read_share, "nan%"),
        (read_ago, "soon"),
        (read_offset_s, "400d"),
        (read_offset_s, "+40000d"),
        (read_mtu, "12"),
        (read_entries, "-1"),
        (read_name, "a..b"),
        (read_name, 'x"; };'),
        (read_addresses, "1.2.3"),
        (read_prefixes, "198.18.24.1/22"),
    ],
)
def test_nonsense_is_a_mistake(read: object, text: str) -> None:
    assert callable(read)
    with pytest.raises(Mistake):
        read(text)
