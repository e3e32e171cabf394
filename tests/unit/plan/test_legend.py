"""What a plan knows of packets: whose an address and a MAC are, where HTTP is spoken."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from orchestrator.loading import load
from orchestrator.plan import legend
from orchestrator.plan.legend import address_names, http_ports, mac_names, names_for_nodes
from orchestrator.shipped import shipped_topologies
from tests.unit.analysis.builders import minimal_plan


def test_every_address_of_a_node_is_its_leased_and_link_local_ones_too() -> None:
    plan, names = minimal_plan(), address_names(minimal_plan())
    for node in plan.nodes.values():
        own = [*node.loopbacks, *(port.link_local for port in node.interfaces)]
        own += [entry.ip for port in node.interfaces for entry in port.addresses]
        assert {names[address] for address in own} == {node.name}
    assert names[ip_address("192.168.1.100")] == "laptop"
    assert names[ip_address("192.168.1.1")] == "home-gw"
    assert names[ip_address("198.18.1.3")] == "home-gw"


def test_a_shared_address_is_its_services_and_one_held_twice_is_nobodys() -> None:
    plan = load(shipped_topologies() / "internet.yaml")
    names = address_names(plan)
    for service in plan.anycast.values():
        assert {names[address] for address in service.addresses} == {service.name}
    twin = replace(plan.nodes["edge-fra"], name="twin")
    doubled = address_names(replace(plan, nodes={**plan.nodes, "twin": twin}))
    assert set(names) - set(doubled) == {a for a, name in names.items() if name == "edge-fra"}


def test_a_mac_is_of_an_interface_of_a_node_or_switch() -> None:
    plan, names = minimal_plan(), mac_names(minimal_plan())
    assert names[plan.nodes["laptop"].interface("eth0").mac] == "laptop:eth0"
    assert names[plan.switches["home-lan"].ports[0].mac] == "home-lan:port0"


def test_http_is_spoken_where_balancers_send_it() -> None:
    assert http_ports(minimal_plan()) == (8080,)


def test_files_of_nodes_have_no_names_where_those_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = minimal_plan()
    assert names_for_nodes(plan) == address_names(plan)
    monkeypatch.setattr(legend, "NAMES_AT_MOST", len(address_names(plan)) - 1)
    assert names_for_nodes(plan) == {}
