"""From a topology file to a plan: read → check → compile. Needs no privilege and no Docker."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orchestrator.compile.main import compile_plan
from orchestrator.errors import PlanError, Problem, SpecError
from orchestrator.plan.model import Plan
from orchestrator.routes.bgp import Unsettled
from orchestrator.routes.notes import notes_on_routes
from orchestrator.spec.check import check_topology
from orchestrator.spec.document import Document
from orchestrator.spec.imports import add_imported
from orchestrator.spec.load import parse
from orchestrator.spec.lookups import listed_routers
from orchestrator.spec.model import Topology
from orchestrator.spec.overrides import override
from orchestrator.spec.problems import explain
from orchestrator.spec.systems import ImportSpec

# Of a file of AS relationships, unpacked; those of the whole Internet have a tenth of it.
_MOST_OCTETS = 256 << 20
# Of what somebody wrote: a graph of 1,000 ASes has half a megabyte, and /dev/zero has no end.
_MOST_WRITTEN = 64 << 20
_OPENERS: Mapping[str, Any] = {".gz": gzip.open, ".bz2": bz2.open}


class _TooLarge(Exception):
    """A file holds more than is read of it."""


def load(
    path: Path,
    name: str = "",
    settings: Iterable[str] = (),
    tell: Callable[[str], None] = lambda note: None,
) -> Plan:
    """The plan of a topology file, under ``name`` if given, with ``KEY=VALUE`` settings put in.

    ``tell`` hears of what is no mistake but worth knowing. Raises SpecError or PlanError,
    and UsageError for a setting that cannot be put in.
    """
    document = override(parse(read_written(path), str(path)), settings)
    try:
        topology = Topology.model_validate(document.data)
    except ValidationError as error:
        raise explain(document, error, Topology) from None
    if name:
        topology = topology.model_copy(update={"name": name})
    if topology.import_ is not None:
        topology, document = _import(topology, document, topology.import_, path.parent, tell)
    check_topology(topology, document)
    try:
        plan = compile_plan(topology, document)
        notes = list(notes_on_routes(plan))
    except Unsettled as problem:
        raise _at_a_router(problem, topology, document) from None
    for note in notes:
        tell(note)
    return plan


def _at_a_router(problem: Unsettled, topology: Topology, document: Document) -> PlanError:
    """The same, at the first AS that keeps changing its mind, or else at all of them."""
    restless = (
        ("as", name)
        for name, spec in topology.as_.items()
        if not {*problem.routers}.isdisjoint(listed_routers(name, spec))
    )
    path = next(restless, ("as",))
    return PlanError([document.problem(problem.message, *path, hint=problem.hint, at_key=True)])


def read_written(path: Path, shipped: str = "topologies/") -> bytes:
    """A file of YAML that a user wrote. Raises SpecError where there is none, with the folder of
    those that are ``shipped``, and where it cannot be read or has no end."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_WRITTEN + 1)
        if len(data) <= _MOST_WRITTEN:
            return data
        message, hint = f"it holds more than {_MOST_WRITTEN >> 20} MiB", "is it a file of YAML?"
    except IsADirectoryError:
        message, hint = "this is a directory", "name the file in it"
    except FileNotFoundError:
        message, hint = "there is no such file", f"shipped ones are in {shipped}"
    except OSError as error:
        message, hint = f"cannot read it: {error.strerror or error}", ""
    raise SpecError([Problem(str(path), 1, 1, message, hint)])


def _import(
    topology: Topology,
    document: Document,
    spec: ImportSpec,
    folder: Path,
    tell: Callable[[str], None],
) -> tuple[Topology, Document]:
    path = folder / spec.caida
    try:
        text = _unpacked(path)
    except FileNotFoundError:
        message, hint = f"there is no file '{path}'", "name one beside the topology"
    except _TooLarge:
        most = f"{_MOST_OCTETS >> 20} MiB"
        message, hint = f"'{path}' holds more than {most}", "CAIDA's files have some 20 MiB"
    except UnicodeDecodeError:
        message, hint = f"'{path}' is not text", "if it is packed, its name must end in .gz or .bz2"
    except (OSError, EOFError, ValueError, zlib.error) as error:
        said = getattr(error, "strerror", None) or "it is damaged, or not what its name says"
        message, hint = f"cannot read '{path}': {said}", ""
    else:
        found = add_imported(topology, document, spec, text, str(path))
        if found.left_out:
            tell(f"{path}: ASes left out, as nothing joins them to the others: {found.left_out}")
        return found.topology, found.document
    raise SpecError([document.problem(message, "import", "caida", hint=hint)])


def _unpacked(path: Path) -> str:
    """A file's text, unpacked if its name ends in .gz or .bz2.

    Raises _TooLarge for more than any such file holds: a few kilobytes can unpack without end.
    """
    with _OPENERS.get(path.suffix, open)(path, "rb") as file:
        data = file.read(_MOST_OCTETS + 1)
    if len(data) > _MOST_OCTETS:
        raise _TooLarge
    return bytes(data).decode()
