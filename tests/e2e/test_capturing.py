"""`lab capture`: what it leaves, several at once, and captures that end otherwise."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import docker
import pytest
from pyroute2.ethtool import Ethtool

from orchestrator.capture.detached import started_alone
from orchestrator.capture.mux import EVERYTHING, Tap
from orchestrator.records.pcapng import Direction, Packet, is_truncated, read_packets
from orchestrator.runs.captures import read_frames
from orchestrator.runtime import boot
from orchestrator.runtime.disk.captures import add_capture, output_of
from orchestrator.runtime.disk.processes import Process
from orchestrator.runtime.disk.state import LabState, RunningCapture
from orchestrator.runtime.network.namespaces import (
    create_namespace,
    entered,
    path_of,
    remove_namespace,
)
from orchestrator.runtime.network.offloads import exact_frames
from orchestrator.runtime.polling import wait_for
from tests.e2e.conftest import RunningLab
from tests.flow import connect

URL = "https://www.example.com/"
MTU_FRAME_BYTES = 1514


def lab(minimal: RunningLab, *arguments: str, code: int = 0) -> str:
    return minimal.cli.run("capture", *arguments, "--name", minimal.name, code=code)


def lab_json(minimal: RunningLab, *arguments: str, code: int = 0) -> Any:
    return json.loads(lab(minimal, *arguments, "--json", code=code))


def refused(minimal: RunningLab, *arguments: str, code: int = 2) -> str:
    done = minimal.cli.try_run("capture", *arguments, "--name", minimal.name)
    assert done.returncode == code, done.stderr
    return done.stderr


def click(minimal: RunningLab) -> None:
    minimal.exec("laptop", "curl", "-sS", "-o", "/dev/null", "--cacert", "/lab/tls/ca.pem", URL)


def frames(file: Path) -> list[Packet]:
    return list(read_packets(file.read_bytes()))


@pytest.fixture(autouse=True)
def none_left(minimal: RunningLab) -> Iterator[None]:
    yield
    for capture in lab_json(minimal, "list"):
        lab_json(minimal, "stop", str(capture["id"]))


def test_a_capture_outlives_its_command_and_leaves_a_whole_folder(
    minimal: RunningLab, tmp_path: Path
) -> None:
    started = lab_json(minimal, "start", "--output", str(tmp_path / "all"))
    assert started["running"]
    plan = minimal.plan()
    assert set(started["nodes"]) == {*plan["nodes"], *plan["switches"]}
    click(minimal)
    stopped = lab_json(minimal, "stop")
    folder = tmp_path / "all"
    assert (stopped["drops"], stopped["error"], stopped["note"]) == (0, None, "")
    counted = json.loads((folder / "capture.json").read_text())
    assert counted["per_node"] == stopped["per_node"]
    journey = frames(folder / "journey.pcapng")
    assert len(journey) == stopped["packets"] == counted["packets"] > 0
    assert [p.time_ns for p in journey] == sorted(p.time_ns for p in journey)
    # The click is there, at each of its hops, and told alike by runs/read.py.
    read = read_frames(folder)
    assert {"laptop", "edge"} <= {n for n, seen in read.items() if any(f.has(0x02) for f in seen)}
    numbers = {f.captured.journey: f.captured.data for seen in read.values() for f in seen}
    assert all(numbers[p.number] == p.data for p in journey)
    assert Direction.UNKNOWN not in {p.direction for p in journey}
    assert lab_json(minimal, "list") == []


def test_frames_are_those_of_a_real_wire_until_the_last_capture_has_ended(
    minimal: RunningLab, tmp_path: Path
) -> None:
    ledger = minimal.cli.state / "offloads.json"
    first = lab_json(minimal, "start", "--output", str(tmp_path / "1"))
    lab_json(minimal, "start", "--node", "laptop", "--output", str(tmp_path / "2"))
    click(minimal)
    lab_json(minimal, "stop", str(first["id"]))
    assert max(p.original_length for p in frames(tmp_path / "1/journey.pcapng")) <= MTU_FRAME_BYTES
    assert [entry for entry in json.loads(ledger.read_text())["off"] if "tso" in entry]
    click(minimal)
    lab_json(minimal, "stop")
    assert max(p.original_length for p in frames(tmp_path / "2/laptop.pcapng")) <= MTU_FRAME_BYTES
    assert not ledger.exists()


def test_several_at_once_by_node_link_and_filter(minimal: RunningLab, tmp_path: Path) -> None:
    [link] = [n for n, w in minimal.plan()["links"].items() if w["a"]["node"] == "laptop"]
    options = {
        "node": ("--node", "laptop", "--node", "edge", "--filter", "tcp port 443"),
        "link": ("--link", link, "--filter", "udp port 53"),
    }
    for name, words in options.items():
        lab(minimal, "start", *words, "--output", str(tmp_path / name))
    listed = lab_json(minimal, "list")
    assert [c["id"] for c in listed] == [1, 2]
    assert [c["interfaces"] for c in listed] == [2, 2]
    assert "say which: 1, 2" in refused(minimal, "stop")
    click(minimal)
    told = lab(minimal, "list")
    assert "'tcp port 443'" in told
    assert str(tmp_path / "link") in told
    assert lab_json(minimal, "stop", "2")["drops"] == 0
    assert " captured at 2 nodes and switches, 0 drops\n" in lab(minimal, "stop")
    by_node = read_frames(tmp_path / "node")
    assert set(by_node) == {"laptop", "edge"}
    ports = [{f.source_port, f.target_port} for seen in by_node.values() for f in seen]
    assert len(ports) > 20
    assert all(443 in each for each in ports)
    by_link = read_frames(tmp_path / "link")
    assert {port for seen in by_link.values() for f in seen for port in (f.target_port,)} >= {53}
    assert "laptop" in by_link
    assert len(by_link) == 2


def test_what_cannot_be_captured_is_refused_and_leaves_nothing(
    minimal: RunningLab, tmp_path: Path
) -> None:
    output = ("--output", str(tmp_path / "made"))
    assert "did you mean 'laptop'?" in refused(minimal, "start", "--node", "lapto", *output)
    assert "did you mean" in refused(minimal, "start", "--link", "laptop--hom", *output)
    told = refused(minimal, "start", "--filter", "tcp prt 443", *output)
    assert "'tcp prt 443': can't parse filter expression: syntax error" in told
    assert "at least 1 s" in refused(minimal, "start", "--for", "10ms", *output)
    assert list(tmp_path.iterdir()) == []
    assert lab_json(minimal, "list") == []
    assert not (minimal.cli.state / "offloads.json").exists()
    (tmp_path / "file").write_text("")
    told = refused(minimal, "start", "--output", str(tmp_path / "file/below"), code=4)
    assert f"cannot write to {tmp_path}/file/below: Not a directory" in told
    told = refused(minimal, "start", "--output", str(tmp_path))
    assert f"{tmp_path} is not empty" in told


def test_the_same_folder_takes_one_capture(minimal: RunningLab, tmp_path: Path) -> None:
    output = ("--output", str(tmp_path / "same"))
    lab(minimal, "start", *output)
    assert "capture 1 writes to" in refused(minimal, "start", *output)
    lab(minimal, "stop", "1")
    assert "is not empty" in refused(minimal, "start", *output)


def test_there_must_be_something_to_stop(minimal: RunningLab, tmp_path: Path) -> None:
    assert "no capture runs" in refused(minimal, "stop")
    assert lab(minimal, "list") == "no capture runs\n"
    lab(minimal, "start", "--output", str(tmp_path / "one"))
    assert "there is no capture 7" in refused(minimal, "stop", "7")


def test_one_that_was_killed_says_so_and_gives_what_it_had(
    minimal: RunningLab, tmp_path: Path
) -> None:
    words = ("--node", "laptop", "--limit", "1", "--output", str(tmp_path / "killed"))
    started = lab_json(minimal, "start", *words)
    click(minimal)
    part = tmp_path / "killed/laptop.pcapng.1"
    assert wait_for(lambda: frames(part), within_s=60)
    process = Process(**started["process"])
    os.kill(process.pid, signal.SIGKILL)
    assert wait_for(lambda: not process.is_alive(), within_s=60)
    assert "1  has ended by itself" in lab(minimal, "list")
    told = lab(minimal, "stop", code=1)
    assert "capture 1 ended before it was stopped: its process was killed" in told
    assert frames(tmp_path / "killed/journey.pcapng")
    assert json.loads((tmp_path / "killed/capture.json").read_text())["drops"] is None
    assert lab_json(minimal, "list") == []


def test_one_whose_folder_was_removed_says_so(minimal: RunningLab, tmp_path: Path) -> None:
    lab(minimal, "start", "--node", "laptop", "--output", str(tmp_path / "gone"))
    (tmp_path / "gone/laptop.pcapng").unlink()
    (tmp_path / "gone").rmdir()
    assert "gone is gone" in refused(minimal, "stop", code=1)
    assert lab_json(minimal, "list") == []


def test_one_may_end_by_itself(minimal: RunningLab, tmp_path: Path) -> None:
    words = ("--node", "laptop", "--for", "1s", "--output", str(tmp_path / "short"))
    process = Process(**lab_json(minimal, "start", *words)["process"])
    assert wait_for(lambda: not process.is_alive(), within_s=60)
    stopped = lab_json(minimal, "stop")
    assert stopped["ended_by_itself"]
    assert stopped["error"] is None
    assert (tmp_path / "short/journey.pcapng").exists()


def test_a_node_that_restarts_gets_its_links_back_while_it_is_captured(
    minimal: RunningLab, tmp_path: Path
) -> None:
    """The capture's socket keeps the old namespace, but nothing may answer from there."""
    lab(minimal, "start", "--output", str(tmp_path / "through"))
    minimal.restart("edge")
    status = ("status", "--name", minimal.name)
    assert wait_for(lambda: minimal.cli.try_run(*status).returncode == 0, within_s=120)
    click(minimal)
    stopped = lab_json(minimal, "stop")
    assert stopped["error"] is None
    read = read_frames(tmp_path / "through")
    assert any(f.has(0x02) and f.target_port == 443 for f in read["laptop"])


# ── beside a lab ──────────────────────────────────────────────────────────────


@contextmanager
def pair() -> Iterator[dict[str, str]]:
    """Two namespaces and a link between them."""
    names = {end: f"capturing-{os.getpid()}-{end}" for end in ("a", "b")}
    try:
        for name in names.values():
            create_namespace(name)
        paths = {end: path_of(name) for end, name in names.items()}
        connect(paths, ("a", "eth0"), ("b", "eth0"), "10.7.0")
        yield paths
    finally:
        for name in names.values():
            remove_namespace(name)


def features(namespace: str) -> dict[str, bool]:
    """What the interface's hardware is said to do, asked by other means than the lab's own."""
    with entered(namespace), closing(Ethtool()) as ethtool:
        return {n: f.enable for n, f in ethtool.get_features("eth0").features.items()}


def test_down_ends_captures_and_their_files_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLICKLAB_STATE", str(tmp_path / "state"))
    state, folder = LabState("test-capturing-down"), tmp_path / "out"
    output_of(state, 1).parent.mkdir(parents=True)
    folder.mkdir()
    with pair() as paths:
        taps = [Tap("a", paths["a"], ("eth0",))]
        with started_alone(taps, folder, EVERYTHING, output_of(state, 1)) as process:
            record = RunningCapture(1, process, str(folder), ("a",), 1, "", None, 0.0)
            add_capture(state, record)
        assert process.is_alive()
        boot.take_down(docker.from_env(), state)
    assert not process.is_alive()
    assert not is_truncated((folder / "a.pcapng").read_bytes())
    assert not state.exists()


def test_offloads_come_back_with_the_last_who_needs_them_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLICKLAB_STATE", str(tmp_path))
    with pair() as paths:
        interfaces = dict.fromkeys(paths.values(), ("eth0",))
        before = features(paths["a"])
        assert before["tx-tcp-segmentation"]
        first, second = exact_frames(interfaces), exact_frames({paths["a"]: ("eth0",)})
        first.__enter__()
        second.__enter__()
        assert not features(paths["a"])["tx-tcp-segmentation"]
        first.__exit__(None, None, None)
        assert not features(paths["a"])["tx-tcp-segmentation"]
        second.__exit__(None, None, None)
        assert features(paths["a"]) == before
        assert features(paths["b"]) == before
    assert not (tmp_path / "offloads.json").exists()
