"""What daemons wrote during a run, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.errors import LabError
from orchestrator.records.testimony import LogLine
from orchestrator.runs.door import Door


def read_logs(door: Door) -> dict[str, tuple[LogLine, ...]]:
    """What each node's daemons wrote; {} where that was not kept."""
    try:
        names = door.folder.names(".log", within="logs")
    except LabError as error:
        door.lack("logs", error, "what daemons wrote is not told")
        return {}
    found: dict[str, tuple[LogLine, ...]] = {}
    for name in names:
        try:
            found[name.removesuffix(".log")] = tuple(_log_lines(door.text(f"logs/{name}")))
        except LabError as error:
            door.lack(f"logs/{name}", error, "what daemons wrote there is not told")
    return found


def _log_lines(text: str) -> Iterator[LogLine]:
    """Each line after the time, in nanoseconds, that stands before it."""
    for number, line in enumerate(text.splitlines(), start=1):
        time_ns, _, said = line.partition(" ")
        known = time_ns.isascii() and time_ns.isdecimal() and len(time_ns) <= 19
        yield LogLine(number, int(time_ns) if known else 0, said)
