"""Start and stop a program that talks like capmux, and some that do not."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.capture.mux import EVERYTHING, Capture, NodeSummary, Options, Tap, start_capture
from orchestrator.errors import DeployError, HostError, UsageError

TAPS = [Tap("laptop", "/proc/1/ns/net", ("eth0",)), Tap("isp", "/run/netns/isp", ("up", "down"))]
SUMMARY = '{"packets": 3, "drops": 1, "per_node": {"laptop": {"packets": 3, "drops": 1}}}'
GOOD = f"""
read_taps()
wait_for = stop_signal()
print("ready", flush=True)
wait_for()
print('{SUMMARY}', flush=True)
"""
PRELUDE = f"""#!{sys.executable}
import os, signal, sys
os.makedirs(sys.argv[1], exist_ok=True)
with open(sys.argv[1] + "/pid", "w") as file:
    file.write(str(os.getpid()))

def read_taps():
    with open(sys.argv[1] + "/taps", "w") as file:
        for line in iter(sys.stdin.readline, "\\n"):
            file.write(line)

def stop_signal():
    signal.pthread_sigmask(signal.SIG_BLOCK, {{signal.SIGTERM}})
    return lambda: signal.sigwait({{signal.SIGTERM}})
"""


def start(folder: Path, behaviour: str, within_s: float = 10.0) -> Capture:
    program = folder / "program"
    program.write_text(PRELUDE + behaviour)
    program.chmod(0o755)
    return start_capture(TAPS, folder / "out", program=program, within_s=within_s)


def is_gone(folder: Path) -> bool:
    """Neither running nor left as a zombie."""
    file = folder / "out/pid"
    pid = file.read_text() if file.exists() else ""  # of one that was ended before it wrote it
    return not pid or not Path("/proc", pid).exists()


def ends(pid: int, within_s: float = 10.0) -> bool:
    """Wait until a process that is not our child has ended."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ending = select.poll()
    ending.register(process, select.POLLIN)
    ended = bool(ending.poll(within_s * 1000))
    os.close(process)
    return ended


def test_taps_go_in_and_the_counts_come_back(tmp_path: Path) -> None:
    capture = start(tmp_path, GOOD)
    summary = capture.stop()
    assert (summary.packets, summary.drops) == (3, 1)
    assert summary.per_node == {"laptop": NodeSummary(packets=3, drops=1)}
    assert (tmp_path / "out/taps").read_text() == (
        "laptop /proc/1/ns/net eth0\nisp /run/netns/isp up,down\n"
    )
    assert is_gone(tmp_path)


def test_stopping_twice_gives_the_same_counts(tmp_path: Path) -> None:
    with start(tmp_path, GOOD) as capture:
        pass
    assert capture.stop() is capture.stop()


def test_an_error_inside_is_not_hidden_and_leaves_no_process(tmp_path: Path) -> None:
    broken = "read_taps(); print('ready', flush=True); signal.pause()"
    with pytest.raises(KeyboardInterrupt), start(tmp_path, broken):
        raise KeyboardInterrupt
    assert is_gone(tmp_path)


def test_what_capmux_says_becomes_the_error(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="isp: up: No such device"):
        start(tmp_path, "read_taps(); sys.exit('capmux: isp: up: No such device')")
    assert is_gone(tmp_path)


def test_an_end_before_the_taps_are_read_is_told_as_well(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="status 7"):
        start(tmp_path, "sys.stdin.close(); sys.exit(7)")


def test_options_are_written_before_the_folder() -> None:
    assert EVERYTHING.arguments == []
    assert Options("tcp port 443").arguments == ["-f", "tcp port 443"]
    assert Options("ip", 1, 2, 3).arguments == ["-f", "ip", "-l", "1", "-c", "2", "-t", "3"]


def test_what_cannot_be_asked_is_the_user_s_mistake(tmp_path: Path) -> None:
    refusing = "print('capmux: filter is none', file=sys.stderr); sys.exit(2)"
    with pytest.raises(UsageError) as refused:
        start(tmp_path, refusing)
    assert refused.value.message == "filter is none"
    assert "pcap-filter" in refused.value.hint


def test_no_privilege_is_the_host_s_fault(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="not permitted") as refused:
        start(tmp_path, "sys.exit('capmux: laptop: cannot enter: Operation not permitted')")
    assert "sudo" in refused.value.hint


def test_a_program_that_is_not_built_is_the_host_s_fault(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="No such file") as refused:
        start_capture(TAPS, tmp_path, program=tmp_path / "capmux")
    assert "make lab" in refused.value.hint


def test_never_ready_ends_after_the_bound(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"within 0\.3 s"):
        start(tmp_path, "read_taps(); stop_signal(); signal.pause()", within_s=0.3)
    assert is_gone(tmp_path)


def test_a_capture_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    capture = start(tmp_path, "read_taps(); stop_signal(); print('ready', flush=True); input()")
    with pytest.raises(DeployError, match=r"within 0\.1 s"):
        capture.stop(within_s=0.1)
    assert is_gone(tmp_path)
    with pytest.raises(DeployError):
        capture.stop()


def test_a_failure_during_the_capture_is_told_when_it_stops(tmp_path: Path) -> None:
    gone = "read_taps(); print('ready', flush=True); sys.exit('capmux: isp: it has ended')"
    with pytest.raises(DeployError, match="it has ended"), start(tmp_path, gone):
        assert ends(int((tmp_path / "out/pid").read_text()))
    assert is_gone(tmp_path)


def test_a_disk_that_gets_full_is_the_hosts_failure(tmp_path: Path) -> None:
    full = "read_taps(); print('ready', flush=True); sys.exit('capmux: isp: No space left')"
    with (
        pytest.raises(HostError, match="the disk is full: isp: No space left"),
        start(tmp_path, full),
    ):
        assert ends(int((tmp_path / "out/pid").read_text()))
    assert is_gone(tmp_path)


def test_standard_input_stays_open_and_closes_with_the_process_that_captures(
    tmp_path: Path,
) -> None:
    until_closed = "read_taps(); print('ready', flush=True); sys.stdin.read()"
    start(tmp_path, GOOD).stop()  # writes the program
    (tmp_path / "program").write_text(PRELUDE + until_closed)
    starter = (
        "import os, sys; from pathlib import Path; from orchestrator.capture.mux import *;"
        "start_capture([], Path(sys.argv[2]), program=Path(sys.argv[1])); os._exit(0)"
    )
    argv = [sys.executable, "-c", starter, str(tmp_path / "program"), str(tmp_path / "out")]
    subprocess.run(argv, check=True, timeout=10)
    assert ends(int((tmp_path / "out/pid").read_text()))
