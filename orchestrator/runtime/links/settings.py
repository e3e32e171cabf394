"""How links of a running lab are to be changed, as a user writes it: `lab link set`, faults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from orchestrator.compile.wires import find_nonsense, overlay
from orchestrator.errors import UsageError, nearest
from orchestrator.plan.model import Link
from orchestrator.runtime.links.state import DIRECTIONS, Direction, LinkState
from orchestrator.spec.document import Document, Node, Position
from orchestrator.spec.problems import explain
from orchestrator.spec.wires import DirectionSpec, WireSpec


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
    plain = {key: _read(key, value) for key, value in _pairs(settings, "=", "delay=20ms").items()}
    unknown = [_unknown(key) for key in plain if key not in DirectionSpec.model_fields]
    if unknown:
        raise UsageError("\n".join(unknown))
    try:
        return DirectionSpec.model_validate(plain)
    except ValidationError as error:
        found = explain(_as_document(plain), error, DirectionSpec).problems
        raise UsageError("\n".join(_sentence(p.message, p.hint) for p in found)) from None


def _as_document(plain: dict[str, Any]) -> Document:
    """The settings as if each stood on a line of a file, which keeps complaints in their order."""
    lines: dict[str | int, Node] = {
        key: Node(value, Position(n, 1)) for n, (key, value) in enumerate(plain.items())
    }
    return Document("", Node(plain, Position(0, 0), lines))


def _pairs(written: Sequence[str], sign: str, example: str) -> dict[str, str]:
    """Keys and values around a sign, each key once."""
    pairs: dict[str, str] = {}
    for one in written:
        key, found, value = (part.strip() for part in one.partition(sign))
        if not (key and found and value):
            raise UsageError(f"'{one}' says nothing", f"write it like {example}")
        if key in pairs:
            raise UsageError(f"'{key}' is set twice")
        pairs[key] = value
    return pairs


def _read(key: str, value: str) -> str | dict[str, str]:
    """A value as YAML would have it; ``p:1%,r:25%`` is Gilbert and Elliott's loss."""
    bursts = key == "loss" and ":" in value
    return _pairs(value.split(","), ":", "loss=p:1%,r:25%") if bursts else value


def _unknown(key: str) -> str:
    if key in WireSpec.model_fields:
        return f"'{key}' is for topologies; a running link keeps what it has"
    known = DirectionSpec.model_fields
    hint = nearest(key, known)
    return _sentence(f"a link has no '{key}'", hint)


def _sentence(message: str, hint: str) -> str:
    return f"{message}; {hint}" if hint else message


def shaped(
    link: Link, now: LinkState, spec: DirectionSpec, directions: Sequence[Direction]
) -> LinkState:
    """The link with settings laid over what it does now. Raises UsageError for nonsense."""
    changed = {d: overlay(spec, now.impairments[d]) for d in directions}
    found = dict.fromkeys(
        _sentence(str(mistake), mistake.hint)
        for impairment in changed.values()
        for _, mistake in find_nonsense(impairment, link.mtu)
    )
    if found:
        raise UsageError("\n".join(found))
    return now.changed(**changed)
