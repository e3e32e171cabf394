"""Shipped scenarios as the tests run them: several side by side, and held to nothing that can be
late.

What a scenario expects of an outage is a figure: at most so long, which a busy machine makes
larger, or at least, which it makes smaller where the fault comes late and the trial ends on time.
`make figures` and `lab study` hold it to that. Here it may be some times as long, which is still
far less than without what the scenario is about, or half as long, which is far more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from orchestrator.shipped import shipped_scenarios

# Whose faults and probes have nothing to do with each other: one at the shop, one elsewhere; and
# whose faults all pass, or all stay, since "during" lasts as long as one of them does.
SIDE_BY_SIDE = (
    ("app-death", "resolver-death"),
    ("database-death", "edge-death"),
    ("balancer-death", "ixp-outage"),
    ("stale-serving", "root-unreachable"),
)
_TIMES = ("outage", "spread", "median")
_ALLOWED = {"<=": 4.0, ">=": 0.5}
_BOUND = re.compile(r"(<=|>=) ([\d.]+) (ms|s)")


def groups_without(*names: str) -> list[tuple[str, ...]]:
    """Every shipped scenario but some, in groups that are run side by side."""
    grouped = {name for group in SIDE_BY_SIDE for name in group}
    alone = [(name,) for name in shipped_scenarios() if name not in {*grouped, *names}]
    return [*SIDE_BY_SIDE, *alone]


def write_scenario(names: Sequence[str], folder: Path, **changed: Any) -> Path:
    """A file with all of some scenarios, whose probes are called after them; ``changed`` are keys
    at its top, and ``lasting`` how long its faults last."""
    lasting = changed.pop("lasting", None)
    parts = {name: yaml.safe_load(shipped_scenarios()[name].read_text()) for name in names}
    first, *others = parts.values()
    assert all(part.get("topology") == first.get("topology") for part in others)
    assert all(part.get("set") == first.get("set") for part in others)
    assert len({"for" in fault for part in parts.values() for fault in part["faults"]}) == 1
    whole = {
        **first,
        "name": "-and-".join(names),
        "duration": max((part["duration"] for part in parts.values()), key=_milliseconds),
        "probes": {
            _called(name, probe, names): asked
            for name, part in parts.items()
            for probe, asked in part["probes"].items()
        },
        "faults": [
            {**fault, "for": lasting} if lasting else fault
            for part in parts.values()
            for fault in part["faults"]
        ],
        "expect": [
            _loosened({**expected, "probe": _called(name, expected["probe"], names)})
            for name, part in parts.items()
            for expected in part["expect"]
        ],
        **changed,
    }
    path = folder / f"{whole['name']}.yaml"
    path.write_text(yaml.safe_dump(whole, sort_keys=False))
    return path


def _called(name: str, probe: str, names: Sequence[str]) -> str:
    return probe if len(names) == 1 else f"{name}-{probe}"


def _milliseconds(written: str) -> float:
    number, unit = written.split()
    return float(number) * {"ms": 1, "s": 1000}[unit]


def _loosened(expected: dict[str, Any]) -> dict[str, Any]:
    """With other bounds of times."""
    for key in _TIMES:
        if found := _BOUND.fullmatch(str(expected.get(key, ""))):
            sign, number, unit = found.groups()
            expected[key] = f"{sign} {_ALLOWED[sign] * float(number):g} {unit}"
    return expected
