"""Streams between two nodes: their rates are of bytes that arrived."""

from __future__ import annotations

import socket

import pytest

from orchestrator.errors import DeployError, UsageError
from orchestrator.mininet.streams import (
    Ends,
    measure_tcp,
    measure_udp,
    read_rate_bps,
    write_rate,
)


def here(port: int = 0) -> Ends:
    """Both ends on this machine."""
    if not port:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
    return Ends("", "", "127.0.0.1", port)


def test_tcp_as_fast_as_it_goes() -> None:
    received_bps, sent_bps = measure_tcp(here(), seconds=0.2)
    assert received_bps > 1e7
    assert sent_bps >= received_bps * 0.9


def test_udp_at_a_rate() -> None:
    received_bps, sent_bps = measure_udp(here(), seconds=0.5, rate_bps=2e6)
    assert sent_bps == pytest.approx(2e6, rel=0.1)
    assert received_bps == pytest.approx(sent_bps, rel=0.1)


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DeployError, match=rf"port {port}: Address already in use"):
            measure_tcp(here(port), seconds=0.1)


@pytest.mark.parametrize(
    ("text", "rate_bps"), [("10M", 1e7), ("1.5m", 1.5e6), ("64K", 64e3), ("1G", 1e9), ("9", 9.0)]
)
def test_rates_as_iperf_takes_them(text: str, rate_bps: float) -> None:
    assert read_rate_bps(text) == rate_bps


@pytest.mark.parametrize("text", ["", "fast", "-1M", "0", "1.2.3M", "10T", "99G"])
def test_rates_that_are_none(text: str) -> None:
    with pytest.raises(UsageError):
        read_rate_bps(text)


@pytest.mark.parametrize(
    ("rate_bps", "text"),
    [
        (0, "0 bits/sec"),
        (9_570_000, "9.57 Mbits/sec"),
        (95_740_000, "95.7 Mbits/sec"),
        (999_600_000, "1000 Mbits/sec"),
        (2.345e9, "2.35 Gbits/sec"),
        (64_000, "64.0 Kbits/sec"),
    ],
)
def test_rates_as_iperf_writes_them(rate_bps: float, text: str) -> None:
    assert write_rate(rate_bps) == text
