"""The browser's own DNS cache, from entries of a NetLog as Chromium writes them."""

from __future__ import annotations

from typing import Any

from orchestrator.analysis.steps.browser_dns import TELLER
from tests.unit.analysis.builders import START_NS, VISIT, Recording, at

TYPES = {"HOST_RESOLVER_MANAGER_JOB": 1, "HOST_RESOLVER_MANAGER_CACHE_HIT": 2, "OTHER": 3}
TYPES["URL_REQUEST_START_JOB"] = 4
SOURCES = {"SSL_CONNECT_JOB": 5, "NETWORK_QUALITY_ESTIMATOR": 6}
RESULTS = {"aliases": ["www.example.com"], "ip_endpoints": [{"endpoint_address": "198.18.5.9"}]}


def entry(name: str, params: dict[str, Any], source: str, number: int, phase: int) -> Any:
    origin = {"type": SOURCES[source], "id": number}
    return {"type": TYPES[name], "phase": phase, "time": "12", "source": origin, "params": params}


def netlog(*events: Any) -> dict[str, Any]:
    constants = {
        "logEventTypes": TYPES,
        "logSourceType": SOURCES,
        "timeTickOffset": START_NS // 10**6,
    }
    return {"constants": constants, "events": list(events)}


def job(host: str, phase: int = 1) -> Any:
    return entry("HOST_RESOLVER_MANAGER_JOB", {"host": host}, "SSL_CONNECT_JOB", 1, phase)


def hit(source: str, number: int) -> Any:
    params = {"results": RESULTS}
    return entry("HOST_RESOLVER_MANAGER_CACHE_HIT", params, source, number, 0)


def test_a_job_is_a_miss_and_other_hosts_are_left_out() -> None:
    log = netlog(job("https://update.example.org"), job("https://www.example.com"), job("", 2))
    (step,) = TELLER.tell(Recording().story(netlog=log))
    assert step.title == "The browser has no address of https://www.example.com"
    assert step.proofs[0].shows == "/events/1/params/host"
    assert step.start_ns == at(12.0)


def test_hits_count_once_for_each_connection() -> None:
    log = netlog(
        hit("SSL_CONNECT_JOB", 7),
        hit("SSL_CONNECT_JOB", 7),
        hit("SSL_CONNECT_JOB", 8),
        hit("NETWORK_QUALITY_ESTIMATOR", 2),
    )
    (step,) = TELLER.tell(Recording().story(netlog=log))
    assert step.saved == "2 DNS lookups"
    assert "198.18.5.9" in step.told
    assert [p.shows for p in step.proofs] == [
        "/events/0/params/results/aliases/0",
        "/events/2/params/results/aliases/0",
    ]


def test_without_a_netlog_nothing_is_told() -> None:
    assert list(TELLER.tell(Recording().story())) == []


def test_a_browser_whose_clock_is_wrong_notes_the_right_times() -> None:
    """A step was told 400 days after the visit, at 34,560,000,005 ms."""
    request = entry("URL_REQUEST_START_JOB", {"url": VISIT.url}, "SSL_CONNECT_JOB", 3, 1)
    for ahead_s in (400 * 86_400, -7_200):
        log = netlog(request, job("https://www.example.com"))
        log["constants"]["timeTickOffset"] += ahead_s * 1000
        (step,) = TELLER.tell(Recording().story(netlog=log))
        assert step.start_ns == at(12.0)
