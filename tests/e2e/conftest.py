"""Labs for the end-to-end tests: booted once each, by the command a user would type.

State lives in a folder of the tests' own and the labs have names of their own, so a lab that
the user runs beside the tests is neither seen nor touched.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.e2e.zygote import run_lab
from tests.lanes import needs_default_lab

REPOSITORY = Path(__file__).resolve().parents[2]
LAB = Path(sys.executable).with_name("lab")
# Between the values of a field that a frame holds several times; a comma is in every date.
AGGREGATOR = "|"
# A lab that is up in a moment: OSPF between two routers of one AS would take its seven seconds.
PAIR = """
name: pair
as:
  ber: {asn: 64501, at: Berlin, peers: [fra]}
  fra: {asn: 64502, at: Frankfurt}
"""
# How long a lab may take: how busy a machine is decides no test.
PATIENTLY = ("--timeout", "180")
# What the labs of a process are called by, where several test.
_PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "").replace("gw", "-")
# The labs that tests share, the dearest first.
_BY_COST = ("internet", "credulous", "hijack", "minimal")


@dataclass(frozen=True)
class Cli:
    """The `lab` command with a state folder of its own."""

    state: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "CLICKLAB_STATE": str(self.state)}

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [LAB, *arguments], env=self.environment, text=True, cwd=REPOSITORY, **options
        )

    def run(self, *arguments: str, code: int = 0, **options: Any) -> str:
        """Standard output of the command, which must exit with ``code``."""
        done = self.try_run(*arguments, **options)
        assert done.returncode == code, f"{arguments}: exit {done.returncode}: {done.stderr}"
        return done.stdout

    def try_run(
        self, *arguments: str, environment: dict[str, str] | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """The command to its end, by tests/e2e/zygote.py; `start` is for those to be signalled."""
        return run_lab(arguments, {**self.environment, **(environment or {})}, timeout)


@dataclass(frozen=True)
class RunningLab:
    """A lab that is up, and what a user can ask of it."""

    cli: Cli
    name: str
    captures: Path
    visits: dict[tuple[str, ...], Run] = field(default_factory=dict, compare=False)

    def exec(self, node: str, *argv: str, code: int = 0) -> str:
        return self.cli.run("exec", "--name", self.name, node, "--", *argv, code=code)

    def visit(self, url: str, *options: str, code: int = 0) -> Run:
        """A visit with all its evidence; `lab report` and verbs.report.tell make its journey."""
        captures = str(self.captures)
        printed = self.cli.run(
            *("visit", url, "--json", "--name", self.name, "--captures", captures, "--no-journey"),
            *options,
            code=code,
        )
        record = json.loads(printed)
        return Run(record, self.captures / record["run"])

    def visited(self, url: str, *options: str, code: int = 0) -> Run:
        """Such a visit, made once and shared by all tests that only read what it left."""
        asked = (url, *options)
        if asked not in self.visits:
            self.visits[asked] = self.visit(url, *options, code=code)
        return self.visits[asked]

    def restart(self, node: str) -> None:
        """Restart a node's container, behind the orchestrator's back."""
        docker.from_env().containers.get(f"clicklab.{self.name}.{node}").restart(timeout=0)

    def plan(self) -> dict[str, Any]:
        plan: dict[str, Any] = json.loads((self.cli.state / self.name / "plan.json").read_text())
        return plan


@dataclass(frozen=True)
class Run:
    """A visit's record and its folder."""

    record: dict[str, Any]
    folder: Path

    def packets(self, node: str, display_filter: str, *fields: str) -> list[tuple[str, ...]]:
        """The fields of a node's frames that pass a filter, as tshark reads them."""
        asked = [argument for field in fields for argument in ("-e", field)]
        done = subprocess.run(
            [
                *("tshark", "-n", "-r", self.folder / f"{node}.pcapng", "-Y", display_filter),
                *("-T", "fields", "-E", f"aggregator={AGGREGATOR}", *asked),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that need no lab first, and those of the default lab last: up and idle, it takes a
    third of a core."""
    needed: dict[Path, set[str]] = defaultdict(set)
    for item in items:
        needed[item.path].update(getattr(item, "fixturenames", ()))
    items.sort(key=lambda item: [lab in needed[item.path] for lab in _BY_COST])
    for path, fixtures in needed.items():
        if path.is_relative_to(Path(__file__).parent):
            told = needs_default_lab(path.relative_to(REPOSITORY).as_posix())
            assert told == ("internet" in fixtures), f"tests/lanes.py reads {path} otherwise"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed says of its lab what it did not see itself."""
    from tests.e2e.afterwards import told_of

    report = yield
    labs = [lab for lab in getattr(item, "funcargs", {}).values() if isinstance(lab, RunningLab)]
    if report.failed and call.when == "call":
        report.sections += [(f"lab {lab.name}, right after", told_of(lab)) for lab in labs]
    return report


@pytest.fixture(scope="session")
def engine() -> docker.DockerClient:
    return docker.from_env()


@pytest.fixture(scope="session")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    return Cli(tmp_path_factory.mktemp("state"))


def _booted(
    cli: Cli, topology: str, name: str, captures: Path, *options: str
) -> Iterator[RunningLab]:
    cli.run("up", topology, "--name", name, *PATIENTLY, *options, timeout=240)
    yield RunningLab(cli, name, captures)
    cli.run("down", "--name", name)


@pytest.fixture(scope="session")
def internet(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """The default lab."""
    captures = tmp_path_factory.mktemp("captures")
    yield from _booted(cli, "topologies/internet.yaml", f"test-internet{_PROCESS}", captures)


@pytest.fixture(scope="session")
def cold(internet: RunningLab) -> Run:
    """A visit with empty caches, over IPv4, so that all steps are in it; whole, with its journey.

    For all to read: who changes something in its folder takes a copy.
    """
    return internet.visit("https://www.example.com/", "--cold=all", "-4", "--journey")


def timed_out(lab: RunningLab, engine: docker.DockerClient, *options: str) -> Run:
    """A visit to a server that never answers, shared as those of `visited` are."""
    edge = engine.containers.get(f"clicklab.{lab.name}.edge")
    edge.pause()
    try:
        return lab.visited("https://www.example.com/", "--timeout", "2", *options, code=1)
    finally:
        edge.unpause()


@pytest.fixture(scope="session")
def hijack(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """A prefix is stolen, and routers check who may announce it."""
    captures = tmp_path_factory.mktemp("captures")
    yield from _booted(cli, "topologies/hijack.yaml", f"test-hijack{_PROCESS}", captures)


@pytest.fixture(scope="session")
def credulous(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """The same, with routers that believe everything, before anything is stolen."""
    captures = tmp_path_factory.mktemp("captures")
    variant = ("--set", "routing.rpki=ignore", "--set", "as.shady.hijacks=[]")
    yield from _booted(
        cli, "topologies/hijack.yaml", f"test-credulous{_PROCESS}", captures, *variant
    )


@pytest.fixture(scope="session")
def minimal(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """The smallest lab."""
    captures = tmp_path_factory.mktemp("captures")
    yield from _booted(cli, "topologies/minimal.yaml", f"test-minimal{_PROCESS}", captures)
