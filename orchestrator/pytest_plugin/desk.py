"""The labs of a test session: each booted when the first test wants it, and taken down once."""

from __future__ import annotations

import dataclasses
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from orchestrator.errors import LabError
from orchestrator.loading import load
from orchestrator.plan.model import Plan
from orchestrator.pytest_plugin.effects import Effects, Tell
from orchestrator.pytest_plugin.results import Visited
from orchestrator.pytest_plugin.verbs import Lab
from orchestrator.pytest_plugin.wanted import Wanted, new_name


@dataclass(frozen=True)
class Policy:
    """What the command line says: reuse a lab that runs, leave up what was booted, and where runs
    go."""

    captures: Path
    reuse: bool = False
    keep: bool = False
    keep_captures: bool = False


@dataclass
class Desk:
    """Hands out labs. ``tell`` says what goes on, ``note`` hears of every visit; ``shared`` are
    those that belong to no test."""

    policy: Policy
    effects: Effects
    tell: Tell
    note: Callable[[Visited], None]
    shared: list[Lab] = field(default_factory=list)
    _plans: dict[Wanted, Plan | LabError] = field(default_factory=dict)
    _booted: dict[Wanted, str] = field(default_factory=dict)

    def open(self, wanted: Wanted) -> Lab:
        """The lab that was wanted. Raises LabError where it does not come up, to all who want it
        with the same words: it is tried once."""
        if wanted not in self._plans:
            try:
                self._plans[wanted] = self._obtain(wanted)
            except LabError as error:
                self._plans[wanted] = error
        plan = self._plans[wanted]
        if isinstance(plan, LabError):
            raise plan.with_traceback(None)
        return Lab(plan, self.policy.captures, self.effects, self.note)

    def _obtain(self, wanted: Wanted) -> Plan:
        name = new_name(wanted.path)
        plan = load(wanted.path, name, wanted.settings, lambda line: self.tell(line, False))
        if self.policy.reuse:
            running = self.effects.find_running(plan, wanted.path.stem)
            if running:
                self.tell(f"{wanted.path.name}: reuses lab {running}", False)
                return dataclasses.replace(plan, name=running)
        self.tell(f"{wanted.path.name}: boots {len(plan.nodes)} nodes as lab {name}", False)
        started = time.monotonic()
        self.effects.boot(plan, wanted.timeout_s, self.tell)
        self.tell(f"{name} is ready after {time.monotonic() - started:.1f} s", False)
        self._booted[wanted] = name
        return plan

    def close(self, module: str | None = None) -> None:
        """Take down what was booted for a module, or for all. Raises LabError, at the end."""
        problems = []
        for wanted in [w for w in self._booted if module in (None, w.module)]:
            name = self._booted.pop(wanted)
            del self._plans[wanted]
            if self.policy.keep:
                self.tell(f"lab {name} is left up; remove it: lab down {name}", False)
                continue
            try:
                self.effects.take_down(name)
            except LabError as error:
                problems.append(error)
        if problems:
            raise problems[0]

    def discard(self, visits: Iterable[Visited]) -> None:
        """Remove the runs of a test that passed, unless they are to be kept."""
        if self.policy.keep_captures:
            return
        for visited in visits:
            shutil.rmtree(visited.run, ignore_errors=True)
        tidy(self.policy.captures)


def tidy(captures: Path) -> None:
    """`latest` points at the newest run that is left; a folder with nothing in it goes."""
    latest = captures / "latest"
    if not latest.is_symlink() or latest.exists():
        return
    runs = sorted(path.name for path in captures.glob("[!.]*") if (path / "visit.json").exists())
    latest.unlink()
    if runs:
        latest.symlink_to(runs[-1])
    elif not any(captures.iterdir()):
        captures.rmdir()


@contextmanager
def ending_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end the session as ^C does, so that its labs are taken down.

    Whoever has a handler of their own keeps it.
    """
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
