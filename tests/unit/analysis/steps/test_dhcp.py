"""A lease: asked for, given back, refused, still valid, or somebody else's."""

from __future__ import annotations

from orchestrator.analysis.packets.frames import UDP
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps.dhcp import TELLER
from tests.unit.analysis.builders import Recording

MAC, LEASE = "02:4c:00:06:00:00", "192.168.1.100"
GIVEN = {
    "dhcp.ip.your": LEASE,
    "dhcp.option.router": "192.168.1.1",
    "dhcp.option.domain_name_server": "192.168.1.1",
    "dhcp.option.ip_address_lease_time": "3600",
    "dhcp.option.dhcp_server_id": "192.168.1.1",
}


def message(
    run: Recording, at_ms: float, kind: int, fields: dict[str, str] | None = None, mac: str = MAC
) -> None:
    own = {"dhcp.option.dhcp": str(kind), "dhcp.id": "0x00000007", "dhcp.hw.mac_addr": mac}
    out = kind in (1, 3, 7)
    run.saw("laptop", at_ms, {**own, **(fields or {})}, layers="udp:dhcp", out=out, protocol=UDP)


def told(run: Recording) -> list[Step]:
    return list(TELLER.tell(run.story()))


def test_discover_offer_request_ack() -> None:
    run = Recording()
    message(run, -40.0, 1)
    message(run, -39.0, 2, GIVEN)
    message(run, -38.0, 3)
    message(run, -37.0, 5, GIVEN)
    (step,) = told(run)
    assert step.title == f"laptop leases {LEASE}"
    assert step.nodes == ("laptop", "home-gw")
    assert step.details["messages"] == ("DISCOVER", "OFFER", "REQUEST", "ACK")
    assert step.details["lease_s"] == 3600
    assert "3600 s" in step.told
    assert step.as_expected
    assert step.duration_ms == 3.0
    assert not step.saved
    assert f"dhcp.ip.your == {LEASE}" in step.proofs[3].shows


def test_another_address_than_the_reserved_one_is_not_as_expected() -> None:
    run = Recording()
    message(run, -40.0, 1)
    message(run, -37.0, 5, {**GIVEN, "dhcp.ip.your": "192.168.1.50"})
    assert told(run)[0].as_expected is False


def test_without_an_answer_there_is_no_lease() -> None:
    run = Recording()
    message(run, -40.0, 1)
    message(run, -30.0, 1)
    (step,) = told(run)
    assert step.title == "laptop gets no lease"
    assert "Nobody grants it" in step.told


def test_a_lease_is_given_back() -> None:
    run = Recording()
    message(run, -50.0, 7, {"dhcp.ip.client": LEASE, "dhcp.option.dhcp_server_id": "192.168.1.1"})
    (step,) = told(run)
    assert step.title == f"laptop gives {LEASE} back"
    assert "home-gw" in step.told
    assert f"dhcp.ip.client == {LEASE}" in step.proofs[0].shows


def test_a_lease_that_is_still_valid_is_shown_by_the_first_packet() -> None:
    run = Recording()
    # What others on the LAN ask by broadcast is not the client's.
    message(run, 1.0, 1, mac="02:00:00:00:00:66")
    run.saw("laptop", 2.0, source=LEASE, target="192.168.1.1")
    (step,) = told(run)
    assert step.title == f"laptop already has {LEASE}"
    assert step.saved
    assert step.proofs[0].number == 2


def test_nothing_is_told_of_a_client_that_was_not_heard() -> None:
    assert told(Recording()) == []
