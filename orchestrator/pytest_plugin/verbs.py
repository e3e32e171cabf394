"""What the fixture `lab` is: a running lab, with the verbs of the command `lab` as methods."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from orchestrator.browser.address import complete_address
from orchestrator.errors import CommandFailed, LabError, UsageError
from orchestrator.looking_glass.running import open_lab
from orchestrator.plan.addresses import FAMILIES, Family
from orchestrator.plan.model import Plan
from orchestrator.pytest_plugin.bounded import told_within
from orchestrator.pytest_plugin.effects import Effects, sessions_down
from orchestrator.pytest_plugin.results import Done, Traced, Visited, arrows
from orchestrator.pytest_plugin.wires import Wire
from orchestrator.records.in_force import InForce
from orchestrator.records.visit import Cold
from orchestrator.runtime.engine.client import connect
from orchestrator.runtime.engine.exec import run_exec
from orchestrator.runtime.kernel.fib import Flow
from orchestrator.spec.probing import ClientKind, HttpVersion
from orchestrator.verbs.bgp import Summary, summarise
from orchestrator.verbs.enter import container_of
from orchestrator.verbs.fault import await_as_before, fault_in_force
from orchestrator.verbs.route import RoundTrip, route
from orchestrator.verbs.status import Condition, examine
from orchestrator.verbs.visit import Request

P = ParamSpec("P")
R = TypeVar("R")


def plainly(verb: Callable[P, R]) -> Callable[P, R]:
    """A verb whose errors point at the line of the test, and not into Clicklab."""

    @functools.wraps(verb)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        __tracebackhide__ = True
        try:
            return verb(*args, **kwargs)
        except (LabError, AssertionError) as error:
            raise error.with_traceback(None) from None

    return called


class Lab:
    """A running lab. Nodes, links, hosts and URLs go by the names of its topology.

    name     what `lab status --name` and the other verbs call it meanwhile
    plan     all that was decided about it
    visited  the visits that this test made, oldest first
    witness  what was not well while a fault was in force and a check failed
    """

    def __init__(
        self, plan: Plan, captures: Path, effects: Effects, note: Callable[[Visited], None]
    ) -> None:
        self.name, self.plan = plan.name, plan
        self._captures, self._effects, self._note = captures, effects, note
        self._wires: dict[str, Wire] = {}
        self.visited: list[Visited] = []
        self.witness: list[tuple[str, list[str]]] = []

    def __repr__(self) -> str:
        return f"<lab {self.name}, {len(self.plan.nodes)} nodes>"

    @plainly
    def visit(
        self,
        url: str,
        *,
        source: str = "",
        client: ClientKind = "chromium",
        http: HttpVersion = "2",
        cold: Cold = False,
        family: Family | None = None,
        timeout_s: float = 30.0,
        film: bool = True,
        journey: bool = False,
    ) -> Visited:
        """One click, as `lab visit`. A visit that fails is a result too: see ``error``.

        ``source`` is the host that clicks [the first], ``cold`` whether the visitor's caches and
        the resolvers' are emptied first ("all": the CDN's edges too), ``family`` 4 or 6 where it
        is to have only that one, ``journey`` whether it is told at once. Raises UsageError for a
        host or URL that cannot be, DeployError or HostError where the lab or this machine fails.
        """
        address = complete_address(url)
        request = Request(address, source, client, http, cold, timeout_s, family, film, journey)
        run = self._effects.visit(self.name, request, self._captures)
        visited = Visited(run.visit, run.folder, run.journey)
        self.visited.append(visited)
        self._note(visited)
        return visited

    @plainly
    def exec(
        self, node: str, *argv: str, check: bool = False, user: str = "", timeout_s: float = 30.0
    ) -> Done:
        """Run a command in a node. Its exit code is a result, or with ``check`` CommandFailed.

        Raises UsageError where there is no such node, DeployError where it does not run, has no
        such program, or is not done after ``timeout_s``.
        """
        if not argv:
            raise UsageError("there is no command to run", 'lab.exec("laptop", "ip", "route")')
        container = container_of(self.name, node)
        ran = run_exec(connect(), container, argv, user=user, timeout_s=timeout_s)
        stdout, stderr = (text.decode(errors="replace") for text in (ran.stdout, ran.stderr))
        if check and ran.code:
            raise CommandFailed(node, argv, ran.code, stderr or stdout)
        return Done(ran.code, stdout, stderr)

    @plainly
    def trace(self, visited: Visited, packet: str = "syn") -> Traced:
        """A packet of a visit, hop by hop, as `lab trace`: syn, dns-query, client-hello, request,
        first-byte. Raises UsageError where the visit has none."""
        traces = visited.journey().traces
        if packet not in traces:
            raise UsageError(f"{visited!r} has no {packet}", f"it has: {', '.join(traces)}")
        return Traced(traces[packet])

    @plainly
    def route(self, source: str, target: str, family: Family | None = None) -> RoundTrip:
        """The ways there and back, by the kernels' tables, as `lab route`; nothing is sent.

        ``family`` is that of visits by default: IPv6 where both ends have it. What to assert on:
        ``.reached``, ``.there.nodes``, ``.there.problem``, ``.back.nodes``.
        """
        families = FAMILIES if family is None else (family,)
        return list(route(open_lab(self.name), source, target, families, Flow()).values())[-1]

    def fault(self, name: str, target: str, **options: object) -> Broken:
        """A fault for as long as a ``with`` block runs; `lab fault list` names them.

        An option that is a word of Python's takes an underscore at its end: ``from_="edge"``.
        """
        written = {key.rstrip("_").replace("_", "-"): str(value) for key, value in options.items()}
        return Broken(self, name, target, written)

    @plainly
    def link(self, name: str) -> Wire:
        """A link by its name or its two ends, ``a,b``; it is as planned again after the test."""
        wire = Wire.of(self.name, self.plan, name)
        return self._wires.setdefault(wire.name, wire)

    @plainly
    def status(self) -> Condition:
        """How the lab is, as `lab status`: ``.healthy``, ``.ill`` {node: why}, ``.links``."""
        return examine(self.name)

    @plainly
    def sessions(self, node: str = "") -> Summary:
        """Every BGP, RTR and OSPF session, as `lab bgp summary`: ``.all_up``, ``.bgp``, …."""
        return summarise(open_lab(self.name), node)

    @plainly
    def assert_healthy(self) -> Condition:
        """Every node answers all that it was asked when the lab came up."""
        condition = examine(self.name)
        if not condition.healthy:
            ill = [f"  {node}: {why}" for node, why in condition.ill.items()]
            listed = "\n".join(ill or ["  a process that keeps the lab is gone"])
            raise AssertionError(f"lab {self.name} is not well:\n{listed}")
        return condition

    @plainly
    def assert_sessions_up(self, *nodes: str) -> bool:
        """Every session of some nodes is up, or of all nodes."""
        down = sessions_down(self.name, *nodes)
        if down:
            listed = "\n".join(f"  {line}" for line in down)
            raise AssertionError(f"sessions that are down: {len(down)}\n{listed}")
        return True

    @plainly
    def assert_path(
        self,
        source: str,
        target: str,
        *,
        via: Iterable[str] = (),
        avoiding: Iterable[str] = (),
        family: Family | None = None,
    ) -> RoundTrip:
        """Packets arrive, crossing the nodes ``via`` in this order and none of ``avoiding``."""
        trip = self.route(source, target, family)
        over = f"from {source} to {target} over IPv{trip.target.version}"
        path, taken = trip.there.nodes, f"the path taken: {arrows(trip.there.nodes)}"
        if not trip.reached:
            raise AssertionError(f"packets {over} do not arrive: {trip.there.problem}\n{taken}")
        missed, crossed = _first_missing(path, tuple(via)), sorted({*avoiding} & {*path})
        if missed:
            raise AssertionError(f"packets {over} do not cross {missed}\n{taken}")
        if crossed:
            raise AssertionError(f"packets {over} cross {', '.join(crossed)}\n{taken}")
        return trip

    def undo(self) -> None:
        """Make the links that were changed as planned again, and wait until the lab is well.

        Raises LabError.
        """
        changed = [wire.reset() for wire in self._wires.values()]
        if any(changed):
            await_as_before(self.name)

    def symptoms(self) -> Iterable[str]:
        """What is not as it should be, a line each, as it is found."""
        return self._effects.symptoms(self.name)


def _first_missing(path: Sequence[str], via: Sequence[str]) -> str:
    """The first of ``via`` that does not come after the one before it, "" if all do."""
    rest = iter(path)
    for name in via:
        if name not in rest:
            return f"{name}, or not in this order: {', '.join(via)}" if name in path else name
    return ""


class Broken:
    """A fault in force while the block runs. If a check in it fails, what is not well is looked
    at before the fault is healed: afterwards all would be well."""

    def __init__(self, lab: Lab, fault: str, target: str, options: dict[str, str]) -> None:
        self._lab, self._named = lab, f"{fault} {target}"
        self._fault = fault_in_force(lab.name, fault, target, options)

    @plainly
    def __enter__(self) -> InForce:
        return self._fault.__enter__()

    @plainly
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Any:
        # pytest's own `fail` is no Exception.
        if error is not None and not isinstance(error, KeyboardInterrupt | SystemExit):
            self._lab.witness.append((self._named, told_within(self._lab.symptoms())))
        return self._fault.__exit__(kind, error, trace)
