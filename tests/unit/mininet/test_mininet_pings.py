"""What pings say, and which ones are worth sending."""

from __future__ import annotations

import pytest

from orchestrator.errors import UsageError
from orchestrator.mininet.pings import LOST, Reach, read, read_outcome, read_timeout
from tests.unit.mininet.standing import PLAN, standing

ANSWERED = (
    "PING 192.0.2.1 (192.0.2.1) 56(84) bytes of data. "
    "64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=11.2 ms --- 192.0.2.1 ping statistics --- "
    "1 packets transmitted, 1 received, 0% packet loss, time 0ms "
    "rtt min/avg/max/mdev = 11.200/11.300/11.400/0.100 ms"
)
REFUSED = (
    "PING 192.0.2.2 (192.0.2.2) 56(84) bytes of data. "
    "From 192.0.2.9 icmp_seq=1 Destination Net Unreachable --- 192.0.2.2 ping statistics --- "
    "1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms"
)
NO_ROUTE = "ping: connect: Network is unreachable"


def test_outcomes() -> None:
    assert read_outcome(ANSWERED) == (1, 1, 11.2, 11.3, 11.4, 0.1)
    assert read_outcome(REFUSED) == read_outcome(NO_ROUTE) == read_outcome("") == LOST


def test_lines_come_in_any_order_and_some_are_not_ours() -> None:
    printed = f"192.0.2.2 {REFUSED}\r\nbash: a warning\r\n192.0.2.1 {ANSWERED}\r\n192.0.2.3\r\n"
    found = dict(read(printed, {"192.0.2.1", "192.0.2.2", "192.0.2.3"}))
    assert {address: outcome[:2] for address, outcome in found.items()} == {
        "192.0.2.1": (1, 1),
        "192.0.2.2": (1, 0),
        "192.0.2.3": (1, 0),
    }


@pytest.mark.parametrize(("text", "seconds"), [(None, 2.0), ("", 2.0), ("1", 1.0), (0.5, 0.5)])
def test_timeouts(text: str | float | None, seconds: float) -> None:
    assert read_timeout(text) == seconds


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf", 0, "1e9"])
def test_timeouts_that_are_none(text: str | float) -> None:
    with pytest.raises(UsageError):
        read_timeout(text)


def test_only_who_can_be_reached_by_the_plan_is_asked() -> None:
    reach = Reach(PLAN)
    with standing() as lab:
        lab["laptop"].defaultIntf().ip = "192.168.1.100"
        lab["phone"].defaultIntf().ip = "192.168.1.101"
        assert reach.has_way(lab["left-pc"], lab["right-pc"])
        assert reach.has_way(lab["laptop"], lab["left-pc"])
        assert reach.has_way(lab["laptop"], lab["phone"])
        assert not reach.has_way(lab["left-pc"], lab["laptop"])
        assert not reach.has_way(lab["house-lan"], lab["left-pc"])
