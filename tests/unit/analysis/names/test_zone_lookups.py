"""What the plan's zones say about a name."""

from __future__ import annotations

from ipaddress import ip_address

from orchestrator.analysis.names.messages import Message
from orchestrator.analysis.names.zones import is_within, look_up, planned, zone_served
from orchestrator.analysis.packets.frames import Captured, Frame
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


# As in RFC 4592, 2.2.1, shortened; "*.wild" is a CNAME as a CDN's customers write them.
WILD = Zone(
    "example.com.",
    "file",
    "ns.example.com.",
    (
        Record("@", 60, "NS", "ns.example.com."),
        Record("*", 60, "A", "192.0.2.9"),
        Record("*.wild", 60, "CNAME", "www.example.com."),
        Record("www", 60, "A", "192.0.2.1"),
        Record("host.deep", 60, "A", "192.0.2.2"),
        Record("dangling", 60, "CNAME", "nowhere.www.example.com."),
        Record("outside", 60, "CNAME", "www.example.org."),
        Record("loop1", 60, "CNAME", "loop2.example.com."),
        Record("loop2", 60, "CNAME", "loop1.example.com."),
    ),
)


def test_a_wildcard_answers_for_names_that_are_not_there() -> None:
    """Seen: "not as planned: no such name" of what the zone's wildcard had."""
    found = look_up(WILD, "foo.wild.example.com", "A")
    assert (found.values, found.exists, found.denied) == ({"www.example.com"}, True, False)
    assert look_up(WILD, "a.b.wild.example.com", "A").values == {"www.example.com"}
    assert look_up(WILD, "else.example.com", "A").values == {"192.0.2.9"}
    assert look_up(WILD, "else.example.com", "AAAA").denied is False


def test_a_wildcard_is_not_for_names_beside_or_below_one_that_is_there() -> None:
    assert look_up(WILD, "other.deep.example.com", "A").denied
    assert look_up(WILD, "below.www.example.com", "A").denied
    assert look_up(WILD, "www.example.com", "AAAA").values == set()


def test_a_name_above_others_is_there_if_without_records() -> None:
    """RFC 8020. Seen: "not as planned" of the empty answer about it."""
    for name in ("deep.example.com", "wild.example.com"):
        found = look_up(WILD, name, "A")
        assert (found.values, found.exists, found.denied) == (set(), True, False)


def test_the_code_is_that_of_the_last_name_that_cnames_lead_to() -> None:
    """RFC 6604."""
    found = look_up(WILD, "dangling.example.com", "A")
    assert (found.values, found.exists, found.denied) == ({"nowhere.www.example.com"}, True, True)
    assert found.told == "nowhere.www.example.com (which leads to no name)"
    assert look_up(WILD, "dangling.example.com", "CNAME").denied is False


def test_cnames_that_lead_out_of_the_zone_or_in_circles_promise_no_code() -> None:
    assert look_up(WILD, "outside.example.com", "A").denied is None
    circle = look_up(WILD, "loop1.example.com", "A")
    assert (circle.denied, circle.circles) == (None, True)
    assert circle.told == "loop2.example.com (which leads in a circle)"
    refused = Message(Frame(Captured("ns", "eth0", 1, 0, 0, True, b"", 0)), "", 2, "", "A")
    assert circle.agrees(refused)
    assert not look_up(WILD, "outside.example.com", "A").agrees(refused)
