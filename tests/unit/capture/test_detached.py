"""Captures that go on alone: programs that talk like capmux, and what others leave."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from orchestrator.capture.detached import read_outcome, salvage, started_alone
from orchestrator.capture.mux import EVERYTHING
from orchestrator.errors import DeployError, HostError, UsageError
from orchestrator.records.pcapng import read_packets
from orchestrator.runtime.disk.processes import Process
from orchestrator.runtime.polling import wait_for
from tests.unit.capture.test_mux import PRELUDE, SUMMARY, TAPS, is_gone
from tests.unit.capture.texts import interface, packet, section

# Ends with its standard input unless another line comes first, as capmux does.
LIKE_CAPMUX = f"""
read_taps()
wait_for = stop_signal()
print("ready", flush=True)
if not sys.stdin.readline():
    sys.exit()
wait_for()
print('{SUMMARY}', flush=True)
"""


def start(folder: Path, behaviour: str, within_s: float = 10.0, failure: str = "") -> Process:
    program = folder / "program"
    program.write_text(PRELUDE + behaviour)
    program.chmod(0o755)
    output = folder / "1.out"
    options = {"program": program, "within_s": within_s}
    with started_alone(TAPS, folder / "out", EVERYTHING, output, **options) as process:  # type: ignore[arg-type]
        assert process.is_alive()
        if failure:
            raise RuntimeError(failure)
    return process


def ends(process: Process) -> bool:
    return bool(wait_for(lambda: not process.is_alive(), within_s=10))


def test_it_lives_on_and_leaves_its_counts(tmp_path: Path) -> None:
    process = start(tmp_path, LIKE_CAPMUX)
    assert process.is_alive()
    os.kill(process.pid, signal.SIGTERM)
    assert ends(process)
    summary = read_outcome(tmp_path / "1.out")
    assert not isinstance(summary, str)
    assert (summary.packets, summary.drops) == (3, 1)


def test_it_is_gone_if_it_could_not_be_written_down(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no record"):
        start(tmp_path, LIKE_CAPMUX, failure="no record")
    assert is_gone(tmp_path)


def test_what_it_says_instead_of_ready_becomes_the_error(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="isp: up: No such device"):
        start(tmp_path, "read_taps(); sys.exit('capmux: isp: up: No such device')")
    with pytest.raises(UsageError, match="none"):
        start(tmp_path, "print('capmux: none', file=sys.stderr); sys.exit(2)")


def test_never_ready_ends_after_the_bound(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"within 0\.2 s"):
        start(tmp_path, "read_taps(); stop_signal(); signal.pause()", within_s=0.2)
    assert is_gone(tmp_path)


def test_a_program_that_is_not_built_is_the_host_s_fault(tmp_path: Path) -> None:
    nowhere = tmp_path / "capmux"
    with (
        pytest.raises(HostError, match="No such file"),
        started_alone(TAPS, tmp_path, EVERYTHING, tmp_path / "1.out", program=nowhere),
    ):
        pass


def test_one_that_failed_says_why_and_one_that_was_killed_that(tmp_path: Path) -> None:
    failed = "print('capmux: isp: No space left', file=sys.stderr); sys.exit(1)"
    process = start(tmp_path, LIKE_CAPMUX.replace("wait_for()\n", failed + "\n"))
    assert ends(process)
    assert read_outcome(tmp_path / "1.out") == "capmux: isp: No space left"
    process = start(tmp_path, LIKE_CAPMUX)
    os.kill(process.pid, signal.SIGKILL)
    assert ends(process)
    assert read_outcome(tmp_path / "1.out") == "its process was killed"
    assert read_outcome(tmp_path / "nothing.out") == "its process was killed"


def test_half_a_summary_is_none(tmp_path: Path) -> None:
    (tmp_path / "1.out").write_text(f"ready\n{SUMMARY}")
    assert isinstance(read_outcome(tmp_path / "1.out"), str)


def test_parts_that_were_left_become_a_file(tmp_path: Path) -> None:
    head = section() + interface("isp:up")
    for number in range(8, 12):  # whose names sort otherwise
        text = head + packet(0, number, f"part {number}".encode())
        (tmp_path / f"isp.pcapng.{number}").write_bytes(text[:-6] if number == 11 else text)
    (tmp_path / "home.pcapng").write_bytes(head)
    salvage(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home.pcapng", "isp.pcapng"]
    read = read_packets((tmp_path / "isp.pcapng").read_bytes())
    assert [p.data.decode() for p in read] == ["part 8", "part 9", "part 10"]
