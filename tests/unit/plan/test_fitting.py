"""Plain values that fit their types, and the words for those that do not."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Literal, Required, TypedDict

import pytest

from orchestrator.plan.codec import read_json
from orchestrator.plan.fitting import fit
from orchestrator.plan.misfit import Misfit, brief
from orchestrator.records.checked import Moment, Url


@dataclass(frozen=True)
class Part:
    count: int
    share: float = 0.5
    of: str | None = None


@dataclass(frozen=True)
class Other:
    name: str


@dataclass(frozen=True)
class Whole:
    name: str
    parts: tuple[Part, ...] = ()
    status: int | None = None
    sort: Literal["a", "b"] = "a"
    where: IPv4Address | IPv6Address | None = None
    counts: dict[int, str] | None = None
    either: Part | Other | None = None


class Entry(TypedDict, total=False):
    name: Required[str]
    size: int | None


def test_a_value_is_built_and_defaults_are_those_of_its_class() -> None:
    plain = {
        "name": "x",
        "parts": [{"count": 3.0, "more": 1}],
        "where": "2001:db8::1",
        "counts": {"7": "seven"},
        "either": {"kind": "Other", "name": "o"},
    }
    built = fit(Whole, plain)
    assert built == Whole(
        "x",
        (Part(3),),
        where=IPv6Address("2001:db8::1"),
        counts={7: "seven"},
        either=Other("o"),
    )
    assert type(built.parts[0].count) is int


def test_an_object_stays_one_and_keeps_what_is_not_known() -> None:
    entry = {"name": "x", "_more": [1]}
    assert fit(list[Entry], [entry]) == [entry]


@pytest.mark.parametrize(
    ("cls", "plain", "told"),
    [
        (Whole, [], "it should be an object, and is a list"),
        (Whole, {}, "it has no name"),
        (Whole, {"name": 7}, "/name: it should be a text, and is 7"),
        (Whole, {"name": "x", "parts": {"a": 1}}, "/parts: it should be a list"),
        (Whole, {"name": "x", "parts": [{"count": True}]}, "/parts/0/count: it should be a whole"),
        (Whole, {"name": "x", "parts": [{"count": 1.5}]}, "/parts/0/count: it should be a whole"),
        (Whole, {"name": "x", "parts": [{"count": 2**70}]}, "/parts/0/count: it should be a small"),
        (
            Whole,
            {"name": "x", "parts": [{"count": 1, "share": 10**400}]},
            "/parts/0/share: it should be a smaller number",
        ),
        (Whole, {"name": "x", "sort": "c"}, "/sort: 'c' is none of a, b"),
        (Whole, {"name": "x", "where": 7}, "/where: it should be an address, and is 7"),
        (Whole, {"name": "x", "where": "1.2.3"}, "/where: '1.2.3': Expected 4 octets"),
        (Whole, {"name": "x", "counts": {"a": "b"}}, "/counts/a: its key should be a number"),
        (Whole, {"name": "x", "either": {"kind": "Prt"}}, "'Prt' is no kind that is known; did"),
        (list[Entry], [{"size": 1}], "/0: it has no name"),
        (dict[str, int], {"a/b~": "x"}, "/a~1b~0: it should be a whole number"),
        (Url, "http://[::1", "'http://[::1': Invalid IPv6 URL"),
        (Moment, "yesterday", "'yesterday': Invalid isoformat string"),
        (Moment, "2026-01-01T00:00:00", "it has no time zone"),
        (Moment, "0001-01-01T00:00:00Z", "no visit was in that year"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(cls: Any, plain: Any, told: str) -> None:
    with pytest.raises(Misfit) as caught:
        fit(cls, plain)
    assert told in str(caught.value)


def test_what_is_told_of_a_strangers_text_is_short_and_printable() -> None:
    assert brief("a\x1b[2J\n" + "b" * 70_000) == "a\ufffd[2J\ufffd" + "b" * 294 + "…"


def test_half_a_character_can_be_written_again() -> None:
    assert read_json('{"a\\ud800": ["\\udc00b"]}') == {"a\ufffd": ["\ufffdb"]}


@pytest.mark.parametrize("text", ["[NaN]", "[-Infinity]", "[" * 100_000])
def test_what_json_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no number of JSON|nested too deeply"):
        read_json(text)
