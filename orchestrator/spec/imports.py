"""ASes from a file of relationships, beside those that the topology writes itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from orchestrator.errors import Mistake, Problem, SpecError
from orchestrator.spec.caida import Relationships, parse_relationships, select
from orchestrator.spec.document import Document, Node, Position
from orchestrator.spec.model import Topology
from orchestrator.spec.systems import AsSpec, ImportSpec


class Imported(NamedTuple):
    """A topology with what it imports, and how many ASes of that hang on none of the others."""

    topology: Topology
    document: Document
    left_out: int


def add_imported(
    topology: Topology, document: Document, spec: ImportSpec, text: str, file: str
) -> Imported:
    """Add the ASes of ``text``, which is what ``file`` holds; they stand where ``spec`` does.

    Raises SpecError for what is wrong with the file, the subset, or a name that is taken.
    """
    relationships = parse_relationships(text, file)
    try:
        found, left_out = select(relationships, spec.cone_of, spec.top)
    except Mistake as mistake:
        where = ("import", "cone_of")
        raise SpecError([document.problem(str(mistake), *where, hint=mistake.hint)]) from None
    systems = _systems(found)
    if taken := list(_taken(topology, document, systems)):
        raise SpecError(taken)
    return Imported(
        topology.model_copy(update={"as_": {**systems, **topology.as_}}),
        _with_places(document, systems),
        left_out,
    )


def _systems(found: Relationships) -> dict[str, AsSpec]:
    """Each AS under its own number, which is not held to be private: a lab leaks nowhere, and who
    imports it wants to know it again. A peering is written on the side of the higher number."""
    return {
        _name(asn): AsSpec.model_construct(
            asn=asn,
            providers=[_name(provider) for provider in found.providers[asn]],
            peers=[_name(peer) for peer in found.peers[asn] if peer < asn],
        )
        for asn in found.providers
    }


def _name(asn: int) -> str:
    return f"as{asn}"


def _taken(topology: Topology, document: Document, systems: dict[str, AsSpec]) -> Iterator[Problem]:
    for name in topology.as_:
        if name in systems:
            message, hint = f"AS '{name}' is imported already", "choose another name"
            yield document.problem(message, "as", name, hint=hint, at_key=True)


def _with_places(document: Document, systems: dict[str, AsSpec]) -> Document:
    """Whatever is said of an imported AS is said at the import."""
    root = document.root
    here = Node(None, document.where("import", "caida"), file=root.children["import"].file)
    written = root.children.get("as") or here
    known: dict[str, Position] = dict.fromkeys(systems, here.position)
    there = written._replace(
        children={**dict.fromkeys(systems, here), **written.children},
        keys={**known, **written.keys},
    )
    return Document(document.file, root._replace(children={**root.children, "as": there}))
