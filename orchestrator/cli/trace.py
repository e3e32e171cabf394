"""The verb `trace`: one packet of a run, followed over every interface that it crossed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import click

from orchestrator.analysis.evidence import Evidence
from orchestrator.analysis.hops.trace import PACKETS, Trace, account, trace_frame, trace_packets
from orchestrator.analysis.packets.frames import Frame
from orchestrator.analysis.story import Story
from orchestrator.cli.common import (
    captures_option,
    json_option,
    print_json,
    print_note,
    run_argument,
    run_folder,
)
from orchestrator.cli.layout import open_output
from orchestrator.cli.trace_told import print_trace
from orchestrator.errors import UsageError, nearest, unknown
from orchestrator.report.traces import account_to_plain, trace_to_plain
from orchestrator.runs.read import read_run
from orchestrator.verbs.contradiction import judging

_CAPTURES = (".pcap", ".pcapng", ".cap")
_FRAME = re.compile(r"([^:]+:)?[0-9]{1,12}")


@click.command("trace")
@run_argument
@click.option(
    "--packet",
    metavar=f"{'|'.join(PACKETS)}|FRAME",
    help="Which packet [default: syn]. FRAME is a frame of journey.pcapng, like 4234, "
    "or of a node's file, like laptop:12.",
)
@captures_option
@json_option
def trace_command(given: str | None, packet: str | None, captures: Path, as_json: bool) -> None:
    """Follow one packet of a run over every interface, and back.

    Offline, from the run's folder alone. Times are since the packet was first seen; all nodes
    have one clock, so they are true one-way times.
    """
    folder = _chosen_run(given, captures)
    if packet is not None:
        _require_packet(packet)
    with judging(folder):
        story = Story(read_run(folder))
        for missing in story.evidence.missing:
            print_note(missing)
        trace = _find(story, packet)
        accounted = account(story)
    if as_json:
        plain = trace_to_plain(trace)
        print_json({"run": story.visit.run, **plain, "account": account_to_plain(accounted)})
    else:
        print_trace(open_output(), trace, folder, accounted)


def _chosen_run(given: str | None, captures: Path) -> Path:
    path = Path(given or "")
    if given is None or not path.is_file():
        return run_folder(given, captures)
    if (path.parent / "visit.json").exists():
        raise UsageError(f"{path} is one file of a run", f"give the run: lab trace {path.parent}")
    kind = "a capture" if path.suffix in _CAPTURES else "a file"
    hint = "runs are folders, made by: lab visit URL; only they have the wiring to follow packets"
    raise UsageError(f"{path} is {kind}, not a run", hint)


def _require_packet(packet: str) -> None:
    """Raises UsageError where no run could have such a packet."""
    if packet in PACKETS or _FRAME.fullmatch(packet):
        return
    hint = f"there is: {', '.join(PACKETS)}, or a frame's number"
    raise unknown("packet", packet, PACKETS, within="for --packet", hint=hint)


def _find(story: Story, packet: str | None) -> Trace:
    if packet is not None and packet not in PACKETS:
        return trace_frame(story, _find_frame(story.evidence, packet))
    traces = trace_packets(story)
    name = packet or next(iter(traces), "")
    if name not in traces:
        raise UsageError(_lacking(name), _those_there(story.evidence, traces))
    return traces[name]


def _lacking(name: str) -> str:
    return f"this visit has no {name}" if name else "this visit has none of the known packets"


def _those_there(evidence: Evidence, traces: Mapping[str, Trace]) -> str:
    if traces:
        return f"it has: {', '.join(traces)}"
    frames = sum(map(len, evidence.frames.values()))
    if not frames:
        return "its capture files are missing or empty: visit again"
    return f"give a frame of journey.pcapng: --packet 1 to --packet {frames}"


def _find_frame(evidence: Evidence, packet: str) -> Frame:
    """``123`` of journey.pcapng, ``laptop:123`` of laptop.pcapng. Raises UsageError."""
    node, colon, digits = packet.rpartition(":")
    if colon and node not in evidence.frames:
        hint = nearest(node, evidence.frames, "its files are named after the nodes")
        raise UsageError(f"--packet: this run has no file of a node '{node}'", hint)
    frames = evidence.frames[node] if colon else _all_frames(evidence)
    number = int(digits)
    if not 1 <= number <= len(frames):
        file = f"{node}.pcapng" if colon else "journey.pcapng"
        there = f"it has {len(frames)}" if frames else "it has none"
        raise UsageError(f"--packet: {file} has no frame {number}", f"{there}, counted from 1")
    return frames[number - 1]


def _all_frames(evidence: Evidence) -> tuple[Frame, ...]:
    """As they stand in journey.pcapng."""
    frames = (frame for found in evidence.frames.values() for frame in found)
    return tuple(sorted(frames, key=lambda frame: frame.captured.journey))
