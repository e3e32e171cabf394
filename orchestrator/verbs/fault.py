"""Breaking a running lab, and mending it: a fault is recorded, done, and seen to be in force.

Healing undoes it, forgets it, and then waits until the lab is again what its plan says; while
other faults are in force that cannot be, and is left to the last of them.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from pyroute2.netlink.exceptions import NetlinkError

from orchestrator.drift import Reality
from orchestrator.errors import FaultError, UsageError
from orchestrator.faults.asked import find_fault, find_target, read_options
from orchestrator.faults.fault import Fault
from orchestrator.faults.scene import Scene, open_scene
from orchestrator.records.in_force import InForce
from orchestrator.refusals import why
from orchestrator.runtime.disk.ledger import next_id, read_ledger, write_ledger
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import connect, require_root
from orchestrator.runtime.links.state import changed_links, load_links
from orchestrator.runtime.polling import wait_for
from orchestrator.runtime.shield import shielded

SEEN_WITHIN_S = 15.0
AS_BEFORE_WITHIN_S = 60.0
# Told of what the lab still lacks while it gets well again.
Watch = Callable[[Sequence[str]], None]


def _unwatched(reasons: Sequence[str]) -> None:
    pass


def in_force(lab: str) -> tuple[InForce, ...]:
    """The faults in force in a lab, in the order in which they were begun."""
    return read_ledger(LabState(lab))


def inject(
    lab: str,
    name: str,
    target: str,
    options: Mapping[str, str] | None = None,
    watch: Watch = _unwatched,
    ready: Callable[[], object] | None = None,
) -> InForce:
    """Break something, and return once it is seen to be broken.

    ``ready`` is called when all that takes long is done, right before the lab is touched: who
    wants it broken at a certain moment waits in there, and who wants it no more raises.

    What passes by itself (a restart) is over, and the lab as before, on return. Raises
    UsageError for what does not exist or is in force already, FaultError where it cannot be put
    in force; then it is undone.
    """
    require_root()
    client, state = connect(), LabState(lab)
    fault = find_fault(name)
    plan = state.plan()
    found, chosen = find_target(fault, plan, target), read_options(fault, options or {})
    scene = None
    if ready is not None:
        scene = open_scene(client, state)
        ready()
    with state.locked():
        entries = read_ledger(state)
        _refuse_twice(entries, fault, found)
        scene = scene or open_scene(client, state)
        memo = dict(fault.prepare(scene, found, chosen))
        entry = InForce(next_id(entries), name, found, dict(chosen), memo, time.time_ns())
        write_ledger(state, (*entries, entry))
        try:
            with _explained():
                fault.inject(scene, memo)
        except BaseException:
            with shielded():
                _undo(fault, entry, state)
            raise
    return _confirm(fault, entry, scene, watch)


@contextmanager
def _explained() -> Iterator[None]:
    """A node that ends or starts just now takes its namespace and interfaces with it."""
    try:
        yield
    except (NetlinkError, FileNotFoundError, ProcessLookupError) as error:
        raise FaultError(f"the lab changed meanwhile: {why(error)}", "try again") from error


def _refuse_twice(entries: Sequence[InForce], fault: Fault, target: str) -> None:
    for entry in entries:
        if (entry.fault, entry.target) == (fault.name, target):
            hint = f"heal it first: lab heal {entry.id}"
            raise UsageError(f"{fault.name} is in force on {target} already", hint)


def _confirm(fault: Fault, entry: InForce, scene: Scene, watch: Watch) -> InForce:
    """See it in force and write down when; undo it if it is not, or if we are interrupted."""
    state = scene.state
    try:
        _await_seen(fault, entry, scene)
        seen = dataclasses.replace(entry, in_force_ns=time.time_ns())
        if fault.lasts:
            with state.locked():
                _replace(state, seen)
            return seen
    except BaseException:
        with shielded(), state.locked():
            _undo(fault, entry, state)
        raise
    with state.locked():
        _forget(state, entry)
    await_as_before(state.lab, watch, but_links_changed=True)
    return seen


def _await_seen(fault: Fault, entry: InForce, scene: Scene) -> None:
    """Raises FaultError where it is not seen to be in force."""
    reason, state = "nobody asked", scene.state

    def is_seen() -> bool:
        nonlocal reason, scene
        try:
            # Not while somebody changes links, and never by what was recorded of them before.
            with state.locked(), _explained():
                reason = fault.seen(dataclasses.replace(scene), entry.memo)
        except FaultError as error:
            reason = error.message
        if reason:  # its containers may be others by now
            scene = open_scene(scene.client, state)
        return not reason

    if not wait_for(is_seen, SEEN_WITHIN_S):
        raise FaultError(f"{entry} is not in force: {reason}", "it was undone again")


def _undo(fault: Fault, entry: InForce, state: LabState) -> None:
    """The lab must be locked."""
    mend = fault.heal or fault.undo
    if mend is not None:
        with _explained():
            mend(open_scene(connect(), state), entry.memo)
    _forget(state, entry)


def _replace(state: LabState, entry: InForce) -> None:
    entries = [entry if _is_same(each, entry) else each for each in read_ledger(state)]
    write_ledger(state, entries)


def _forget(state: LabState, entry: InForce) -> None:
    write_ledger(state, [each for each in read_ledger(state) if not _is_same(each, entry)])


def _is_same(one: InForce, other: InForce) -> bool:
    """Numbers are given out again once a fault is healed."""
    return (one.id, one.begun_ns) == (other.id, other.begun_ns)


def heal(lab: str, entry: InForce, watch: Watch = _unwatched, check: bool = True) -> None:
    """Undo a fault, and wait until the lab is as before, unless other faults are in force. Links
    that somebody set by hand stay so.

    Fine where it is healed already. Raises FaultError where it cannot be undone (it stays
    recorded), or where the lab does not get well.
    """
    require_root()
    state = LabState(lab)
    with state.locked():
        if not any(_is_same(each, entry) for each in read_ledger(state)):
            return
        _undo(find_fault(entry.fault), entry, state)
    if check:
        await_as_before(lab, watch, but_links_changed=True)


def links_changed(lab: str) -> tuple[str, ...]:
    """The links that `lab link`, or a fault in force, changed."""
    state = LabState(lab)
    return changed_links(state.plan().links, load_links(state))


def await_as_before(
    lab: str, watch: Watch = _unwatched, *, but_links_changed: bool = False
) -> None:
    """Poll until the lab is what its plan says, where that is asked but for the links that
    `lab link` changed. Raises FaultError with what is not as planned.

    Returns at once while faults are in force.
    """
    if in_force(lab):
        return
    reality, reasons = Reality(lab, but_links_changed=but_links_changed), tuple[str, ...]()

    def is_so() -> bool:
        nonlocal reasons
        reasons = reality.still_different()
        watch(reasons)
        return not reasons

    if not wait_for(is_so, AS_BEFORE_WITHIN_S, every_s=0.1):
        listed = "\n".join(f"  {reason}" for reason in reasons)
        raise FaultError(f"healed, but the lab is not as before:\n{listed}", "see: lab status")


@contextmanager
def fault_in_force(
    lab: str, name: str, target: str, options: Mapping[str, str] | None = None
) -> Iterator[InForce]:
    """A fault for as long as the block runs; healed however it ends."""
    entry = inject(lab, name, target, options)
    try:
        yield entry
    finally:
        with shielded():
            heal(lab, entry)
