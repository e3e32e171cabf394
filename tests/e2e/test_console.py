"""`lab console`: Mininet's command line over a running lab, typed at in a terminal."""

from __future__ import annotations

import re
import shlex
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from orchestrator.runtime.polling import wait_for
from tests.e2e.conftest import LAB, REPOSITORY, RunningLab

PROMPT = "mininet> "
TRANSIT = "cloud--isp"
WITHIN_S = 60.0  # what a busy machine may take; nothing waits longer than it must


@dataclass(frozen=True)
class Screen:
    """A terminal of tmux's, on a server of its own."""

    socket: str

    def tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self.socket, "-f", "/dev/null", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def text(self) -> str:
        """All that was shown, long lines whole."""
        return self.tmux("capture-pane", "-p", "-J", "-S", "-")

    def type(self, line: str, within_s: float = WITHIN_S) -> str:
        """What is shown between a command and the next prompt."""
        self.tmux("clear-history")
        self.tmux("send-keys", "-l", line)
        self.press("Enter")
        return self.answer(line, within_s)

    def press(self, key: str) -> None:
        self.tmux("send-keys", key)

    def answer(self, line: str, within_s: float = WITHIN_S) -> str:
        def answered() -> str:
            _, typed, after = self.text().rpartition(PROMPT + line)
            return after if typed and after.rstrip().endswith(f"\n{PROMPT.rstrip()}") else ""

        shown = wait_for(answered, within_s)
        assert shown, f"no answer to '{line}':\n{self.text()}"
        return shown


@contextmanager
def console(lab: RunningLab) -> Iterator[Screen]:
    """`lab console` in a terminal."""
    screen = Screen(f"clicklab-{uuid.uuid4().hex[:8]}")
    command = [str(LAB), "console", "--name", lab.name]
    settings = (
        f"CLICKLAB_STATE={shlex.quote(str(lab.cli.state))} HOME={shlex.quote(str(lab.captures))}"
    )
    started = (
        f"cd {shlex.quote(str(REPOSITORY))}; {settings} {shlex.join(command)}; echo ended $?; cat"
    )
    screen.tmux("new-session", "-d", "-x", "200", "-y", "50", started)
    try:
        assert wait_for(lambda: PROMPT in screen.text(), within_s=WITHIN_S), screen.text()
        yield screen
    finally:
        screen.tmux("kill-server")


def received(shown: str) -> int:
    """How many answers a ping got."""
    found = re.search(r"\d+ packets transmitted, (\d+) received", shown)
    assert found, shown
    return int(found[1])


@pytest.fixture
def whole(minimal: RunningLab) -> Iterator[RunningLab]:
    """The lab, with its links plugged in again afterwards."""
    yield minimal
    minimal.cli.run("link", "--name", minimal.name, "reset", TRANSIT)


def test_a_session(whole: RunningLab) -> None:
    lab = whole
    with console(lab) as screen:
        assert "laptop" in screen.type("nodes")
        assert "laptop-eth0:home-lan-port1" in screen.type("net")
        assert received(screen.type("laptop ping -nc1 -W2 www.example.com")) == 1
        assert received(screen.type("laptop ping -nc1 -W2 edge")) == 1
        assert screen.type("py laptop.IP()").split()[0] == "192.168.1.100"
        assert "0% dropped (1/1 received)" in screen.type("px net.ping([laptop, edge])")
        _interrupt_a_ping(screen)
        _cut_and_mend(lab, screen)
        results = screen.type("px net.iperf([laptop, edge], seconds=0.3)")
        assert re.search(r"Results: \['[\d.]+ [KMG]bits/sec', '[\d.]+ [KMG]bits/sec'\]", results)
        _mistakes(screen)
        assert _shells(lab) == 1
        screen.tmux("send-keys", "exit", "Enter")
        assert wait_for(lambda: "ended 0" in screen.text(), within_s=WITHIN_S), screen.text()
        assert f"{lab.name} stays up" in screen.text()
    assert wait_for(lambda: _shells(lab) == 0, WITHIN_S)
    lab.cli.run("status", "--name", lab.name)


def _interrupt_a_ping(screen: Screen) -> None:
    """^C ends the command, not the session."""
    line = "laptop ping -ni 0.2 edge"
    screen.tmux("clear-history")
    screen.tmux("send-keys", line, "Enter")
    assert wait_for(lambda: "icmp_seq=2" in screen.text(), within_s=WITHIN_S), screen.text()
    screen.press("C-c")
    assert received(screen.answer(line)) >= 2


def _cut_and_mend(lab: RunningLab, screen: Screen) -> None:
    """`link` is `lab link`: what it does is known to the others."""
    screen.type("link isp cloud down")
    assert "cloud-eth0<->isp-eth0 (DOWN DOWN)" in screen.type("links")
    assert "down" in lab.cli.run("link", "--name", lab.name, "show", TRANSIT)
    assert "100% packet loss" in screen.type("laptop ping -nc1 -W1 edge")
    screen.type("link isp cloud up")
    assert "down" not in lab.cli.run("link", "--name", lab.name, "show", TRANSIT)
    answers = (received(screen.type("laptop ping -nc1 -W1 edge")) for _ in range(20))
    assert any(answers), "the link is up, and nothing gets through"


def _mistakes(screen: Screen) -> None:
    """None ends the session."""
    assert "*** Unknown command: lapto ls" in screen.type("lapto ls")
    assert "dst not in network: nowhere" in screen.type("link laptop nowhere down")
    assert "there is no link 'laptop,edge'" in screen.type("link laptop edge down")


def _shells(lab: RunningLab) -> int:
    """Shells of the console that are still in the laptop."""
    return lab.exec("laptop", "ps", "-eo", "args").count("mininet:laptop")
