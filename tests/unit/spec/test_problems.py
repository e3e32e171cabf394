"""Complaints of the schema in plain words, each at its place."""

from __future__ import annotations

from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from orchestrator.errors import Mistake, did_you_mean
from orchestrator.spec.load import parse
from orchestrator.spec.problems import explain


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Link(Strict):
    ends: list[str]
    delay: float = 0


class Up(Strict):
    kind: Literal["up"]
    after: int = 0


class Down(Strict):
    kind: Literal["down"]
    before: int = 0


class Wide(Strict):
    low: int
    high: int = 0

    @model_validator(mode="after")
    def in_order(self) -> Wide:
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


def to_mapping(value: Any) -> Any:
    return {name: {} for name in value} if isinstance(value, list) else value


Name = Annotated[str, Field(pattern="^[a-z]+$")]


class Leaf(Strict):
    at: str = ""


class Lab(Strict):
    links: list[list[str] | Link] = []
    faults: list[Annotated[Up | Down, Field(discriminator="kind")]] = []
    as_: dict[Name, Link] = Field({}, alias="as")
    names: Annotated[dict[Name, Leaf], BeforeValidator(to_mapping)] = {}
    colour: Colour = Colour.RED
    mode: Literal["ring", "chain", "mesh"] | None = None
    address: IPv4Address | None = None
    prefix: IPv4Network | IPv6Network | None = None
    count: int = Field(1, ge=1, lt=10)
    factor: int = Field(4, multiple_of=4)
    about: str = ""
    short: Annotated[str, Field(min_length=2, max_length=4)] = "abc"
    on: bool = False
    auto: Literal["auto"] | int = 1
    pair: tuple[str, str] | None = None
    some: Annotated[list[int], Field(min_length=1)] = [1]
    ratio: float = Field(1, allow_inf_nan=False, gt=0, le=1)
    wide: Wide | list[int] | None = None
    deep: dict[str, list[Link | list[Leaf | int]]] = {}
    day: Annotated[str, Field(max_length=3)] | None = None

    @field_validator("about")
    @classmethod
    def polite(cls, text: str) -> str:
        if text == "rude":
            raise Mistake("that is rude", "say please")
        if text == "odd":
            raise ValueError("that is odd")
        if text == "wrong":
            raise AssertionError("that is wrong")
        return text


def told(text: str) -> list[str]:
    document = parse(text.encode(), "f")
    with pytest.raises(ValidationError) as caught:
        Lab.model_validate(document.data)
    return str(explain(document, caught.value, Lab)).split("\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # keys
        (
            "links: []\nlink: 1",
            "2:1: error: unknown key 'link' at the top of the file; did you mean 'links'?",
        ),
        ("as_: {}", "1:1: error: unknown key 'as_' at the top of the file; did you mean 'as'?"),
        (
            "as:\n  a: {ends: [], dealy: 1}",
            "2:17: error: unknown key 'dealy' in 'as.a'; did you mean 'delay'?",
        ),
        (
            "as:\n  a: {ends: [], zzz: 1}",
            "2:17: error: unknown key 'zzz' in 'as.a'; known here: ends, delay",
        ),
        ("as:\n  a: {delay: 1}", "2:6: error: missing key 'ends' in 'as.a'"),
        ("as:\n  A: {ends: []}", "2:3: error: 'as.A' must match the pattern ^[a-z]+$, not 'A'"),
        ("names: {a: {att: x}}", "1:13: error: unknown key 'att' in 'names.a'; did you mean 'at'?"),
        ("names: [a, B]", "1:12: error: 'names[1]' must match the pattern ^[a-z]+$, not 'B'"),
        # kinds of value
        ("about: 12", "1:8: error: 'about': expected text, not 12; quote it"),
        ("about: true", "1:8: error: 'about': expected text, not true; quote it"),
        ("about: []", "1:8: error: 'about': expected text, not a list"),
        ("count: x", "1:8: error: 'count': expected a whole number, not 'x'"),
        ("count: 1.5", "1:8: error: 'count': expected a whole number, not 1.5"),
        ("ratio: {}", "1:8: error: 'ratio': expected a number, not a mapping"),
        ("ratio: .nan", "1:8: error: 'ratio': expected a finite number, not nan"),
        ("on: maybe", "1:5: error: 'on': expected true or false, not 'maybe'"),
        ("links: {}", "1:8: error: 'links': expected a list, not a mapping"),
        ("as:", "1:4: error: 'as': expected a mapping, not nothing"),
        ("as: {a: 1}", "1:9: error: 'as.a': expected a mapping, not 1"),
        ("address: 1.2.3", "1:10: error: 'address': expected an IPv4 address, not '1.2.3'"),
        ("pair: [a]", "1:7: error: missing entry 2 in 'pair'"),
        # limits
        ("count: 0", "1:8: error: 'count' must be at least 1, not 0"),
        ("count: 10", "1:8: error: 'count' must be less than 10, not 10"),
        ("ratio: 0", "1:8: error: 'ratio' must be more than 0.0, not 0"),
        ("ratio: 2", "1:8: error: 'ratio' must be at most 1.0, not 2"),
        ("factor: 6", "1:9: error: 'factor' must be a multiple of 4, not 6"),
        ("some: []", "1:7: error: 'some' has too few entries: 0, where at least 1 are needed"),
        ("pair: [a, b, c]", "1:7: error: 'pair' has too many entries: at most 2 are allowed"),
        ("short: a", "1:8: error: 'short' is too short: at least 2 characters are needed, not 'a'"),
        (
            "short: abcde",
            "1:8: error: 'short' is too long: at most 4 characters are allowed, not 'abcde'",
        ),
        # choices
        (
            "mode: rign",
            "1:7: error: 'mode': expected 'ring', 'chain' or 'mesh', not 'rign';"
            " did you mean 'ring'?",
        ),
        ("mode: 3", "1:7: error: 'mode': expected 'ring', 'chain' or 'mesh', not 3"),
        ("mode: []", "1:7: error: 'mode': expected 'ring', 'chain' or 'mesh', not a list"),
        (
            "colour: bleu",
            "1:9: error: 'colour': expected 'red' or 'blue', not 'bleu'; did you mean 'blue'?",
        ),
        # unions
        ("links: [3]", "1:9: error: 'links[0]': expected a list or a mapping, not 3"),
        ("links: [[a, 2]]", "1:13: error: 'links[0][1]': expected text, not 2; quote it"),
        ("links: [{ends: a}]", "1:16: error: 'links[0].ends': expected a list, not 'a'"),
        ("links: [{}]", "1:9: error: missing key 'ends' in 'links[0]'"),
        (
            "auto: autp",
            "1:7: error: 'auto': expected 'auto' or a whole number, not 'autp';"
            " did you mean 'auto'?",
        ),
        (
            "prefix: x",
            "1:9: error: 'prefix': expected an IPv4 prefix without host bits"
            " or an IPv6 prefix without host bits, not 'x'",
        ),
        ("wide: {low: 1}", "1:7: error: low is above high"),
        ("wide: [1, x]", "1:11: error: 'wide[1]': expected a whole number, not 'x'"),
        (
            "deep: {k: [[1, {att: x}]]}",
            "1:17: error: unknown key 'att' in 'deep.k[0][1]'; did you mean 'at'?",
        ),
        (
            "faults: [{kind: dwon}]",
            "1:17: error: 'faults[0].kind': expected 'up' or 'down', not 'dwon';"
            " did you mean 'down'?",
        ),
        ("faults: [{}]", "1:10: error: missing key 'kind' in 'faults[0]'"),
        ("faults: [3]", "1:10: error: 'faults[0]': expected a mapping, not 3"),
        (
            "faults: [{kind: up, befor: 1}]",
            "1:21: error: unknown key 'befor' in 'faults[0]'; known here: kind, after",
        ),
        (
            "faults: [{kind: down, befor: 1}]",
            "1:23: error: unknown key 'befor' in 'faults[0]'; did you mean 'before'?",
        ),
        # validators of our own
        ("about: rude", "1:8: error: that is rude; say please"),
        ("about: odd", "1:8: error: that is odd"),
        ("about: wrong", "1:8: error: that is wrong"),
    ],
)
def test_one_problem_in_plain_words(text: str, expected: str) -> None:
    assert told(text) == [f"f:{expected}"]


def test_every_problem_in_the_order_of_the_file() -> None:
    lines = told("count: 0\nlinks:\n  - {end: [], delay: x}\ncolour: green\n")
    assert [line.split(": error")[0] for line in lines] == [
        "f:1:8",
        "f:3:5",
        "f:3:6",
        "f:3:22",
        "f:4:9",
    ]


def test_no_word_of_the_library_shows() -> None:
    text = " ".join(told("links: [{x: 1}, 3]\nprefix: 1\nfaults: [{kind: x}]\nsome: 1\nday: long"))
    assert not [
        word for word in ("Input", "pydantic", "http", "Link", "function", "type=") if word in text
    ]


def test_a_long_value_is_cut() -> None:
    (line,) = told(f"count: {'x' * 500}")
    assert len(line) < 130


def test_what_is_not_listed_keeps_the_words_of_the_library() -> None:
    class Odd(Strict):
        x: bytes

    document = parse(b"x: []", "f")
    with pytest.raises(ValidationError) as caught:
        Odd.model_validate(document.data)
    assert str(explain(document, caught.value, Odd)) == "f:1:4: error: 'x': expected a valid bytes"


@pytest.mark.parametrize(
    ("word", "choices", "expected"),
    [
        ("provider", ["peers", "providers"], "did you mean 'providers'?"),
        ("PROVIDERS", ["peers", "providers"], "did you mean 'providers'?"),
        ("frankfurt", ["Frankfurt"], "did you mean 'Frankfurt'?"),
        ("dealy", ["delay", "rate"], "did you mean 'delay'?"),
        ("route_server", ["route-server"], "did you mean 'route-server'?"),
        ("x", ["delay", "rate"], ""),
        ("rate", ["delay"], ""),
        ("", ["delay"], ""),
        ("delay", [], ""),
    ],
)
def test_did_you_mean(word: str, choices: list[str], expected: str) -> None:
    assert did_you_mean(word, choices) == expected
