"""Every shipped scenario holds what it expects; and what a study says is so."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import docker
import pytest

from orchestrator.records.pcapng import DECRYPTION_SECRETS, NAME_RESOLUTION, read_blocks
from orchestrator.runtime.polling import wait_for
from orchestrator.shipped import shipped_scenarios
from orchestrator.spec.scenario_check import read_scenario
from tests.e2e.conftest import PATIENTLY, REPOSITORY, Cli, RunningLab
from tests.e2e.leftovers import leftovers
from tests.e2e.scenarios import groups_without, write_scenario

# The labs that are up anyway, by topology and settings; others are booted for their scenario.
LABS = {
    ("internet", ()): "internet",
    ("hijack", ()): "hijack",
    ("hijack", ("routing.rpki=ignore", "as.shady.hijacks=[]")): "credulous",
}
# What a study of several trials is for is seen in one of them; the cut lasts long enough to be told
# from an outage that ends before it.
REPEATED = "transit-cut"
OFTEN = {"repeats": 2, "lasting": "3 s", "duration": "8 s"}


def lab_for(path: Path, request: pytest.FixtureRequest) -> RunningLab | None:
    scenario, _ = read_scenario(path.read_bytes(), str(path))
    fixture = LABS.get((scenario.topology, tuple(scenario.settings)))
    return request.getfixturevalue(fixture) if fixture else None


def study(
    cli: Cli, scenario: str, captures: Path, *options: str, lab: RunningLab | None = None
) -> dict[str, Any]:
    """What `lab study --json` prints."""
    named = ("--name", lab.name) if lab else PATIENTLY
    relative = os.path.relpath(captures, REPOSITORY)  # as that which users have by default
    done = cli.try_run(
        *("study", scenario, "--json", "--captures", relative, *named, *options), timeout=480
    )
    assert done.stdout, f"exit {done.returncode}: {done.stderr}"
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def complaints(told: dict[str, Any]) -> list[str]:
    """What did not hold, in the study's own words."""
    wrong = [v for v in told["verdicts"] if not v["passed"]]
    notes = [f"note: {note}" for trial in told["trials"] for note in trial["notes"]]
    return [*(f"{v['expected']}: {v['measured']}" for v in wrong), *notes]


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studies")


@pytest.fixture(scope="module")
def repeated(internet: RunningLab, captures: Path) -> dict[str, Any]:
    """The transit cut, several times."""
    path = write_scenario([REPEATED], captures, **OFTEN)
    return study(internet.cli, str(path), captures, lab=internet)


@pytest.mark.parametrize("names", groups_without(REPEATED), ids=" ".join)
def test_scenarios_hold_what_they_expect(
    cli: Cli,
    engine: docker.DockerClient,
    names: tuple[str, ...],
    captures: Path,
    request: pytest.FixtureRequest,
) -> None:
    """Those side by side break different parts of one lab, and what one expects holds beside the
    other. A lab that was booted for a study is gone after it, and nothing of it is left."""
    path = write_scenario(names, captures, repeats=1)
    lab = lab_for(path, request)
    told = study(cli, str(path), captures, lab=lab)
    assert told["passed"], complaints(told)
    assert told["verdicts"]
    assert all(fault["well_ns"] for trial in told["trials"] for fault in trial["faults"])
    if lab is None:
        name = f"study-{path.stem}"
        assert leftovers(engine, name) == []
        assert not (cli.state / name).exists()


def test_every_scenario_is_run() -> None:
    run = [name for names in groups_without(REPEATED) for name in names]
    assert sorted([*run, REPEATED]) == sorted(shipped_scenarios())


def test_cuts_are_much_alike(repeated: dict[str, Any]) -> None:
    """Each is over before the link is mended, since it is noticed and not waited for."""
    assert repeated["passed"], complaints(repeated)
    assert len(repeated["trials"]) == OFTEN["repeats"]
    assert all(trial["probes"]["ping"]["outage_ms"] > 0 for trial in repeated["trials"])


def test_the_chain_is_told_in_its_order(repeated: dict[str, Any]) -> None:
    """Frames have the time at which they passed, and what BIRD wrote that of its log, which has
    milliseconds; a kernel's notice has that at which it was read (runtime/monitor.py), on a busy
    machine after the first packet that went the new way; and a fault is in force when it is seen to
    be. Neither is held to what follows."""
    for trial in repeated["trials"]:
        firsts: dict[str, float] = {}
        for link in trial["faults"][0]["chain"]:
            firsts[link["stage"]] = min(link["ms"], firsts.get(link["stage"], link["ms"]))
        orders = (("detected", "withdrawn", "best path"), ("detected", "fib"))
        for order in (*orders, ("detected", "restored")):
            times = [0.0, *(firsts[stage] for stage in order)]  # since the fault was begun
            assert all(one <= after + 1 for one, after in pairwise(times)), firsts


def test_the_capture_agrees_on_the_outage(repeated: dict[str, Any]) -> None:
    """Echo requests and replies in the laptop's capture, as tshark reads them; to two intervals as
    they were, since a probe that was kept from asking asks late."""
    for trial in repeated["trials"]:
        capture = REPOSITORY / repeated["run"] / f"trial-{trial['number']}" / "laptop.pcapng"
        told_ms = trial["probes"]["ping"]["outage_ms"]
        seen_ms, interval_ms = unanswered_ms(capture)
        assert abs(seen_ms - told_ms) <= 2 * interval_ms


def test_what_a_trial_captured_has_names_and_is_decrypted(repeated: dict[str, Any]) -> None:
    trial = REPOSITORY / repeated["run"] / "trial-1"
    kinds = {block.type for block in read_blocks((trial / "laptop.pcapng").read_bytes())}
    assert NAME_RESOLUTION in kinds
    assert (DECRYPTION_SECRETS in kinds) == (trial / "visits/keys.log").exists()


def unanswered_ms(capture: Path) -> tuple[float, float]:
    """From the first echo request without a reply to the first of three with one; and the longest
    time between two requests."""
    done = subprocess.run(
        [
            *("tshark", "-n", "-r", capture, "-Y", "icmpv6.type == 128 or icmpv6.type == 129"),
            *("-T", "fields", "-e", "icmpv6.type", "-e", "frame.time_epoch"),
            *("-e", "icmpv6.echo.identifier", "-e", "icmpv6.echo.sequence_number"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    replied = {(identifier, n) for kind, _, identifier, n in rows if kind == "129"}
    asked = [(float(at), (i, n) in replied) for kind, at, i, n in rows if kind == "128"]
    first = next(place for place, (_, good) in enumerate(asked) if not good)
    again = next(
        place
        for place in range(first, len(asked))
        if all(good for _, good in asked[place : place + 3])
    )
    longest = max(after - before for (before, _), (after, _) in pairwise(asked))
    return (asked[again][0] - asked[first][0]) * 1e3, longest * 1e3


def test_a_study_is_told_again_and_compared(
    internet: RunningLab, repeated: dict[str, Any], captures: Path
) -> None:
    run = str(REPOSITORY / repeated["run"])
    again = json.loads(internet.cli.run("study", "report", run, "--json"))
    assert {**again, "run": ""} == {**repeated, "run": ""}
    kept = json.loads((Path(run) / "study.json").read_text())
    assert kept["probes"] == repeated["probes"]
    page = (Path(run) / "study.html").read_text()
    assert "transit-cut" in page
    assert (Path(run) / "study.svg").read_text().startswith("<svg")
    rows = (Path(run) / "samples.csv").read_text().splitlines()
    assert len(rows) == 1 + sum(p["sent"] + p["skipped"] for p in repeated["probes"].values())
    told = internet.cli.run("study", "compare", run, run)
    assert re.search(r"ping: outage +\d+ ms", told)


def test_an_interrupted_study_heals_and_keeps_what_it_has(
    internet: RunningLab, captures: Path
) -> None:
    arguments = ("study", "transit-cut", "--name", internet.name, "--captures", str(captures))
    pipe = subprocess.PIPE
    with internet.cli.start(*arguments, "--json", stdout=pipe, stderr=pipe) as running:
        assert running.stderr is not None
        told = iter(running.stderr.readline, "")
        assert any("in force" in line for line in told)
        running.send_signal(signal.SIGINT)
        printed, complaint = running.communicate(timeout=60)
    assert running.returncode == 130, complaint
    kept = json.loads(printed)
    assert kept["partial"]
    assert not kept["passed"]
    assert [trial["partial"] for trial in kept["trials"]] == [True]
    assert kept["probes"]["ping"]["sent"] > 50
    assert (REPOSITORY / kept["run"] / "study.html").exists()
    in_force = json.loads(internet.cli.run("fault", "--name", internet.name, "--json"))
    assert in_force == []
    assert wait_for(lambda: is_well(internet), within_s=120)


def is_well(lab: RunningLab) -> bool:
    return lab.cli.try_run("status", "--name", lab.name).returncode == 0


def test_a_lab_of_another_plan_is_refused(internet: RunningLab, captures: Path) -> None:
    done = internet.cli.try_run(
        *("study", "hijack-rpki", "--name", internet.name, "--captures", str(captures))
    )
    assert done.returncode == 2
    assert "is another than the scenario wants" in done.stderr
