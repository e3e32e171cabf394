"""CAIDA's AS relationships: what is read, what is refused, and which part is chosen."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from orchestrator.errors import Mistake, SpecError
from orchestrator.spec.caida import Relationships, parse_relationships, select

# 1 and 2 are the top; 3 buys from both, 4 from 2; 5 and 6 are stubs; 7 and 8 know only each other.
SMALL = """\
# source: made up
1|2|0
1|3|-1
2|3|-1
2|4|-1
3|4|0
3|5|-1
4|6|-1
7|8|-1
"""


def parse(text: str) -> Relationships:
    return parse_relationships(text, "rel.txt")


def problems(text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        parse(text)
    return [str(problem).removeprefix("rel.txt:") for problem in caught.value.problems]


def test_both_sides_of_every_relation() -> None:
    found = parse(SMALL)
    assert list(found.providers) == list(found.peers) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert found.providers[3] == (1, 2)
    assert found.providers[1] == ()
    assert found.peers == {1: (2,), 2: (1,), 3: (4,), 4: (3,), 5: (), 6: (), 7: (), 8: ()}


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + SMALL,
        SMALL.replace("\n", "\r\n"),
        SMALL.rstrip(),
        SMALL + "\n\n",
        SMALL + "2|1|0\n2|3|-1\n",  # said twice, and the same
        SMALL.replace("|0\n", "|0|mlp\n").replace("|-1\n", "|-1|bgp\n"),  # serial-2
        "\n".join(reversed(SMALL.splitlines())),
    ],
    ids=["mark", "windows", "no-end", "blank-lines", "repeated", "serial-2", "turned-round"],
)
def test_what_makes_no_difference(text: str) -> None:
    assert parse(text) == parse(SMALL)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1|2", "1:1: error: expected 3 fields, found 2; write "),
        ("1|2|0|bgp|x", "1:1: error: expected 3 fields, found 5; write "),
        ("AS1|2|0", "1:1: error: 'AS1' is not an AS number; write digits only"),
        ("1||0", "1:3: error: '' is not an AS number"),
        ("1|+2|0", "1:3: error: '+2' is not an AS number"),
        ("1|٣|0", "1:3: error: '٣' is not an AS number"),
        ("1|4294967295|0", "1:3: error: AS 4294967295 is out of range; 1 to 4294967294"),
        ("1|" + "9" * 5000 + "|0", "1:3: error: AS " + "9" * 30 + " is out of range"),
        ("0|2|0", "1:1: error: AS 0 is reserved (RFC 7607)"),
        ("64500|23456|-1", "1:7: error: AS 23456 is reserved (RFC 6793)"),
        ("1|2|1", "1:5: error: unknown relation '1'; write -1 (provider|customer) or 0 (peers)"),
        ("7|07|0", "1:3: error: AS 7 is related to itself; remove this line"),
    ],
)
def test_a_bad_line(line: str, said: str) -> None:
    (problem,) = problems(line + "\n")
    assert problem.startswith(said)


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert [
        told.partition(" error")[0] for told in problems("1|2|0\nx|y|z\n3\n4|5|-1\n5|4|-1")
    ] == [
        "2:1:",
        "2:3:",
        "2:5:",
        "3:1:",
        "5:1:",
    ]


@pytest.mark.parametrize("again", ["2|1|-1", "1|2|0", "2|1|0"])
def test_a_contradiction_names_the_line_it_contradicts(again: str) -> None:
    (problem,) = problems(f"1|2|-1\n1|3|-1\n{again}")
    assert problem.startswith("3:1: error: AS ")
    assert "are related otherwise on line 1" in problem


def test_a_circle_of_providers_is_named() -> None:
    (problem,) = problems("9|1|-1\n2|1|-1\n3|2|-1\n1|3|-1\n3|8|-1")
    place, _, circle = problem.partition(" error: providers go in a circle: ")
    around = circle.split(" → ")
    assert around[0] == around[-1]
    sold = {"1": "2", "2": "3", "3": "1"}
    assert all(sold[customer] == seller for customer, seller in pairwise(around))
    assert place in ("2:1:", "3:1:", "4:1:")


def test_each_circle_is_told_and_a_long_one_shortened() -> None:
    triangle = "1|2|-1\n2|3|-1\n3|1|-1\n"
    long = "".join(f"{n}|{n + 1}|-1\n" for n in range(10, 60)) + "60|10|-1\n"
    told = problems(triangle + long)
    assert len(told) == 2
    assert told[1].endswith(" → … (51 ASes)")


@pytest.mark.parametrize("text", ["", "\ufeff", "# nothing\n\n"])
def test_an_empty_file(text: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith("1:1: error: no relationship in the file; write ")


def test_of_many_problems_the_first_are_told_and_the_rest_counted() -> None:
    told = problems("nonsense\n" * 100)
    assert len(told) == 21
    assert told[-1] == "21:1: error: and 80 more, from here on"
    assert len(problems("nonsense\n" * 20)) == 20


def test_the_whole_file_without_what_hangs_on_nothing() -> None:
    found, left_out = select(parse(SMALL))
    assert list(found.providers) == list(found.peers) == [1, 2, 3, 4, 5, 6]
    assert left_out == 2


def test_the_cone_of_an_as() -> None:
    found, left_out = select(parse(SMALL), cone_of=2)
    assert found == Relationships(
        {2: (), 3: (2,), 4: (2,), 5: (3,), 6: (4,)}, {2: (), 3: (4,), 4: (3,), 5: (), 6: ()}
    )
    assert left_out == 0


@pytest.mark.parametrize(
    ("top", "chosen"), [(1, [2]), (2, [1, 2]), (3, [1, 2, 3]), (4, [1, 2, 3, 4]), (99, range(1, 7))]
)
def test_the_largest_cones(top: int, chosen: list[int]) -> None:
    """AS 2 has five in its cone, AS 1 three, ASes 3, 4 and 7 two each."""
    assert list(select(parse(SMALL), top=top).relationships.providers) == [*chosen]


def test_the_largest_of_a_cone_leaving_one_out() -> None:
    found, left_out = select(parse(SMALL), cone_of=2, top=4)
    assert (list(found.providers), left_out) == ([2, 3, 4, 5], 0)
    found, left_out = select(parse(SMALL), top=5)
    assert (list(found.providers), left_out) == ([1, 2, 3, 4], 1)


def test_cones_counted_one_by_one() -> None:
    """Against walking down from each AS, on a graph where cones overlap."""
    random = Random(4)
    pairs = {(a, b) for b in range(2, 80) for a in random.sample(range(1, b), min(b - 1, 2))}
    found = parse("".join(f"{a}|{b}|-1\n" for a, b in sorted(pairs)))

    def cone(asn: int) -> set[int]:
        return {asn}.union(*(cone(customer) for seller, customer in pairs if seller == asn))

    order = sorted(range(1, 80), key=lambda asn: (-len(cone(asn)), asn))
    for top in (5, 20, 60):
        assert list(select(found, top=top).relationships.providers) == sorted(order[:top])


@pytest.mark.parametrize(
    ("subset", "said"),
    [({"cone_of": 64500}, "AS 64500 is not in the file"), ({"top": 0}, "the top 0 are no ASes")],
)
def test_a_subset_that_cannot_be(subset: dict[str, int], said: str) -> None:
    with pytest.raises(Mistake, match=said):
        select(parse(SMALL), **subset)
