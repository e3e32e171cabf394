"""What the sources make of what they read: logs, ledger, Docker's events, answers of probes."""

from __future__ import annotations

import json
import threading
from ipaddress import ip_address
from pathlib import Path

from orchestrator.events import health, ledger
from orchestrator.events.caches import read_verdict
from orchestrator.events.files import told_of_changes
from orchestrator.events.logs import Tail
from orchestrator.events.nodes import read_event
from orchestrator.records.testimony import LogLine

SOON_S = 5.0


def entry(text: str) -> str:
    time = "2026-11-21T12:00:00.000000005Z"
    return json.dumps({"log": f"{text}\n", "stream": "stdout", "time": time}) + "\n"


def test_a_log_is_read_on_from_its_end_by_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(entry("old"))
    tail = Tail(path, at_end=True)
    with path.open("a") as file:
        file.write(entry("new") + entry("half")[:20])
    (line,) = tail.read()
    assert (line.text, line.time_ns) == ("new", 1_795_262_400_000_000_005)
    with path.open("a") as file:
        file.write(entry("half")[20:])
    assert [line.text for line in tail.read()] == ["half"]


def test_a_log_that_begins_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(entry("a long line that fills it"))
    tail = Tail(path, at_end=True)
    path.write_text(entry("new"))
    assert [line.text for line in tail.read()] == ["new"]
    path.unlink()
    assert list(tail.read()) == []


def test_changes_of_files_and_folders_are_told(tmp_path: Path) -> None:
    file, folder, told = tmp_path / "file", tmp_path / "folder", []
    file.touch()
    folder.mkdir()
    bell = threading.Semaphore(0)

    def changed(path: Path) -> None:
        told.append(path)
        bell.release()

    with told_of_changes([file, folder], changed):
        assert bell.acquire(timeout=SOON_S)  # both once, to begin with
        assert bell.acquire(timeout=SOON_S)
        file.write_text("more")
        assert bell.acquire(timeout=SOON_S)
        assert told[-1] == file
        (tmp_path / "new").touch()
        (tmp_path / "new").rename(folder / "renamed")
        while told[-1] != folder:
            assert bell.acquire(timeout=SOON_S)


def verdict(path: str, cache: str, own: str = "192.0.2.9") -> list[tuple[str, str, int]]:
    line = {"id": "5c", "client": "192.0.2.1:4000", "request": f"GET {path} HTTP/2.0"}
    line |= {"status": 200, "cache": cache, "total_s": "0.012", "upstream": ""}
    text = json.dumps(line)
    return [
        (event.action, event.subject, event.detail["took_ms"])
        for event in read_verdict("edge", LogLine(1, 1, text), {ip_address(own).packed})
    ]


def test_a_verdict_is_told_with_its_request() -> None:
    assert verdict("/product/7", "HIT") == [("hit", "/product/7", 12.0)]
    assert verdict("/product/7", "") == [("none", "/product/7", 12.0)]


def test_what_the_lab_asks_itself_is_no_verdict() -> None:
    assert verdict("/healthz", "MISS", own="192.0.2.1") == []
    assert list(read_verdict("edge", LogLine(1, 1, "2026/11/21 [notice] started"))) == []


def test_a_visitors_healthz_is_a_verdict_as_any() -> None:
    assert verdict("/healthz", "MISS") == [("miss", "/healthz", 12.0)]


def test_the_ledger_tells_when_a_fault_began_took_hold_and_ended(tmp_path: Path) -> None:
    begun = {"id": 1, "fault": "link-blackhole", "target": "a--b", "begun_ns": 5}
    steps = [[], [begun], [{**begun, "in_force_ns": 7}], []]
    told, before = [], ledger.read_entries(tmp_path / "none")
    for step in steps:
        path = tmp_path / "faults.json"
        path.write_text(json.dumps(step))
        after = ledger.read_entries(path)
        told += [(e.action, e.time_ns) for e in ledger.compare(before, after, now_ns=9)]
        before = after
    assert told == [("injected", 5), ("in force", 7), ("healed", 9)]


def test_who_was_asked_and_changed_is_told() -> None:
    before, found = {"a": "x", "b": "x", "c": "x"}, {"a": "x", "d": "y"}
    told = health.compare(before, found, asked=["a", "b", "d", "e"], now_ns=1)
    assert [(event.node, event.action) for event in told] == [("b", "well"), ("d", "ill")]


def test_docker_tells_of_nodes() -> None:
    attributes = {"clicklab.node": "edge", "exitCode": "137"}
    told = {"Action": "die", "Actor": {"Attributes": attributes}, "timeNano": 12}
    event = read_event(told)
    assert event is not None
    assert (event.node, event.action, event.detail) == ("edge", "die", {"exit_code": 137})
    assert read_event({**told, "Action": "exec_create: sh"}) is None
    assert read_event({**told, "Actor": {"Attributes": {}}}) is None
