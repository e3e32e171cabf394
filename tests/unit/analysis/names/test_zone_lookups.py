"""What the plan's zones say about a name."""

from __future__ import annotations

from ipaddress import ip_address

from orchestrator.analysis.names.zones import is_within, look_up, planned, zone_served
from orchestrator.plan.services import Record, Zone
from tests.unit.analysis.builders import minimal_plan

RESOLVER = ip_address("198.18.1.1")
ZONE = Zone(
    "example.com.",
    "file",
    "ns.example.com.",
    (
        Record("@", 60, "A", "192.0.2.1"),
        Record("shop", 60, "CNAME", "www.example.com."),
        Record("www.example.com.", 60, "AAAA", "2001:db8::1"),
    ),
)


def test_owners_are_written_in_three_ways() -> None:
    assert look_up(ZONE, "example.com", "A").values == {"192.0.2.1"}
    assert look_up(ZONE, "shop.example.com", "A").values == {"www.example.com"}
    assert look_up(ZONE, "WWW.example.com", "AAAA").values == {"2001:db8::1"}


def test_no_record_of_a_type_is_not_no_name() -> None:
    assert look_up(ZONE, "www.example.com", "A").exists
    assert not look_up(ZONE, "nowhere.example.com", "A").exists


def test_a_plan_answers_from_the_closest_zone() -> None:
    found = planned(minimal_plan(), "www.example.com", "A", RESOLVER)
    assert found is not None
    assert found.zone == "example.com."
    assert found.values == {"198.18.5.9"}
    assert planned(minimal_plan(), "www.example.org", "A", RESOLVER) is None


def test_a_server_has_its_own_zone_only() -> None:
    root = minimal_plan().nodes["root"]
    zone = zone_served(root, "www.example.com", RESOLVER)
    assert zone is not None
    assert zone.name == "."


def test_names_end_where_labels_do() -> None:
    assert is_within("a.example.com.", "example.com.")
    assert not is_within("badexample.com.", "example.com.")
