"""ICMP errors are told as what they are: a failure, or nothing to worry about."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest

from orchestrator.analysis.packets.frames import ICMP, UDP
from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import icmp_error
from tests.unit.analysis.builders import Recording

ASKER, ASKED = "192.168.1.100", "192.168.1.1"


def told(code: int, source_port: int) -> Step:
    """A packet of home-gw's to laptop by UDP, and what laptop says of it (RFC 792)."""
    run, here, there = Recording(), ip_address(ASKED).packed, ip_address(ASKER).packed
    ports = (source_port, 40000)
    sent = run.saw("home-gw", 1.0, source=ASKED, target=ASKER, protocol=UDP, ports=ports)
    quoted = b"\x45" + bytes(8) + bytes([UDP]) + bytes(2) + here + there
    body = bytes([3, code]) + bytes(6) + quoted + struct.pack("!HHI", *ports, 0)
    back = {"source": ASKER, "target": ASKED, "protocol": ICMP, "payload": body}
    run.saw(sent.node, 2.0, layers="icmp", out=False, **back)
    (step,) = icmp_error.TELLER.tell(run.story())
    return step


def test_a_second_dns_answer_that_nobody_waits_for_is_no_failure() -> None:
    step = told(code=3, source_port=53)
    assert step.title == "laptop waits no longer for a DNS answer from home-gw"
    assert "who had asked waits no longer, or has another already." in step.told
    assert "nothing listens at the port." in step.told


@pytest.mark.parametrize(("code", "source_port"), [(1, 53), (3, 5353)])
def test_what_else_cannot_go_on_is_an_error(code: int, source_port: int) -> None:
    step = told(code, source_port)
    assert step.title == "laptop sends home-gw an ICMP error"
    assert "who had asked" not in step.told
