"""Run folders that are whole, and all the ways in which they are not."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.analysis.packets.frames import IPV4, UDP
from orchestrator.errors import LabError, UsageError
from orchestrator.plan.codec import to_plain
from orchestrator.records.visit import Timings, to_json
from orchestrator.runs.read import FORMAT, read_run
from tests.unit.analysis.builders import VISIT, minimal_plan
from tests.unit.capture.texts import interface, packet, section

ETHERNET = bytes.fromhex("024c00020001 024c00010001 0800".replace(" ", ""))
IP = bytes.fromhex("45000020 00000000 40110000 c0a80164 c0a80101".replace(" ", ""))
DNS_PORT = bytes.fromhex("9c400035 000c0000 61626364".replace(" ", ""))
FRAME = ETHERNET + IP + DNS_PORT


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with one packet, which left the laptop and came to its gateway."""
    folder = tmp_path / "20260101T000000Z-www.example.com-0001"
    (folder / "logs").mkdir(parents=True)
    write(folder / "visit.json", to_json(replace(VISIT, timings_ms=Timings(tls=5.0, load=9.0))))
    write(folder / "plan.json", to_plain(minimal_plan()))
    write(folder / "facts.json", {"format": FORMAT, "forwarding": {}, "translations": {}})
    write(folder / "capture.json", {"packets": 2, "drops": 0, "per_node": {}})
    for name in ("visit.har", "timeline.json", "netlog.json"):
        write(folder / name, {})
    (folder / "keys.log").write_text("CLIENT_RANDOM 00 00\n", encoding="utf-8")
    (folder / "logs" / "home-gw.log").write_text("1000 said this\nodd\n", encoding="utf-8")
    for node, port, moment in (("laptop", "eth0", 10), ("home-gw", "lan", 5)):
        captured = section() + interface(f"{node}:{port}") + packet(0, moment, FRAME)
        (folder / f"{node}.pcapng").write_bytes(captured)
    return folder


def write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


def test_a_whole_run_lacks_nothing(run: Path) -> None:
    evidence = read_run(run)
    assert evidence.missing == ()
    assert (evidence.packets, evidence.drops, evidence.has_keys) == (2, 0, True)
    (frame,) = evidence.frames["laptop"]
    assert (frame.ethertype, frame.protocol, frame.payload) == (IPV4, UDP, b"abcd")
    assert (frame.endpoint, frame.source_port, frame.target_port) == ("laptop:eth0", 40000, 53)


def test_frames_are_numbered_in_their_file_and_in_the_order_of_time(run: Path) -> None:
    frames = read_run(run).frames
    numbers = {node: (f.captured.number, f.captured.journey) for node, (f,) in frames.items()}
    assert numbers == {"home-gw": (1, 1), "laptop": (1, 2)}


def test_logs_are_read_with_their_times(run: Path) -> None:
    lines = read_run(run).logs["home-gw"]
    assert [(line.number, line.time_ns, line.text) for line in lines] == [
        (1, 1000, "said this"),
        (2, 0, ""),
    ]


def of_the_first_format(folder: Path) -> None:
    (folder / "facts.json").unlink()
    shutil.rmtree(folder / "logs")


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def without_logs(folder: Path) -> None:
    shutil.rmtree(folder / "logs")


def link_for(name: str) -> Callable[[Path], None]:
    """The file itself is elsewhere, where it could be anything."""

    def move(folder: Path) -> None:
        (folder / name).rename(folder.parent / "elsewhere")
        (folder / name).symlink_to(folder.parent / "elsewhere")

    return move


def fifo_for(name: str) -> Callable[[Path], None]:
    def put(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return put


def file_of_nobody(folder: Path) -> None:
    shutil.copy(folder / "laptop.pcapng", folder / "stranger.pcapng")


def cut_between_frames(folder: Path) -> None:
    """Its counts tell, for the file does not."""
    write(folder / "capture.json", {"packets": 9, "per_node": {"laptop": {"packets": 9}}})


def captured_nowhere(folder: Path) -> None:
    write(folder / "capture.json", {"packets": 2, "per_node": {"laptop": {}, "edge": {}}})


def odd_har(folder: Path) -> None:
    write(folder / "visit.har", {"log": {"entries": [{"request": {"url": 7}}]}})


def with_empty_keys(folder: Path) -> None:
    (folder / "keys.log").write_bytes(b"")


def cut(name: str, keep: int) -> Callable[[Path], None]:
    def shorten(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:keep])

    return shorten


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (of_the_first_format, "older version"),
        (without("facts.json"), "facts.json is missing: "),
        (without("capture.json"), "capture.json is missing: whether packets were missed"),
        (without("laptop.pcapng"), "laptop.pcapng is missing: what was captured there"),
        (without("visit.har"), "visit.har is missing: "),
        (without("timeline.json"), "timeline.json is missing: "),
        (without("netlog.json"), "netlog.json is missing: "),
        (without("keys.log"), "no TLS keys"),
        (without_logs, "logs is missing: what daemons wrote"),
        (with_empty_keys, "no TLS keys"),
        (cut("facts.json", 3), "facts.json:2:2: not whole: "),
        (cut("laptop.pcapng", 120), "laptop.pcapng was cut off before its first frame: "),
        (cut_between_frames, "laptop.pcapng was cut off at 00:00:00.000000 UTC: what came after"),
        (cut("laptop.pcapng", 0), "laptop.pcapng is empty"),
        (file_of_nobody, "stranger.pcapng is of no node of this lab, and left out"),
        (captured_nowhere, "edge.pcapng is missing"),
        (odd_har, "/log/entries/0: it has no startedDateTime"),
        (link_for("netlog.json"), "netlog.json is a link, not a file"),
        (link_for("keys.log"), "keys.log is a link, not a file"),
        (link_for("logs"), "logs is a link, not a folder"),
        (fifo_for("visit.har"), "visit.har is a FIFO, not a file"),
    ],
)
def test_what_is_missing_is_told_and_the_rest_is_read(
    run: Path, damage: Callable[[Path], None], told: str
) -> None:
    damage(run)
    (sentence,) = read_run(run).missing
    assert told in sentence


def newer(folder: Path) -> None:
    write(folder / "facts.json", {"format": FORMAT + 1})


def foreign_plan(folder: Path) -> None:
    write(folder / "plan.json", {"nodes": 3})


def no_capture(folder: Path) -> None:
    (folder / "laptop.pcapng").write_bytes(b"this is no capture")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (newer, "newer version"),
        (foreign_plan, "plan.json does not read as expected"),
        (cut("visit.json", 40), "visit.json:"),
        (cut("plan.json", 100), "plan.json:"),
        (link_for("visit.json"), "visit.json is a link"),
        (link_for("laptop.pcapng"), "laptop.pcapng is a link"),
        (fifo_for("plan.json"), "plan.json is a FIFO"),
        (no_capture, "laptop.pcapng: not a pcapng file"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_names_the_file(
    run: Path, damage: Callable[[Path], None], told: str
) -> None:
    damage(run)
    with pytest.raises(LabError, match=told):
        read_run(run)


def test_a_folder_that_is_no_run_is_refused(run: Path) -> None:
    (run / "visit.json").unlink()
    with pytest.raises(UsageError, match="is no run: it has no visit"):
        read_run(run)


def test_a_run_that_was_left_half_written_is_refused(run: Path) -> None:
    unfinished = run.with_name(f".{run.name}")
    shutil.move(run, unfinished)
    with pytest.raises(UsageError, match="half written"):
        read_run(unfinished)


def test_a_capture_in_place_of_a_run_is_refused(run: Path) -> None:
    with pytest.raises(UsageError, match="is a file"):
        read_run(run / "laptop.pcapng")


def test_a_run_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no run"):
        read_run(tmp_path / "nowhere")
