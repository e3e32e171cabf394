"""AS relationships as CAIDA publishes them (serial-1), and what of them fits in a lab.

A line is ``a|b|-1`` (a sells transit to b) or ``a|b|0`` (a and b are peers); ``#`` starts a
comment. The fourth field of serial-2, where a relation was seen, is read over. The format and
the customer cone are those of https://www.caida.org/catalog/datasets/as-relationships/.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from orchestrator.errors import Mistake, Problem, SpecError

MAX_PROBLEMS = 20
MAX_ASN = 4_294_967_294  # RFC 7300 keeps the last one back
_RESERVED = {0: "RFC 7607", 23456: "RFC 6793"}
_FORM = "write 'provider|customer|-1' or 'peer|peer|0'"
_LINE = re.compile(r"([0-9]{1,10})\|([0-9]{1,10})\|(-1|0)(?:\|[^|]*)?")
_LONGEST_CIRCLE = 10  # ASes that a message lists
_SHOWN = 30  # characters of a field that a message repeats

Links = Mapping[int, tuple[int, ...]]


@dataclass(frozen=True)
class Relationships:
    """Who buys transit from whom, and who peers with whom.

    Both mappings hold every AS, in the order of the numbers, and so do the tuples. A peering
    stands on both sides.
    """

    providers: Links
    peers: Links


class Selection(NamedTuple):
    """Part of a file's ASes, all joined to each other, and how many more were asked for."""

    relationships: Relationships
    left_out: int


class _Said(NamedTuple):
    """What a line says of two ASes; the provider is 0 where they are peers."""

    provider: int
    line: int


_Pair = tuple[int, int]  # the lower number first


def parse_relationships(text: str, file: str) -> Relationships:
    """Read the text of a file; ``file`` is the name that problems carry.

    A relation may be repeated; a byte order mark and Windows line ends do no harm. Raises
    SpecError with all malformed lines at once, or else with circles of providers; at most
    MAX_PROBLEMS of either.
    """
    reader = _Reader(file)
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = line.rstrip()
        if line and not line.startswith("#"):
            reader.read(number, line)
    if not reader.said and not reader.problems:
        reader.report(1, 1, "no relationship in the file", _FORM)
    reader.refuse()
    found = _sorted(reader.said)
    for circle in _circles(found.providers):
        where = reader.said[min(circle[:2]), max(circle[:2])].line
        reader.report(where, 1, f"providers go in a circle: {_listed(circle)}")
    reader.refuse()
    return found


class _Reader:
    """What the lines so far say, and the first of their problems."""

    def __init__(self, file: str) -> None:
        self.said: dict[_Pair, _Said] = {}
        self.problems: list[Problem] = []
        self._file, self._more = file, 0

    def read(self, number: int, line: str) -> None:
        match = _LINE.fullmatch(line)
        a, b = (int(match[1]), int(match[2])) if match else (0, 0)
        if match is None or a == b or not (_is_usable(a) and _is_usable(b)):
            for column, mistake in _mistakes(line):
                self.report(number, column, str(mistake), mistake.hint)
            return
        provider = a if match[3] == "-1" else 0
        first = self.said.setdefault((a, b) if a < b else (b, a), _Said(provider, number))
        if first.provider != provider:
            message = f"AS {a} and AS {b} are related otherwise on line {first.line}"
            self.report(number, 1, message, "remove one of the two lines")

    def report(self, line: int, column: int, message: str, hint: str = "") -> None:
        if len(self.problems) <= MAX_PROBLEMS:
            self.problems.append(Problem(self._file, line, column, message, hint))
        else:
            self._more += 1

    def refuse(self) -> None:
        """Raise SpecError if there are problems; what is over the limit is only counted."""
        if len(self.problems) > MAX_PROBLEMS:
            last = self.problems[MAX_PROBLEMS]
            message = f"and {1 + self._more} more, from here on"
            self.problems[MAX_PROBLEMS] = Problem(self._file, last.line, last.column, message)
        if self.problems:
            raise SpecError(self.problems)


def _is_usable(asn: int) -> bool:
    return asn <= MAX_ASN and asn not in _RESERVED


def _mistakes(line: str) -> Iterator[tuple[int, Mistake]]:
    """What is wrong with a line, and the columns where it is."""
    fields = line.split("|")
    if len(fields) not in (3, 4):
        yield 1, Mistake(f"expected 3 fields, found {len(fields)}", _FORM)
        return
    a, b, code = fields[:3]
    wrong = [(column, _wrong_number(field)) for column, field in ((1, a), (len(a) + 2, b))]
    yield from ((column, mistake) for column, mistake in wrong if mistake)
    if code not in ("-1", "0"):
        hint = "write -1 (provider|customer) or 0 (peers)"
        yield len(a) + len(b) + 3, Mistake(f"unknown relation '{code[:_SHOWN]}'", hint)
    if not any(mistake for _, mistake in wrong) and int(a) == int(b):
        yield len(a) + 2, Mistake(f"AS {int(a)} is related to itself", "remove this line")


def _wrong_number(field: str) -> Mistake | None:
    if not (field.isascii() and field.isdecimal()):
        return Mistake(f"'{field[:_SHOWN]}' is not an AS number", "write digits only")
    # Longer than any AS number: not even worth reading as one.
    asn = int(field) if len(field) <= len(str(MAX_ASN)) else MAX_ASN + 1
    if asn > MAX_ASN:
        return Mistake(f"AS {field[:_SHOWN]} is out of range", f"1 to {MAX_ASN}")
    if asn in _RESERVED:
        return Mistake(f"AS {asn} is reserved ({_RESERVED[asn]})", "remove this line")
    return None


def _sorted(said: Mapping[_Pair, _Said]) -> Relationships:
    asns = sorted({asn for pair in said for asn in pair})
    providers: dict[int, list[int]] = {asn: [] for asn in asns}
    peers: dict[int, list[int]] = {asn: [] for asn in asns}
    for (low, high), (provider, _) in said.items():
        if provider:
            providers[high if provider == low else low].append(provider)
        else:
            peers[low].append(high)
            peers[high].append(low)
    return Relationships(
        {asn: tuple(sorted(others)) for asn, others in providers.items()},
        {asn: tuple(sorted(others)) for asn, others in peers.items()},
    )


def _circles(providers: Links) -> Iterator[list[int]]:
    """Circles of providers with no AS in common, each from customer to provider and closed."""
    graph = dict(providers)
    for _ in range(MAX_PROBLEMS):
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            # It is told from predecessor to successor: from provider to customer.
            circle: list[int] = error.args[1][::-1]
            yield circle
            graph = _among(graph, graph.keys() - set(circle))
        else:
            return


def _listed(circle: list[int]) -> str:
    if len(circle) <= _LONGEST_CIRCLE:
        return " → ".join(map(str, circle))
    shown = " → ".join(map(str, circle[:_LONGEST_CIRCLE]))
    return f"{shown} → … ({len(circle) - 1} ASes)"


def select(
    relationships: Relationships, cone_of: int | None = None, top: int | None = None
) -> Selection:
    """The ASes of a customer cone, or those with the largest cones, or both: those of a cone.

    ``cone_of`` is an AS: it, its customers, theirs, and so on. ``top`` is how many; among equal
    cones the lower number goes first. Of what is asked for, the largest part that hangs together
    is kept. A provider's cone is larger than its customer's, so ``top`` never takes an AS
    without its providers, and whoever has a path in the file has one in the selection. Raises
    Mistake for an AS that is not in the file and for a ``top`` below 1.
    """
    asked: Collection[int] = relationships.providers
    if cone_of is not None:
        asked = _cone(relationships, cone_of)
    if top is not None:
        asked = _largest(_among(relationships.providers, asked), top)
    within = _restricted(relationships, asked)
    kept = _largest_component(within)
    return Selection(_restricted(within, kept), len(asked) - len(kept))


def _among(links: Links, asns: Collection[int]) -> dict[int, tuple[int, ...]]:
    """The links between some ASes, in the order of the links."""
    return {
        asn: tuple(other for other in others if other in asns)
        for asn, others in links.items()
        if asn in asns
    }


def _restricted(relationships: Relationships, asns: Collection[int]) -> Relationships:
    return Relationships(_among(relationships.providers, asns), _among(relationships.peers, asns))


def _customers(providers: Links) -> dict[int, list[int]]:
    """Those who sell transit, and whom to."""
    customers: dict[int, list[int]] = {}
    for asn, sellers in providers.items():
        for seller in sellers:
            customers.setdefault(seller, []).append(asn)
    return customers


def _cone(relationships: Relationships, asn: int) -> set[int]:
    if asn not in relationships.providers:
        raise Mistake(f"AS {asn} is not in the file", "name one that is")
    return _reached(asn, _customers(relationships.providers))


def _largest(providers: Links, count: int) -> list[int]:
    """The ASes with the largest customer cones."""
    if count < 1:
        raise Mistake(f"the top {count} are no ASes", "1 or more")
    sizes = _cone_sizes(providers)
    return sorted(providers, key=lambda asn: (-sizes[asn], asn))[:count]


def _cone_sizes(providers: Links) -> dict[int, int]:
    """How many ASes are in each customer cone, the AS itself included.

    A cone is a set of bits in one long number, the AS's own and its customers': a union of two
    costs microseconds at any size. Those who sell to nobody need none.
    """
    customers = _customers(providers)
    cones: dict[int, int] = {}
    sizes = dict.fromkeys(providers, 1)
    bits = {asn: position for position, asn in enumerate(providers)}
    for asn in TopologicalSorter(customers).static_order():
        if asn in customers:
            cone = 1 << bits[asn]
            for customer in customers[asn]:
                cone |= cones.get(customer) or 1 << bits[customer]
            cones[asn], sizes[asn] = cone, cone.bit_count()
    return sizes


def _largest_component(relationships: Relationships) -> set[int]:
    """The largest set of ASes joined by relations of any kind; the first among equals."""
    joined = {asn: [*relationships.peers[asn]] for asn in relationships.peers}
    for asn, sellers in relationships.providers.items():
        joined[asn] += sellers
        for seller in sellers:
            joined[seller].append(asn)
    waiting, largest = dict.fromkeys(joined), set[int]()
    while len(waiting) > len(largest):
        component = _reached(next(iter(waiting)), joined)
        largest = max(largest, component, key=len)
        for asn in component:
            del waiting[asn]
    return largest


def _reached(start: int, links: Mapping[int, Iterable[int]]) -> set[int]:
    reached, waiting = {start}, deque([start])
    while waiting:
        new = set(links.get(waiting.popleft(), ())) - reached
        reached |= new
        waiting.extend(new)
    return reached
