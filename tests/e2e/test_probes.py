"""Probes asked from inside a lab: every kind, at its rate, and through a restart of their host."""

from __future__ import annotations

import threading
from collections import defaultdict
from pathlib import Path

import pytest

from orchestrator.probes.run import probing
from orchestrator.records.study import ProbeRun, Sample
from orchestrator.runtime.polling import wait_for
from tests.e2e.conftest import RunningLab

WWW = "https://www.example.com/"


@pytest.fixture(autouse=True)
def state_of_the_tests(minimal: RunningLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLICKLAB_STATE", str(minimal.cli.state))


def probe(name: str, kind: str, target: str, every_ms: float, **options: str) -> ProbeRun:
    timeout_ms = 10_000.0 if kind == "visit" else 1_000.0
    return ProbeRun(name, kind, "laptop", target, every_ms, timeout_ms, options=options)  # type: ignore[arg-type]


def by_probe(samples: tuple[Sample, ...]) -> dict[str, list[Sample]]:
    sorted_: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        sorted_[sample.probe].append(sample)
    return sorted_


def test_every_kind_is_answered_at_its_rate(minimal: RunningLab, tmp_path: Path) -> None:
    probes = [
        probe("ping6", "icmp", "www.example.com", 10),
        probe("ping4", "icmp", "edge", 50, family="4"),
        probe("page", "http", WWW, 100),
        probe("plain", "http", "http://www.example.com/nowhere", 200, family="4"),
        probe("missing", "http", f"{WWW}nowhere", 300),
        probe("own", "dns", "www.example.com", 100),
        probe("theirs", "dns", "www.example.com", 100, server="isp-resolver", expect="192.0.2.66"),
        probe("nobody", "dns", "nobody.example.com", 200),
        probe("call", "tcp", "edge", 50, port="80"),
        probe("closed", "tcp", "edge", 200, port="81"),
        probe("visit", "visit", WWW, 400, client="curl"),
    ]
    with probing(minimal.name, probes, tmp_path) as asked:
        seen = wait_for(lambda: len(by_probe(asked.samples())["ping6"]) > 100, 60.0)
        assert seen
    samples = by_probe(asked.samples())
    failures = {name: {sample.failure for sample in of} for name, of in samples.items()}
    assert failures == {
        **{name: {None} for name in ("ping6", "ping4", "page", "plain", "own", "call")},
        "visit": failures["visit"],  # one that is due while curl runs is skipped
        "missing": {"http"},
        "theirs": {"wrong"},
        "nobody": {"dns"},
        "closed": {"refused"},
    }
    assert failures["visit"] <= {None, "skipped"}
    assert samples["visit"][0].good
    for of in samples.values():
        assert [sample.sequence for sample in sorted(of, key=lambda s: s.sequence)] == [
            *range(len(of))
        ]
    assert {":" in sample.target for sample in samples["ping6"]} == {True}
    assert {":" in sample.target for sample in samples["ping4"]} == {False}
    assert len({sample.source_port for sample in samples["page"]}) == len(samples["page"])
    assert len({sample.source_port for sample in samples["call"]}) == 1
    assert {sample.detail.split()[:2][-1] for sample in samples["page"]} == {"edge"}
    assert (tmp_path / "keys.log").read_bytes().count(b"CLIENT_HANDSHAKE_TRAFFIC_SECRET")
    assert all(sample.sent_ns >= sample.due_ns for sample in samples["ping6"])


def test_a_host_that_restarts_is_asked_from_again(minimal: RunningLab, tmp_path: Path) -> None:
    probes = [
        probe("ping", "icmp", "edge", 20, family="6"),
        probe("call", "tcp", "edge", 50, port="80"),
    ]
    with probing(minimal.name, probes, tmp_path) as asked:
        assert wait_for(lambda: any(sample.good for sample in asked.samples()), 60.0)
        restarting = threading.Thread(target=minimal.restart, args=("laptop",))
        restarting.start()

        def is_over() -> bool:
            return all(
                any(not sample.good for sample in of) and of[-1].good
                for of in by_probe(asked.samples()).values()
            )

        over = wait_for(is_over, 60.0)
        restarting.join()
    told = by_probe(asked.samples())
    assert over, [(name, of[-1]) for name, of in told.items()]
    assert any(sample.detail == "laptop is down" for sample in told["ping"])
    assert told["call"][-1].detail.startswith("200, reconnected")
