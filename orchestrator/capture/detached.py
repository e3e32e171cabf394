"""Captures that outlive the program that starts them: capmux, alone.

with started_alone(taps, folder, options, output) as process:
    …                          # write down who it is; until then it ends with us
…
summary = read_outcome(output) # once the process has ended
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from orchestrator.capture.mux import (
    CAPMUX,
    CaptureSummary,
    Options,
    Tap,
    killed_on_error,
    parse_summary,
    read_failure,
    send_taps,
    start_process,
)
from orchestrator.errors import DeployError
from orchestrator.runtime.disk.processes import Process, start_time
from orchestrator.runtime.polling import wait_for

_READY = b"ready\n"


@contextmanager
def started_alone(
    taps: Iterable[Tap],
    folder: Path,
    options: Options,
    output: Path,
    *,
    program: Path = CAPMUX,
    within_s: float = 10.0,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Process]:
    """Capture into the existing ``folder``; what capmux prints goes to ``output`` and its `.err`.

    It lives on when the block ends, and is gone if the block fails or this program dies in it.
    Raises as `start_capture`.
    """
    with output.open("wb") as told, output.with_suffix(".err").open("wb") as complaints:
        process = start_process(program, folder, options, told, complaints, environment)
    with killed_on_error(process):
        send_taps(process, taps)
        _await_ready(process, output, within_s)
        yield Process(process.pid, start_time(process.pid) or 0)
        assert process.stdin is not None
        process.stdin.write(b"\n")  # from here on it is alone
        process.stdin.close()


def _await_ready(process: subprocess.Popen[bytes], output: Path, within_s: float) -> None:
    def has_settled() -> bool:
        return output.read_bytes().startswith(_READY) or process.poll() is not None

    if not wait_for(has_settled, within_s, every_s=0.005):
        raise DeployError(f"capmux did not answer within {within_s:g} s")
    if not output.read_bytes().startswith(_READY):
        raise read_failure(output.with_suffix(".err").read_bytes(), process.wait())


def read_outcome(output: Path) -> CaptureSummary | str:
    """The counts of a capture that has ended; or why there are none."""
    told = output.read_bytes() if output.exists() else b""
    counts = told.removeprefix(_READY)
    if counts.endswith(b"\n"):
        return parse_summary(counts)
    complaints = output.with_suffix(".err")
    said = complaints.read_text(errors="replace").strip() if complaints.exists() else ""
    return said or "its process was killed"


def salvage(folder: Path) -> None:
    """Make whole files of what a capture left that was killed: the parts of a limited file, the
    last of which may be cut off, become sections of one."""
    for first in sorted(folder.glob("*.pcapng.*")):
        if not first.exists():
            continue
        name = first.stem
        parts = sorted(folder.glob(f"{name}.*"), key=lambda part: int(part.suffix[1:]))
        with (folder / name).open("ab") as joined:
            for part in parts:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, joined)
                part.unlink()
