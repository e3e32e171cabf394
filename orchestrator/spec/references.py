"""Names that must lead somewhere: the problem where one does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from orchestrator.errors import Problem, nearest
from orchestrator.spec.document import Document, Path
from orchestrator.spec.lookups import router_names
from orchestrator.spec.model import Topology


def missing(
    document: Document, what: str, name: str, known: Iterable[str], path: Path
) -> Iterator[Problem]:
    """A problem where ``name`` is not among ``known``, with the nearest that is."""
    choices = list(known)
    if name not in choices:
        yield document.problem(f"there is no {what} '{name}'", *path, hint=nearest(name, choices))


def missing_router(
    topology: Topology, document: Document, system: str, router: str | None, path: Path
) -> Iterator[Problem]:
    """A router that must belong to an AS; silent where the AS itself is unknown."""
    if router is not None and system in topology.as_:
        known = router_names(topology, system)
        yield from missing(document, f"router of '{system}' called", router, known, path)


def twice(document: Document, values: Sequence[object], path: Path) -> Iterator[Problem]:
    """A problem for each entry of a list that stands further up in it."""
    for index, value in enumerate(values):
        if value in values[:index]:
            yield document.problem(f"'{value}' is listed twice", *path, index)
