"""Plain words for each of pydantic's complaints.

pydantic finds the mistakes against the schema and words them for programmers; here its
complaints become Problems a network engineer can act on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Union, get_args, get_origin

from orchestrator.errors import Problem, SpecError, did_you_mean

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

    from orchestrator.spec.document import Document, Path


class _Finding(NamedTuple):
    """One of pydantic's errors, laid over the document."""

    type: str
    path: Path  # what of its location the document has
    branches: tuple[tuple[Path, str], ...]  # what it has not: branches of unions, and where
    step: Any  # the last step of its location
    value: Any
    context: Mapping[str, Any]
    words: str
    expected: tuple[str, ...]  # what would do instead, where the kind of value is wrong


_SHOWN = 60  # characters of a value that a message repeats
_TEXT, _LIST, _MAPPING = "text", "a list", "a mapping"
_KINDS = {
    "string_type": _TEXT,
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _MAPPING,
    "mapping_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "none_required": "nothing",
    "ip_v4_address": "an IPv4 address",
    "ip_v4_interface": "an IPv4 address with its prefix length",
    "ip_v4_network": "an IPv4 prefix without host bits",
    "ip_v6_address": "an IPv6 address",
    "ip_v6_interface": "an IPv6 address with its prefix length",
    "ip_v6_network": "an IPv6 prefix without host bits",
}
_LIMITS = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "too_short": "has too few entries: {actual_length}, where at least {min_length} are needed",
    "too_long": "has too many entries: at most {max_length} are allowed",
    "string_too_short": "is too short: at least {min_length} characters are needed",
    "string_too_long": "is too long: at most {max_length} characters are allowed",
    "string_pattern_mismatch": "must match the pattern {pattern}",
}


def explain(document: Document, error: ValidationError, model: type[BaseModel]) -> SpecError:
    """Every error of validating ``document.data`` by ``model``, each where it was written.

    Of a union's branches only the one that was meant is reported: the branch that takes
    this kind of value, with the fewest complaints; or, if none does, what all would take.
    """
    findings = [_lay_over(document.data, item) for item in error.errors(include_url=False)]
    return SpecError(_word(document, model, finding) for finding in _collapse(findings))


def _lay_over(data: Any, error: Mapping[str, Any]) -> _Finding:
    kind, location, context = error["type"], error["loc"], error.get("ctx", {})
    value = error["input"]
    expected: tuple[str, ...] = ()
    if kind.startswith("union_tag"):
        location = (*location, context["discriminator"].strip("'"))
        kind = "missing" if kind == "union_tag_not_found" else "literal_error"
        value = context.get("tag")
    if kind in ("literal_error", "enum"):
        expected = _choices(context.get("expected") or context["expected_tags"])
    elif kind in _KINDS:
        expected = (_KINDS[kind],)
    # What is missing has no place of its own: it belongs to what should hold it.
    path, branches = _follow(data, location[:-1] if kind == "missing" else location)
    step = location[-1] if location else None
    return _Finding(kind, path, branches, step, value, context, error["msg"], expected)


def _choices(listed: str) -> tuple[str, ...]:
    """The values in pydantic's ``'a', 'b' or 'c'``."""
    return tuple(re.split(", | or ", listed))


def _follow(data: Any, location: Path) -> tuple[Path, tuple[tuple[Path, str], ...]]:
    """The path in the document, and the steps that are not in it, with where they fell."""
    path: list[str | int] = []
    branches = []
    for step in location:
        here = _step_in(data, step)
        if here is None:
            branches.append((tuple(path), str(step)))
        else:
            path.append(here)
            data = data[here]
    return tuple(path), tuple(branch for branch in branches if branch[1] != "[key]")


def _step_in(data: Any, step: str | int) -> str | int | None:
    if isinstance(data, dict):
        return step if step in data else None
    if not isinstance(data, list):
        return None
    # A list of names may stand for a mapping of them: its key is then the name.
    if isinstance(step, str):
        return data.index(step) if step in data else None
    return step if step < len(data) else None


# Unions: pydantic reports the complaints of every branch.


def _collapse(findings: Iterable[_Finding], level: int = 0) -> list[_Finding]:
    """One branch's findings for each union; ``level`` counts the unions around."""
    kept: list[_Finding] = []
    unions: dict[Path, dict[str, list[_Finding]]] = {}
    for finding in findings:
        if len(finding.branches) <= level:
            kept.append(finding)
        else:
            at, branch = finding.branches[level]
            unions.setdefault(at, {}).setdefault(branch, []).append(finding)
    for at, branches in unions.items():
        kept += _meant(at, [_collapse(inner, level + 1) for inner in branches.values()])
    return kept


def _meant(at: Path, branches: Sequence[list[_Finding]]) -> list[_Finding]:
    misfits = [f for branch in branches for f in branch if f.path == at and f.expected]
    fitting = [branch for branch in branches if not any(f in misfits for f in branch)]
    if fitting:
        return min(fitting, key=len)
    expected = dict.fromkeys(text for finding in misfits for text in finding.expected)
    return [misfits[0]._replace(expected=tuple(expected))]


# Words.


def _word(document: Document, model: type[BaseModel], finding: _Finding) -> Problem:
    path, kind = finding.path, finding.type
    if kind == "extra_forbidden":
        message = f"unknown key '{path[-1]}' {_inside(path[:-1])}"
        hint = _known_keys(model, finding)
        return document.problem(message, *path, hint=hint, at_key=True)
    if kind == "missing":
        return document.problem(f"missing {_entry(finding.step)} {_inside(path)}", *path)
    message, hint = _describe(finding)
    return document.problem(message, *path, hint=hint, at_key=finding.step == "[key]")


def _describe(finding: _Finding) -> tuple[str, str]:
    """Message and hint for a value that will not do."""
    subject = f"'{_dotted(finding.path)}'" if finding.path else "the file"
    if reason := finding.context.get("error"):
        return str(reason), getattr(reason, "hint", "")
    if finding.expected:
        message = f"{subject}: expected {_either(finding.expected)}, not {_shown(finding.value)}"
        return message, _nearest(finding)
    if limit := _LIMITS.get(finding.type):
        message = f"{subject} {limit.format(**finding.context)}"
        written = isinstance(finding.value, (dict, list))
        return message if written else f"{message}, not {_shown(finding.value)}", ""
    return f"{subject}: {finding.words.replace('Input should be', 'expected')}", ""


def _nearest(finding: _Finding) -> str:
    if finding.type == "ip_v4_network" and (prefix := _without_host_bits(finding.value)):
        return f"did you mean '{prefix}'?"
    if isinstance(finding.value, str):
        words = [text.strip("'") for text in finding.expected if text.startswith("'")]
        return did_you_mean(finding.value, words)
    scalar = isinstance(finding.value, (bool, int, float))
    return "quote it" if scalar and _TEXT in finding.expected else ""


def _without_host_bits(value: Any) -> str:
    try:
        return str(IPv4Network(value, strict=False))
    except ValueError:
        return ""


def _inside(path: Path) -> str:
    return f"in '{_dotted(path)}'" if path else "at the top of the file"


def _entry(step: str | int) -> str:
    return f"key '{step}'" if isinstance(step, str) else f"entry {step + 1}"


def _dotted(path: Path) -> str:
    """``as.isp-west.peers[0]``"""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def _either(texts: Sequence[str]) -> str:
    *most, last = texts
    return f"{', '.join(most)} or {last}" if most else last


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, (dict, list)):
        return _MAPPING if isinstance(value, dict) else _LIST
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= _SHOWN else f"'{value[:_SHOWN]}…'"
    return str(value).lower() if isinstance(value, bool) else str(value)


# Which keys could have been written.


def _known_keys(model: type[BaseModel], finding: _Finding) -> str:
    models = list(_models_at(model, finding.path[:-1]))
    branches = {branch for _, branch in finding.branches}
    meant = [each for each in models if _is_branch(each, branches)] or models
    keys = dict.fromkeys(
        field.alias or name for each in meant for name, field in each.model_fields.items()
    )
    return did_you_mean(str(finding.path[-1]), keys) or f"known here: {', '.join(keys)}"


def _is_branch(model: type[BaseModel], branches: set[str]) -> bool:
    """Whether pydantic names a branch after this model, or after its discriminator."""
    tags = {tag for field in model.model_fields.values() for tag in get_args(field.annotation)}
    return not branches.isdisjoint(tags | {model.__name__})


def _models_at(kind: Any, path: Path) -> Iterator[type[BaseModel]]:
    """The models that the value at ``path`` of a value of type ``kind`` may be."""
    if get_origin(kind) in (Annotated, Union, UnionType):
        for choice in get_args(kind):
            yield from _models_at(choice, path)
    elif not hasattr(kind, "model_fields"):
        # A list or a mapping: whatever it holds is among its arguments.
        for held in get_args(kind) if path else ():
            yield from _models_at(held, path[1:])
    elif not path:
        yield kind
    else:
        for name, field in kind.model_fields.items():
            if path[0] in (name, field.alias):
                yield from _models_at(field.annotation, path[1:])
