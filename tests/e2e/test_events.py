"""`lab events`: what is done to a lab, and what follows from it, is told, in order and in time."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.conftest import RunningLab

CUT, NEAR, FAR = "alder-core--tundra-fra", "alder-core", "tundra-fra"
PAGE = "https://www.example.com/"
WITHIN_S = 60.0

Told = dict[str, Any]


class Following:
    """The events that a running `lab events --json` prints, read as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.told: list[Told] = []
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def wait_for(self, what: Callable[[Told], bool], skip: int = 0) -> Told:
        """The first event after the first ``skip`` ones for which ``what`` holds."""
        deadline = time.monotonic() + WITHIN_S
        seen = skip
        while True:
            for event in self.told[seen:]:
                seen += 1
                if what(event):
                    return event
            left_s = deadline - time.monotonic()
            assert left_s > 0, f"nothing of the kind among {len(self.told)} events"
            try:
                self.told.append(json.loads(self._lines.get(timeout=left_s)))
            except queue.Empty:
                continue


@contextmanager
def following(lab: RunningLab, *options: str) -> Iterator[Following]:
    process = lab.cli.start(
        "events", "--name", lab.name, "--json", *options, stdout=subprocess.PIPE
    )
    try:
        events = Following(process)
        first = events.wait_for(lambda event: True)
        assert (first["kind"], first["action"]) == ("lab", "watched")
        yield events
    finally:
        process.terminate()
        process.wait(timeout=WITHIN_S)


def carrier(action: str) -> Callable[[Told], bool]:
    return lambda event: (event["kind"], event["node"], event["action"]) == ("link", NEAR, action)


def session(action: str) -> Callable[[Told], bool]:
    def holds(event: Told) -> bool:
        return (
            (event["kind"], event["node"], event["action"]) == ("session", NEAR, action)
            and event["subject"] == FAR
            and event["detail"]["protocol"] == "BGP"
        )

    return holds


def since(time_ns: int, what: Callable[[Told], bool]) -> Callable[[Told], bool]:
    """The same, of what came after something: a busy lab may have lost a session before."""
    return lambda event: event["time_ns"] >= time_ns and what(event)


def moved(event: Told) -> bool:
    """A route of BIRD's at the router next to the cut that leads somewhere else now."""
    return (
        event["kind"] == "route"
        and event["node"] == NEAR
        and event["action"] in ("add", "replace")
        and event["detail"]["protocol"] == "bird"
    )


def test_a_cut_and_a_visit_are_told_step_by_step(internet: RunningLab) -> None:
    """In the order in which they must be. A kernel's notice has the time at which it was read
    (runtime/monitor.py), which on a busy machine may be after BIRD wrote of what followed from it:
    of the two only what BIRD did after what BIRD wrote is surely told to be later. BIRD's log has
    milliseconds, and is told as late as they allow."""

    def link(verb: str) -> int:
        began_ns = time.time_ns()
        internet.cli.run("link", "--name", internet.name, verb, CUT)
        return began_ns

    with following(internet) as events:
        cut_ns = link("down")
        try:
            events.wait_for(since(cut_ns, carrier("down")))
            ended = events.wait_for(since(cut_ns, session("down")))
            away = events.wait_for(since(ended["time_ns"] - 1_000_000, moved))
            cut = len(events.told)
        finally:
            mended_ns = link("up")
        events.wait_for(since(mended_ns, carrier("up")), skip=cut)
        events.wait_for(since(mended_ns, session("up")), skip=cut)
        assert away["detail"]["via"]

        internet.visit(PAGE, "--client", "curl")
        verdict = events.wait_for(lambda event: event["kind"] == "cache", skip=cut)
        assert (verdict["subject"], verdict["detail"]["status"]) == ("/", 200)
        assert verdict["action"] in ("hit", "miss", "expired", "stale", "updating")


def test_a_reader_that_goes_away_ends_it(internet: RunningLab) -> None:
    process = internet.cli.start(
        "events", "--name", internet.name, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert f"lab {internet.name} is watched" in process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=WITHIN_S) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""
