"""HAR files are HAR 1.2, says a validator that is not ours, and what they say is so."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.e2e.conftest import Run, RunningLab, timed_out

URL = "https://www.example.com/"
VALIDATOR = "har-validator@5.1.5"
VALIDATE = """
const validate = require("har-validator"), {readFileSync} = require("fs");
validate.har(JSON.parse(readFileSync(process.argv[1])))
  .then(() => process.exit(0))
  .catch((error) => {
    console.log(JSON.stringify(error.errors || String(error)));
    process.exit(1);
  });
"""
STEPS = ("blocked", "dns", "connect", "send", "wait", "receive")
MAY_NOT_APPLY = ("blocked", "dns", "connect", "ssl")


@pytest.fixture(scope="session")
def validator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the validator. Without it nothing here is proved: it must be installable."""
    folder = tmp_path_factory.mktemp("validator")
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--prefix", folder, VALIDATOR],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"cannot install {VALIDATOR}: {done.stderr}"
    return folder


def complaints(validator: Path, har: Path) -> str:
    """What the validator has against a file, "" for nothing."""
    done = subprocess.run(
        ["node", "-e", VALIDATE, har],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=validator,
    )
    assert not done.stderr, done.stderr
    return done.stdout if done.returncode else ""


@pytest.fixture(scope="module")
def runs(minimal: RunningLab, engine: docker.DockerClient) -> dict[str, Run]:
    return {
        "cold": minimal.visited(URL, "--cold=all"),
        "warm": minimal.visited(URL),
        "http/1.1": minimal.visit(URL, "--http", "1.1"),
        "redirected": minimal.visit("http://www.example.com/"),
        "no such name": minimal.visited("https://nowhere.example.com/", code=1),
        "refused": minimal.visited("https://shop.example.com/", code=1),
        "not found": minimal.visited(f"{URL}no-such-page", code=1),
        "timed out": timed_out(minimal, engine),
        "curl": minimal.visited(URL, "--client", "curl"),
        "curl failed": minimal.visited("https://shop.example.com/", "--client", "curl", code=1),
    }


NAMES = (
    *("cold", "warm", "http/1.1", "redirected", "no such name", "refused", "not found"),
    *("timed out", "curl", "curl failed"),
)


def log_of(run: Run) -> dict[str, Any]:
    log: dict[str, Any] = json.loads((run.folder / "visit.har").read_text())["log"]
    return log


@pytest.mark.parametrize("name", NAMES)
def test_the_validator_has_nothing_against_it(
    validator: Path, runs: dict[str, Run], name: str
) -> None:
    assert complaints(validator, runs[name].folder / "visit.har") == ""


def test_the_validator_would_say_so(validator: Path, runs: dict[str, Run], tmp_path: Path) -> None:
    log = log_of(runs["warm"])
    del log["entries"][0]["timings"]["wait"]
    (tmp_path / "bad.har").write_text(json.dumps({"log": log}))
    assert "wait" in complaints(validator, tmp_path / "bad.har")


@pytest.mark.parametrize("name", NAMES)
def test_steps_add_up_and_only_some_may_not_apply(runs: dict[str, Run], name: str) -> None:
    """The schema has no such rules; the format does."""
    entries = log_of(runs[name])["entries"]
    assert entries
    for entry in entries:
        timings = entry["timings"]
        assert entry["time"] == pytest.approx(sum(timings[s] for s in STEPS if timings[s] > 0))
        for step, ms in timings.items():
            assert ms >= 0 or (ms == -1 and step in MAY_NOT_APPLY), (step, ms)
        assert timings["ssl"] <= timings["connect"]


def test_the_page_is_called_and_timed_as_in_the_record(runs: dict[str, Run]) -> None:
    run = runs["warm"]
    (page,) = log_of(run)["pages"]
    timings = run.record["timings_ms"]
    assert page["pageTimings"] == {
        "onContentLoad": timings["dom_content_loaded"],
        "onLoad": timings["load"],
    }
    assert page["title"] != URL
    assert page["startedDateTime"] == run.record["started"]
    assert {entry["pageref"] for entry in log_of(run)["entries"]} == {page["id"]}


def test_each_connection_is_one_on_the_wire(runs: dict[str, Run]) -> None:
    """With HTTP/1.1 a browser opens several, and each has at least one request."""
    syn = "tcp.flags.syn == 1 and tcp.flags.ack == 0 and tcp.dstport == 443"
    for name in ("warm", "http/1.1"):
        opened = {row[0] for row in runs[name].packets("laptop", syn, "tcp.srcport")}
        entries = log_of(runs[name])["entries"]
        used = {entry["connection"] for entry in entries}
        assert 1 <= len(used) <= len(opened), name
        first = [e for e in entries if e["timings"]["connect"] >= 0]
        assert len({entry["connection"] for entry in first}) == len(first), name
    assert len({entry["connection"] for entry in log_of(runs["warm"])["entries"]}) == 1


def test_versions_are_those_of_http(runs: dict[str, Run]) -> None:
    for name, version in {"warm": "HTTP/2", "http/1.1": "HTTP/1.1", "curl": "HTTP/2"}.items():
        for entry in log_of(runs[name])["entries"]:
            said = {entry[message]["httpVersion"] for message in ("request", "response")}
            assert said == {version}, name


def test_a_redirect_has_an_entry_of_its_own(runs: dict[str, Run]) -> None:
    first, second = log_of(runs["redirected"])["entries"][:2]
    assert first["response"]["status"] in (301, 302, 307, 308)
    assert first["response"]["redirectURL"] == second["request"]["url"] == URL
    assert (first["response"]["httpVersion"], second["response"]["httpVersion"]) == (
        "HTTP/1.1",
        "HTTP/2",
    )


def test_what_was_still_awaited_took_until_time_was_up(runs: dict[str, Run]) -> None:
    (entry,) = log_of(runs["timed out"])["entries"]
    assert entry["time"] > 1000


@pytest.mark.parametrize("name", ["no such name", "refused"])
def test_what_got_no_answer_is_an_entry_that_says_why(runs: dict[str, Run], name: str) -> None:
    (entry,) = log_of(runs[name])["entries"]
    assert entry["response"]["status"] == 0
    assert entry["response"]["_error"] == runs[name].record["error_detail"]
    assert entry["timings"]["blocked"] == entry["time"] > 0
    assert "connection" not in entry


def test_who_asked_for_what(runs: dict[str, Run]) -> None:
    document, *others = log_of(runs["warm"])["entries"]
    assert document["_resourceType"] == "document"
    kinds = {entry["_resourceType"] for entry in others}
    assert {"stylesheet", "script", "image"} <= kinds
    styles = next(entry for entry in others if entry["_resourceType"] == "stylesheet")
    assert (styles["_initiator"]["type"], styles["_initiator"]["url"]) == ("parser", URL)


def test_curls_entry_is_what_it_measured(runs: dict[str, Run]) -> None:
    run = runs["curl"]
    (entry,) = log_of(run)["entries"]
    assert entry["time"] == pytest.approx(run.record["timings_ms"]["load"], abs=0.01)
    assert entry["timings"]["dns"] == pytest.approx(run.record["timings_ms"]["dns"])
    assert entry["timings"]["blocked"] == -1
    assert entry["serverIPAddress"] == run.record["remote_address"]
