"""Every command that the documents show, run as it stands there, in order, in one default lab;
those that several pages show once."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from orchestrator.runtime.polling import wait_for
from tests.e2e.conftest import LAB, REPOSITORY, RunningLab
from tests.e2e.zygote import run_lab

PAGES = (
    "README.md",
    "docs/cli.md",
    "docs/topology.md",
    "docs/scenarios.md",
    "docs/events.md",
    "docs/console.md",
    "captures/README.md",
    "topologies/README.md",
    "topologies/scenarios/README.md",
)
# What other tests do, since it boots a lab, takes one down, or takes minutes.
ELSEWHERE = (
    r"make ",  # .ci/run
    r"lab up\b",  # test_click.py, test_life.py
    r"lab down\b",  # test_life.py
    r"lab study (?!list|check)",  # test_studies.py plays every scenario
    r"lab console\b",  # test_console.py
)
# What is done again wherever it stands: what is broken in one page is healed in the next.
AGAIN = r"lab (fault|heal)\b"
# What says 1 until the routers have met again, as after `lab link reset`, and is asked until then.
CONVERGES = r"lab (bgp|route|status)\b"
# Without Wireshark, or a display, the verb prints its command and says so.
MAY_END_WITH = {"wireshark": {0, 4}}


@dataclass(frozen=True)
class Desk:
    """A user's directory, in which `lab` and `sudo` are on the PATH and one lab runs."""

    folder: Path
    lab: RunningLab
    typed: set[str] = field(default_factory=set)

    @property
    def runs(self) -> list[str]:
        """The visits that were made here, the newest last; captures beside visits are none."""
        return sorted(
            record.parent.name for record in self.folder.glob("captures/[0-9]*/visit.json")
        )

    def type(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a shell does; where it takes no shell, without the start of Python."""
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "CLICKLAB_STATE": str(self.folder / "state")}
        words = shlex.split(command.removeprefix("sudo "))
        if words[0] == "lab" and not re.search(r"[|<>&;$*]", command):
            return run_lab(words[1:], environment, 180, self.folder)
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def settled(self, command: str) -> subprocess.CompletedProcess[str]:
        """The first time that it ends with 0, or the last within half a minute."""
        answers: list[subprocess.CompletedProcess[str]] = []

        def is_settled() -> bool:
            answers.append(self.type(command))
            return answers[-1].returncode == 0

        wait_for(is_settled, within_s=30, every_s=0.5)
        return answers[-1]

    def filled_in(self, command: str) -> str:
        """With what stands for a user's own words: RUN, FILE, NODE, LAB."""
        runs = iter(reversed(self.runs))
        command = command.replace("$RUN", f"captures/{self.runs[-1]}" if self.runs else "")
        command = re.sub(r"\bRUN\b", lambda found: next(runs), command)
        command = re.sub(r"\bFILE\b", "my-own.yaml", command.replace("[", "").replace("]", ""))
        return re.sub(r"\bNODE\b", "cloud", re.sub(r"\bLAB\b", self.lab.name, command))


@pytest.fixture(scope="module")
def desk(internet: RunningLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    for inside in ("bin", "state"):
        (folder / inside).mkdir()
    (folder / "bin" / "lab").symlink_to(LAB)
    (folder / "bin" / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
    (folder / "bin" / "sudo").chmod(0o755)
    # The only lab here, so that it need not be named.
    (folder / "state" / internet.name).symlink_to(internet.cli.state / internet.name)
    (folder / "my-own.yaml").symlink_to(REPOSITORY / "topologies" / "minimal.yaml")
    yield Desk(folder, internet)
    internet.cli.run("heal", "--all", "--name", internet.name)


def commands(page: str) -> list[str]:
    """The lines of a page's shell blocks."""
    text = (REPOSITORY / page).read_text()
    shown = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)).replace("\\\n", " ")
    lines = (re.sub(r"(^|\s+)# .*", "", line) for line in shown.splitlines())
    return [line for line in lines if line.strip()]


def is_shown_elsewhere(command: str) -> bool:
    """Whether another test does what a line says; also what is no command of ours."""
    bare = command.removeprefix("sudo ")
    ours = bare.startswith(("lab ", "tshark "))
    return not ours or any(re.match(pattern, bare) for pattern in ELSEWHERE)


def test_the_documents_show_commands() -> None:
    assert all(commands(page) for page in ("README.md", "docs/cli.md"))
    assert sum(not is_shown_elsewhere(line) for page in PAGES for line in commands(page)) > 60


@pytest.mark.parametrize("page", PAGES)
def test_every_command_works(page: str, desk: Desk) -> None:
    for line in commands(page):
        bare = line.removeprefix("sudo ").strip()
        if is_shown_elsewhere(line) or (bare in desk.typed and not re.match(AGAIN, bare)):
            continue
        desk.typed.add(bare)
        command = desk.filled_in(line)
        done = desk.settled(command) if re.match(CONVERGES, bare) else desk.type(command)
        verb = line.removeprefix("sudo ").split()[1]
        told = f"{page}: {command}\n{done.stdout[-500:]}{done.stderr[-1500:]}"
        assert done.returncode in MAY_END_WITH.get(verb, {0}), told
