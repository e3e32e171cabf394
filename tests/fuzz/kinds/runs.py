"""Run folders, a file of which was changed or spoilt: read at the door, and now and then told."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from random import Random
from typing import Any

from orchestrator.analysis.figures.compare import compare_journeys
from orchestrator.analysis.journey import Journey, tell_journey
from orchestrator.cli.compare_told import Comparison, print_comparison
from orchestrator.cli.journey_told import print_journey
from orchestrator.cli.layout import output_to
from orchestrator.cli.trace_told import print_trace
from orchestrator.errors import LabError
from orchestrator.records.browsing import Har, NetLog, Timeline
from orchestrator.records.testimony import Counted, Facts
from orchestrator.records.visit import Visit
from orchestrator.report.main import render_report
from orchestrator.report.material import Material
from orchestrator.runs.door import Door, open_run, whole_plan
from orchestrator.runs.logs import read_logs
from orchestrator.runs.pictures import list_film, read_film, read_screenshot
from orchestrator.runs.read import read_run
from tests.fuzz.mutate import change, spoil
from tests.fuzz.recorded import dissect, documents, texts, write

# Most are decided at the door; of all these shares are told, and of those written.
_TOLD, _WRITTEN = 0.02, 0.2
_MEMORY = "/dev/shm"


def attempt(random: Random) -> None:
    """Read a run of which a file is not as it was."""
    name = random.choice(sorted({*_READERS, "keys.log"}))
    data = _changed(random, name)
    if random.random() < _TOLD:
        with _contradicting() if name == "plan.json" else nullcontext():
            _tell(random, name, data)
    elif name in _READERS:
        with tempfile.TemporaryDirectory(dir=_MEMORY) as folder:
            path = Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            with open_run(Path(folder)) as door:
                _READERS[name](door)


@contextmanager
def _contradicting() -> Iterator[None]:
    """A plan that nobody compiled may have routes that go round, or addresses that nobody has."""
    try:
        yield
    except (LookupError, RuntimeError, ValueError) as error:
        raise LabError(f"the plan contradicts itself: {type(error).__name__}") from error


def _changed(random: Random, name: str) -> bytes:
    if name not in documents() or random.random() < 0.1:
        return spoil(random, texts()[name])
    return json.dumps(change(random, documents()[name])).encode()


def _tell(random: Random, name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=_MEMORY) as folder:
        run = Path(folder)
        write(run, {name: data})
        evidence = read_run(run, dissect)
        journey = tell_journey(evidence)
        if random.random() < _WRITTEN:
            material = Material(journey, evidence, read_screenshot(run), read_film(run))
            for text in render_report(material).values():
                text.encode()
            _print(journey, run)


def _print(journey: Journey, run: Path) -> None:
    output = output_to(io.StringIO())
    print_journey(output, journey, folder=run, verbose=True)
    for trace in journey.traces.values():
        print_trace(output, trace, run, journey.account)
    journeys = (journey, journey)
    compared = Comparison([journey.visit, journey.visit], compare_journeys(*journeys))
    print_comparison(output, compared)


def _as(name: str, cls: Any) -> Callable[[Door], object]:
    return lambda door: door.required(name, cls)


_READERS: dict[str, Callable[[Door], object]] = {
    "visit.json": _as("visit.json", Visit),
    "plan.json": whole_plan,
    "capture.json": _as("capture.json", Counted),
    "facts.json": _as("facts.json", Facts),
    "visit.har": _as("visit.har", Har),
    "timeline.json": _as("timeline.json", Timeline),
    "netlog.json": _as("netlog.json", NetLog),
    "filmstrip.json": list_film,
    "logs/home-gw.log": read_logs,
}
