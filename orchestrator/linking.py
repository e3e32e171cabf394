"""Changing the links of a running lab: what `lab link` does, and faults will."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from orchestrator.compile.wires import check_impairment, overlay
from orchestrator.errors import UsageError
from orchestrator.plan.model import Link, Plan
from orchestrator.runtime.containers import find_containers
from orchestrator.runtime.engine import connect, require_root
from orchestrator.runtime.links.layer import LinkLayer
from orchestrator.runtime.links.state import DIRECTIONS, Direction, LinkState
from orchestrator.runtime.state import LabState
from orchestrator.runtime.wiring import namespaces_of
from orchestrator.spec.problems import Mistake, did_you_mean
from orchestrator.spec.wires import DirectionSpec


@contextmanager
def links_of(lab: str) -> Iterator[LinkLayer]:
    """The links of a running lab, held so that nobody else changes them meanwhile."""
    require_root()
    client, state = connect(), LabState(lab)
    plan = state.plan()
    with state.locked():
        yield LinkLayer(state, plan, namespaces_of(plan, find_containers(client, lab)))


def find_link(plan: Plan, name: str) -> Link:
    """A link by its name, or by its two ends as ``a,b``. Raises UsageError with the nearest."""
    ends = set(name.split(","))
    for link in plan.links.values():
        if name == link.name or ends == {link.a.node, link.b.node}:
            return link
    hint = did_you_mean(name, plan.links) or "see 'lab link' for the links there are"
    raise UsageError(f"there is no link '{name}' in lab '{plan.name}'", hint)


def directions_from(link: Link, sender: str) -> tuple[Direction, ...]:
    """The direction of frames that ``sender`` sends, or both for "". Raises UsageError."""
    if not sender:
        return DIRECTIONS
    if sender not in (link.a.node, link.b.node):
        hint = f"its ends: {link.a.node}, {link.b.node}"
        raise UsageError(f"'{sender}' is not an end of {link.name}", hint)
    return ("ab",) if sender == link.a.node else ("ba",)


def read_settings(settings: Sequence[str]) -> DirectionSpec:
    """``delay=20ms loss=1%`` as in a topology's file. Raises UsageError with every mistake."""
    plain: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"'{setting}' says nothing", "write it like delay=20ms")
        if key in plain:
            raise UsageError(f"'{key}' is set twice")
        plain[key] = _read(key, value)
    try:
        return DirectionSpec.model_validate(plain)
    except ValidationError as error:
        complaints = [explained for one in error.errors() if (explained := _explain(one))]
        raise UsageError("\n".join(complaints) or str(error)) from None


def _read(key: str, value: str) -> str | int | dict[str, str]:
    """A value as YAML would have it; ``p:1%,r:25%`` is Gilbert and Elliott's loss."""
    if key == "loss" and ":" in value:
        return dict(part.split(":", 1) for part in value.split(",") if ":" in part)
    return int(value) if key == "nth" and value.isdigit() else value


def _explain(error: Any) -> str:
    """One of pydantic's complaints in our words; "" for what another one says better."""
    key = str(error["loc"][0]) if error["loc"] else ""
    if error["type"] == "extra_forbidden":
        known = DirectionSpec.model_fields
        hint = did_you_mean(key, known) or f"there is: {', '.join(known)}"
        return f"a link has no '{key}'; {hint}"
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, Mistake):
        said = f"{cause}; {cause.hint}" if cause.hint else str(cause)
        return f"{key}: {said}" if key else said
    # A loss is read in two ways, and a rate too; only one of the two complaints is a Mistake.
    return "" if key in ("loss", "rate") else f"{key}: {str(error['msg']).lower()}"


def shaped(
    link: Link, now: LinkState, spec: DirectionSpec, directions: Sequence[Direction]
) -> LinkState:
    """The link with settings laid over what it does now. Raises UsageError for nonsense."""
    changed = {d: overlay(spec, now.impairments[d]) for d in directions}
    try:
        for impairment in changed.values():
            check_impairment(impairment, link.mtu)
    except Mistake as mistake:
        raise UsageError(str(mistake), mistake.hint) from None
    return now.changed(**changed)
