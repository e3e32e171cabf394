"""IPv6 addresses from router advertisements, and those that were made before."""

from __future__ import annotations

from orchestrator.analysis.packets.frames import ICMPV6
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps.slaac import TELLER
from tests.unit.analysis.builders import Recording

MADE = "3fff:0:c000:0:4c:ff:fe06:0"


def advertise(run: Recording, at_ms: float, prefix: str) -> None:
    fields = {
        "icmpv6.type": "134",
        "icmpv6.opt.prefix": prefix,
        "icmpv6.opt.prefix.length": "64",
        "icmpv6.opt.rdnss": "fe80::1",
    }
    run.saw("laptop", at_ms, fields, layers="ipv6:icmpv6", out=False, protocol=ICMPV6)


def told(run: Recording) -> list[Step]:
    return list(TELLER.tell(run.story()))


def test_a_solicited_advertisement_gives_the_planned_address() -> None:
    run = Recording()
    run.saw("laptop", 1.0, {"icmpv6.type": "133"}, layers="ipv6:icmpv6", protocol=ICMPV6)
    advertise(run, 3.0, "3fff:0:c000::")
    (step,) = told(run)
    assert MADE in step.told
    assert step.as_expected
    assert step.duration_ms == 2.0
    assert "asks for routers" in step.told
    assert len(step.proofs) == 2
    assert "icmpv6.opt.prefix == 3fff:0:c000::" in step.proofs[0].shows


def test_another_prefix_is_not_as_expected() -> None:
    run = Recording()
    advertise(run, 3.0, "2001:db8:bad::")
    (step,) = told(run)
    assert step.as_expected is False


def test_an_address_from_before_is_shown_by_the_first_packet() -> None:
    run = Recording()
    run.saw("laptop", 2.0, source=MADE, target="3fff:1:4000::9")
    (step,) = told(run)
    assert step.saved
    assert step.proofs[0].shows == f"ipv6.src == {MADE}"


def test_stateless_dhcpv6_asks_for_the_rest() -> None:
    run = Recording()
    run.saw("laptop", 1.0, {"dhcpv6.msgtype": "11"}, layers="udp:dhcpv6")
    run.saw("laptop", 2.0, {"dhcpv6.msgtype": "7"}, layers="udp:dhcpv6", out=False)
    (step,) = told(run)
    assert step.title == "laptop asks for DNS servers by DHCPv6"
    assert [p.shows for p in step.proofs] == ["dhcpv6.msgtype == 11", "dhcpv6.msgtype == 7"]
