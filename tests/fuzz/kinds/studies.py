"""Folders of studies, a file of which was changed or spoilt: read, and now and then told."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from orchestrator.plan.codec import to_plain
from orchestrator.records.study import (
    Asked,
    NetworkEvent,
    Trial,
    events_to_lines,
    samples_to_csv,
    trial_to_json,
)
from orchestrator.runs.read_study import read_asked, read_plan, read_trial, read_trial_frames
from orchestrator.verbs.study_report import find_results, tell_and_write
from tests.fuzz.mutate import change, spoil
from tests.unit.analysis.builders import at, minimal_plan
from tests.unit.analysis.failover.test_sieve import bfd, echo
from tests.unit.analysis.failover.trying import fault, row, trial
from tests.unit.capture.texts import interface, packet, section

# Most are decided at the door; of all these shares are told, or judged.
_TOLD, _JUDGED = 0.02, 0.1
_SCENARIO = b"""name: cut
duration: 8 s
probes: {ping: {icmp: www.example.com, from: laptop, every: 100 ms}}
faults: [{fault: link-blackhole, target: "cloud--isp", at: 2 s, for: 3 s}]
expect: [{probe: ping, outage: ">= 1 s"}]
"""
_IN, _OUT = 1, 2


def attempt(random: Random) -> None:
    """Read a study of which a file is not as it was."""
    name = random.choice(sorted(_files()))
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        study = Path(folder)
        for path, data in {**_files(), name: _changed(random, name)}.items():
            (study / path).parent.mkdir(parents=True, exist_ok=True)
            (study / path).write_bytes(data)
        done = random.random()
        if done < _TOLD:
            tell_and_write(study)
        elif done < _JUDGED:
            find_results(study)
        else:
            _read(study, name)


def _read(study: Path, name: str) -> None:
    if name == "plan.json":
        read_plan(study)
    elif name == "asked.json":
        read_asked(study)
    elif name.endswith(".pcapng"):
        read_trial_frames(study / "trial-1", _trial(), minimal_plan())
    else:
        read_trial(study / "trial-1")


def _changed(random: Random, name: str) -> bytes:
    data = _files()[name]
    if name.endswith(".jsonl") and random.random() < 0.8:
        lines = data.splitlines()
        place = random.randrange(len(lines))
        lines[place] = json.dumps(change(random, json.loads(lines[place]))).encode()
        return b"\n".join(lines) + b"\n"
    if name.endswith(".json") and random.random() < 0.9:
        return json.dumps(change(random, json.loads(data))).encode()
    return spoil(random, data)


@cache
def _files() -> Mapping[str, bytes]:
    """A study of one trial: a link that went dark, and came back."""
    known = _trial()
    texts = {
        "scenario.yaml": _SCENARIO.decode(),
        "plan.json": _json(to_plain(minimal_plan())),
        "asked.json": _json(to_plain(Asked("lab", 1, 7))),
        "trial-1/trial.json": _json(trial_to_json(known)),
        "trial-1/capture.json": _json({"packets": 90, "drops": 0}),
        "trial-1/samples.csv": samples_to_csv(known.samples),
        "trial-1/events.jsonl": events_to_lines(known.events),
        "trial-1/logs/isp.log": f"{at(2050)} bird: peer: BFD session down\n{at(5050)} up\n",
    }
    return {
        **{name: text.encode() for name, text in texts.items()},
        "trial-1/laptop.pcapng": _capture("laptop:eth0", _OUT, [echo(n) for n in range(80)]),
        "trial-1/isp.pcapng": _capture("isp:eth0", _IN, [bfd(3, 0)] * 20 + [bfd(1, 1)] * 9),
    }


def _trial() -> Trial:
    return trial(row("." * 20 + "x" * 30 + "." * 30), [fault()], _events())


def _json(value: Any) -> str:
    return json.dumps(value)


def _events() -> list[NetworkEvent]:
    via = [["198.18.0.1", "eth0"]]
    route = {"via": via, "protocol": "bird", "table": 254, "metric": 32, "kind": "unicast"}
    return [
        NetworkEvent(at(2040), "isp", "link", "down", "eth0", {"carrier": False}),
        NetworkEvent(at(2100), "isp", "route", "del", "198.18.5.0/24", route),
        NetworkEvent(at(2110), "isp", "session", "down", "cloud4", {"protocol": "BGP"}),
        NetworkEvent(at(5060), "isp", "link", "up", "eth0", {"carrier": True}),
        NetworkEvent(at(5100), "isp", "route", "add", "198.18.5.0/24", route),
    ]


def _capture(port: str, way: int, frames: list[bytes]) -> bytes:
    packets = (packet(0, at(n * 100 + 1), data, way) for n, data in enumerate(frames))
    return section() + interface(port) + b"".join(packets)
