"""Addresses as users type them, find them in logs, or make them up: each is a run or a mistake."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.e2e.conftest import Run, RunningLab

URL = "https://www.example.com/"
BOTH = pytest.mark.parametrize("client", ["chromium", "curl"])
QUESTIONS = "dns.flags.response == 0"
# Frankfurt to Amsterdam and back, less than which nothing takes.
ROUND_TRIP_MS = 3.6
ODD = {
    "product/7?set=source[/model/2013/x.jpg]": 0,
    "product/7?q=ü b'\"": 0,
    "a/../product/7": 0,
    "product\\7": 0,
    f"?{'x' * 9_000}": 0,  # HPACK makes fewer than 8,192 octets of it, which nginx takes
    f"?{'x' * 70_000}": 1,
}


def told(minimal: RunningLab, code: int, url: str, *options: str) -> str:
    """What `lab visit` prints, with its journey."""
    captures = ("--captures", str(minimal.captures))
    return minimal.cli.run("visit", url, "--name", minimal.name, *captures, *options, code=code)


@BOTH
@pytest.mark.parametrize("rest", ODD, ids=lambda rest: rest[:40])
def test_an_odd_address_is_visited_and_told(minimal: RunningLab, client: str, rest: str) -> None:
    """Two of them ended in exit 3, four lost what was told of their request."""
    said = told(minimal, ODD[rest], f"{URL}{rest}", "--client", client)
    assert "edge" in said
    assert len(said) < 20_000


def test_an_odd_address_is_told_without_its_journey(minimal: RunningLab) -> None:
    url = f"{URL}product/7?set=source[/model/2013/x.jpg]"
    assert f"{url} → 200 h2" in told(minimal, 0, url, "--no-journey")


def asked(run: Run) -> set[str]:
    return {name.lower() for (name,) in run.packets("laptop", QUESTIONS, "dns.qry.name")}


@BOTH
def test_a_host_in_other_letters_is_asked_for_in_ascii_and_no_other_is(
    minimal: RunningLab, client: str
) -> None:
    """24 questions for hosts of the browser's maker were seen."""
    run = minimal.visit("https://bücher.example/", "--client", client, code=1)
    assert (run.record["url"], run.record["error"]) == ("https://xn--bcher-kva.example/", "dns")
    assert {name.split(".")[0] for name in asked(run)} == {"xn--bcher-kva"}


def test_a_browser_asks_for_nothing_but_the_host(minimal: RunningLab) -> None:
    """Nor for a host that is called ~notfound."""
    assert asked(minimal.visit(f"{URL}?nothing=else")) <= {"www.example.com"}


@BOTH
def test_no_password_is_left_anywhere(minimal: RunningLab, client: str) -> None:
    run = minimal.visit("https://visitor:hush-hush@www.example.com/", "--client", client)
    assert run.record["url"] == URL
    assert "visitor" not in run.folder.name
    kept = [path for path in run.folder.rglob("*") if path.is_file()]
    assert not [path.name for path in kept if b"hush-hush" in path.read_bytes()]


def test_a_port_that_a_browser_keeps_from_is_its_own_matter(minimal: RunningLab) -> None:
    run = minimal.visit("https://www.example.com:22/", code=1)
    assert (run.record["error"], run.record["error_detail"]) == ("url", "net::ERR_UNSAFE_PORT")
    assert not run.packets("laptop", "tcp", "frame.number")


@BOTH
@pytest.mark.parametrize("timeout", ["-1", "0", "0.0001", "nan", "1e9"])
def test_a_time_that_is_none_is_refused_to_both_clients(
    minimal: RunningLab, client: str, timeout: str
) -> None:
    done = minimal.cli.try_run(
        *("visit", URL, "--name", minimal.name, "--client", client, "--timeout", timeout)
    )
    assert done.returncode == 2
    assert "--timeout takes 0.001 to 86,400 seconds" in done.stderr


def test_curl_begins_before_its_first_packet(minimal: RunningLab) -> None:
    for _ in range(5):
        run = minimal.visit(URL, "--client", "curl")
        began_s = datetime.fromisoformat(run.record["started"]).timestamp()
        first = run.packets("laptop", f"{QUESTIONS} || tcp.flags.syn == 1", "frame.time_epoch")[0]
        assert _seconds(first[0]) >= began_s


def test_each_step_of_curls_takes_a_round_trip_also_after_a_redirect(minimal: RunningLab) -> None:
    steps = minimal.visit("http://www.example.com/", "--client", "curl").record["timings_ms"]
    assert min(steps[step] for step in ("connect", "tls", "ttfb")) >= ROUND_TRIP_MS


def _seconds(told: str) -> float:
    """tshark's time of a frame: a number, or from 4.4 on ISO 8601 with nanoseconds."""
    if "T" not in told:
        return float(told)
    moment, _, fraction = told.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{moment}+00:00").timestamp() + float(f"0.{fraction}")
