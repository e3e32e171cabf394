"""The journey: every step of a visit is told, and each proof, opened in tshark, shows it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestrator.analysis.journey import Journey
from orchestrator.report.words import summarise
from orchestrator.verbs.report import tell
from tests.alone import read_otherwise
from tests.e2e.conftest import Run, RunningLab
from tests.proofs import unproved

URL = "https://www.example.com/"
HOME_LINE = "alder-bng,oak-street-gw"
# What every visit of the default lab that loads a page has.
ALWAYS = {
    *("url", "dns_cache", "tcp", "tls", "nat", "crossing", "ixp", "request", "edge", "response"),
    *("resources", "page", "teardown"),
}
ON_A_MISS = {"dns_query", "dhcp", "balancer", "app", "database"}


def told(run: Run) -> Journey:
    """The journey of a run, all of whose proofs hold."""
    journey = tell(run.folder)
    proofs = [proof for step in journey.steps for proof in step.proofs]
    assert proofs
    assert unproved(run.folder, proofs) == []
    assert [step.title for step in journey.steps if not step.proofs] == []
    return journey


def told_whole(run: Run) -> Journey:
    """The journey of a visit that went well; what its load waited for adds up to the load."""
    journey = told(run)
    path = journey.critical
    assert [s.end_ns for s in path[:-1]] == [s.start_ns for s in path[1:]]
    total_ms = sum(segment.duration_ms for segment in path)
    assert total_ms == pytest.approx(run.record["timings_ms"]["load"], rel=0.02)
    return journey


def kinds(journey: Journey) -> set[str]:
    return {step.kind for step in journey.steps}


def test_what_tshark_reads_of_all_nodes_at_once_is_what_it_reads_of_each(
    minimal: RunningLab,
) -> None:
    """Many saw the same packets: what one saw is no copy of what another did."""
    for options in (("--cold=all", "-4"), ("--http", "1.1"), ("-6",)):
        assert list(read_otherwise(minimal.visit(URL, *options).folder)) == []


def test_a_cold_visit_is_told_whole(cold: Run) -> None:
    journey = told_whole(cold)
    assert kinds(journey) >= ALWAYS | ON_A_MISS | {"neighbour"}
    assert [step.title for step in journey.steps if step.as_expected is False] == []
    assert journey.warnings == ()


def test_a_warm_visit_says_what_was_saved(internet: RunningLab, cold: Run) -> None:
    journey = told_whole(internet.visited(URL, "-4"))
    assert kinds(journey) >= ALWAYS
    assert "dns_query" not in kinds(journey)
    saved = {step.kind for step in journey.steps if step.saved}
    assert {"dns_cache"} <= saved


def test_a_visit_over_ipv6_is_told_whole(internet: RunningLab) -> None:
    journey = told_whole(internet.visited(URL, "--cold=all"))
    assert kinds(journey) >= ALWAYS | ON_A_MISS


def test_a_visit_without_a_cdn_has_no_edge(internet: RunningLab) -> None:
    journey = told_whole(internet.visit("https://direct.example.com/", "--cold=all"))
    assert kinds(journey) >= (ALWAYS | ON_A_MISS) - {"edge", "ixp"}
    assert "edge" not in kinds(journey)
    # Over 140 ms there and back, ten segments are not enough for a page.
    assert "slow_start" in kinds(journey)


def test_a_page_is_told_whole_however_its_url_is_typed(internet: RunningLab) -> None:
    run = internet.visit("https://www.example.com/a/..\\product\\7?q=a b'\"ü", "-4")
    journey = told_whole(run)
    assert {"request", "edge", "balancer", "app", "response"} <= kinds(journey)
    files = [step for step in journey.steps if step.kind == "resource"]
    assert len(files) == len(run.record["resources"])


def test_a_visitors_own_healthz_is_told_as_any_page(internet: RunningLab) -> None:
    journey = told_whole(internet.visit("https://direct.example.com/healthz", "--client", "curl"))
    assert {"request", "balancer", "app", "database", "response"} <= kinds(journey)


def test_a_page_without_its_files_says_so_and_exits_1(internet: RunningLab) -> None:
    """Its web server is cut off, so that the balancer answers 503 for every file."""
    link, url = ("link", "--name", internet.name), "https://direct.example.com/product/7"
    file = ("https://direct.example.com/static/shop.css", "--client", "curl")
    internet.cli.run(*link, "down", "shop-web1,shop-lan")
    try:
        # Until its health checks have told the balancer, requests wait for the server.
        tries = (internet.visit(*file, code=1).record["status"] for _ in range(10))
        assert 503 in tries
        run = internet.visit(url, "-4", code=1)
        internet.visit(url, "-4", "--allow-degraded")
    finally:
        internet.cli.run(*link, "up", "shop-web1,shop-lan")
    assert (run.record["status"], run.record["error"]) == (200, None)
    count = len(run.record["resources"])
    said = f"{count} of {count} files missing: {count} × 503"
    journey = told_whole(run)
    assert said in summarise(journey)
    assert said in next(step.told for step in journey.steps if step.kind == "resources")


@pytest.mark.parametrize("options", [("--client", "curl"), ("--http", "1.1")])
def test_other_clients_are_told_too(internet: RunningLab, options: tuple[str, ...]) -> None:
    journey = told_whole(internet.visited(URL, "-4", *options))
    assert {"tcp", "tls", "request", "edge", "response"} <= kinds(journey)


@pytest.mark.parametrize(
    ("url", "error", "last"),
    [
        ("https://nowhere.example.com/", "dns", "dns_cache"),
        ("https://www.example.com:444/", "connect", "tcp"),
        ("https://198.19.251.1/", "tls", "tls"),
        ("https://www.example.com/no-such-page", "http", "response"),
    ],
)
def test_a_failed_visit_is_told_as_far_as_it_got(
    internet: RunningLab, url: str, error: str, last: str
) -> None:
    run = internet.visit(url, "-4", code=1)
    assert run.record["error"] == error
    journey = told(run)
    assert last in kinds(journey)
    assert journey.started_ns < journey.critical[-1].end_ns <= journey.ended_ns


@contextmanager
def line_with(internet: RunningLab, *settings: str) -> Iterator[None]:
    """The home's line, impaired."""
    internet.cli.run("link", "--name", internet.name, "set", HOME_LINE, *settings)
    try:
        yield
    finally:
        internet.cli.run("link", "--name", internet.name, "reset", HOME_LINE)


def test_a_visit_that_times_out_is_told(internet: RunningLab) -> None:
    link = ("link", "--name", internet.name)
    internet.cli.run(*link, "blackhole", "shop-lb,stratus-dal", "--from", "shop-lb")
    try:
        run = internet.visit("https://direct.example.com/", "-4", "--timeout", "3", code=1)
    finally:
        internet.cli.run(*link, "reset", "shop-lb,stratus-dal")
    assert run.record["error"] == "timeout"
    journey = told(run)
    assert "tcp" in kinds(journey)


def test_a_visit_under_loss_says_what_was_sent_again(internet: RunningLab) -> None:
    """At most a few visits, since some hundred packets at 4 % may all come through once."""
    with line_with(internet, "loss=4%"):
        journeys = (told(internet.visit(URL, "-4")) for _ in range(4))
        assert any("retransmission" in kinds(j) and j.account.lost for j in journeys)


def test_copies_and_damage_are_told_as_what_they_are(internet: RunningLab) -> None:
    """Of some hundred packets a fifth is doubled, and a tenth damaged; none is lost."""
    with line_with(internet, "duplicate=20%", "corrupt=10%"):
        found = told(internet.visit(URL, "-4", "--timeout", "60")).account
    assert found.copies
    assert found.damaged
    assert found.lost == ()
    sums = (found.matched, len(found.damaged), len(found.copies), found.unseen)
    assert found.packets == sum(sums)


def test_a_router_that_knows_no_route_says_so(internet: RunningLab) -> None:
    run = internet.visit("http://203.0.113.9/", "--client", "curl", "--timeout", "5", code=1)
    journey = told(run)
    assert {"tcp", "icmp_error"} <= kinds(journey)
    assert any("the network is unreachable" in step.told for step in journey.steps)


def test_the_whole_internet_is_in_one_file(cold: Run) -> None:
    counted = json.loads((cold.folder / "capture.json").read_text())
    seen = cold.packets("journey", "frame", "frame.number", "frame.interface_name")
    assert len(seen) == counted["packets"]
    assert {"laptop:eth0", "oak-street-gw:wan", "shop-db:eth0"} <= {name for _, name in seen}
    comments = cold.packets("journey", "frame.comment", "frame.comment")
    assert any("SYN leaves laptop" in comment for (comment,) in comments)
    decrypted = cold.packets("laptop", "http2.headers.path", "http2.headers.path")
    assert decrypted


def test_without_keys_what_is_encrypted_is_said_to_be(cold: Run, tmp_path: Path) -> None:
    folder = tmp_path / "keyless"
    shutil.copytree(cold.folder, folder)
    (folder / "keys.log").unlink()
    journey = tell(folder)
    assert any("no TLS keys" in warning for warning in journey.warnings)
    assert {"tcp", "tls", "nat", "crossing", "edge"} <= kinds(journey)
    assert any("encrypted" in step.told for step in journey.steps)
