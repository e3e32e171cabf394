"""Reading YAML: what is accepted, where each thing stands, and how the rest is refused."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest
import yaml

from orchestrator.errors import Problem, SpecError
from orchestrator.spec import compose
from orchestrator.spec.compose import MAX_DEPTH, MAX_VALUES
from orchestrator.spec.document import Position
from orchestrator.spec.load import parse


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """libyaml, and the pure Python parser of hosts that lack it."""
    monkeypatch.setattr(compose, "EVENTS", getattr(yaml, request.param))


def problems_of(data: bytes | str) -> tuple[Problem, ...]:
    with pytest.raises(SpecError) as caught:
        parse(data if isinstance(data, bytes) else data.encode(), "lab.yaml")
    return caught.value.problems


def only_problem(data: bytes | str) -> Problem:
    (problem,) = problems_of(data)
    return problem


# ── scalars ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *[(text, None) for text in ("", "~", "null", "Null", "NULL", "!!null ''")],
        *[(text, True) for text in ("true", "True", "TRUE")],
        *[(text, False) for text in ("false", "False", "FALSE", "!!bool false")],
        ("0", 0),
        ("12", 12),
        ("-3", -3),
        ("+3", 3),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("4200000000", 4200000000),
        ("!!int '7'", 7),
        ("1.5", 1.5),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("6.02E+23", 6.02e23),
        ("!!float 1", 1.0),
        (".inf", math.inf),
        ("+.INF", math.inf),
        ("-.Inf", -math.inf),
    ],
)
@pytest.mark.usefixtures("either_parser")
def test_plain_scalars_follow_the_core_schema(written: str, value: object) -> None:
    read = parse(f"key: {written}".encode(), "f").data["key"]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("written", [".nan", ".NaN", ".NAN"])
def test_not_a_number(written: str) -> None:
    assert math.isnan(parse(f"key: {written}".encode(), "f").data["key"])


@pytest.mark.parametrize(
    "written",
    [
        *("NO", "no", "on", "off", "yes", "Y", "n", "nULL", "tRUE"),
        *("12:30:45", "52:54:00:12:34:56", "1_000", "0b11", "0o8", "0xG", "1e", "+", "."),
        *("2001-01-01", "10.0.0.0", "10.0.0.0/8", "12 ms", "a#b", "inf", "nan", "=", "۳"),
        "1" * 101,
    ],
)
@pytest.mark.usefixtures("either_parser")
def test_everything_else_is_text(written: str) -> None:
    assert parse(f"key: {written}".encode(), "f").data == {"key": written}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("'12'", "12"),
        ('"true"', "true"),
        ("''", ""),
        ('"a\\tb"', "a\tb"),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("|\n  1\n", "1\n"),
        (">-\n  a\n  b\n", "a b"),
    ],
)
@pytest.mark.usefixtures("either_parser")
def test_quoted_tagged_and_block_scalars_are_text(written: str, value: str) -> None:
    assert parse(f"key: {written}".encode(), "f").data == {"key": value}


def test_keys_are_the_text_they_are_written_with() -> None:
    data = parse(b"1: a\n010: b\ntrue: c\n~: d\n0x1F: e\n'q': f\n", "f").data
    assert list(data) == ["1", "010", "true", "~", "0x1F", "q"]


# ── aliases and merge keys ────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("either_parser")
def test_an_alias_repeats_its_anchor() -> None:
    document = parse(b"a: &x\n  b: [1]\nc: *x\nd: &x 2\ne: *x\n", "f")
    assert document.data == {"a": {"b": [1]}, "c": {"b": [1]}, "d": 2, "e": 2}
    assert document.where("c") == (3, 4)
    assert document.where("c", "b", 0) == (2, 7)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("{<<: *a, z: 3}", {"x": 1, "y": 1, "z": 3}),
        ("{x: 9, <<: *a}", {"x": 9, "y": 1}),
        ("{<<: [*b, *a]}", {"x": 2, "y": 1}),
        ("{<<: [*a, *b]}", {"x": 1, "y": 1}),
        ("{<<: {k: 1}}", {"k": 1}),
        ("{'<<': 1}", {"<<": 1}),
    ],
)
def test_merge_keys(written: str, value: object) -> None:
    text = f"a: &a {{x: 1, y: 1}}\nb: &b {{x: 2}}\nc: {written}\n"
    assert parse(text.encode(), "f").data["c"] == value


def test_what_is_merged_stands_where_it_was_written() -> None:
    document = parse(b"a: &a\n  x: 1\nb:\n  <<: *a\n  y: 2\n", "f")
    assert document.where("b", "x") == (2, 6)
    assert document.problem("m", "b", "x", at_key=True).column == 3


@pytest.mark.parametrize("written", ["1", "[1]", "'x'"])
def test_only_mappings_merge(written: str) -> None:
    problem = only_problem(f"a:\n  <<: {written}\n")
    assert (problem.line, problem.column) == (2, 7)
    assert "merges mappings" in problem.message


@pytest.mark.parametrize("text", ["a: *x\n", "a: &x [1, *x]\n", "b: *x\na: &x 1\n"])
def test_an_alias_needs_its_anchor_before_it(text: str) -> None:
    problem = only_problem(text)
    assert "no anchor '&x'" in problem.message
    assert problem.column == text.split("\n")[0].index("*") + 1


# ── positions ─────────────────────────────────────────────────────────────────────────

BLOCK = """\
# a comment
as:
  west:
    asn: 64500
    peers:
    - a
    - as: b

  "quoted key":   'é'
flow: {a: [1, {b: 2}], é: x}
text: |
  many lines
empty:
"""
VALUES: dict[tuple[Any, ...], tuple[int, int]] = {
    (): (2, 1),
    ("as",): (3, 3),
    ("as", "west"): (4, 5),
    ("as", "west", "asn"): (4, 10),
    ("as", "west", "peers"): (6, 5),
    ("as", "west", "peers", 0): (6, 7),
    ("as", "west", "peers", 1): (7, 7),
    ("as", "west", "peers", 1, "as"): (7, 11),
    ("as", "quoted key"): (9, 19),
    ("flow",): (10, 7),
    ("flow", "a"): (10, 11),
    ("flow", "a", 0): (10, 12),
    ("flow", "a", 1): (10, 15),
    ("flow", "a", 1, "b"): (10, 19),
    ("flow", "é"): (10, 27),
    ("text",): (11, 7),
    ("empty",): (13, 7),
}
KEYS: dict[tuple[Any, ...], tuple[int, int]] = {
    ("as",): (2, 1),
    ("as", "west"): (3, 3),
    ("as", "west", "asn"): (4, 5),
    ("as", "west", "peers"): (5, 5),
    ("as", "west", "peers", 1, "as"): (7, 7),
    ("as", "quoted key"): (9, 3),
    ("flow",): (10, 1),
    ("flow", "a"): (10, 8),
    ("flow", "a", 1, "b"): (10, 16),
    ("flow", "é"): (10, 24),
    ("text",): (11, 1),
    ("empty",): (13, 1),
}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.usefixtures("either_parser")
def test_every_position_is_exact(mark: bytes, end: str) -> None:
    document = parse(mark + BLOCK.replace("\n", end).encode(), "f")
    assert document.positions == VALUES
    assert document.key_positions == KEYS


def test_where_falls_back_to_what_is_around() -> None:
    document = parse(BLOCK.encode(), "f")
    assert document.where("as", "west", "providers", 0) == VALUES["as", "west"]
    assert document.where("as", "west", "peers", 7) == VALUES["as", "west", "peers"]
    assert document.where("nothing") == Position(2, 1)


@pytest.mark.parametrize(
    ("path", "at_key", "place"),
    [
        (("as", "west", "asn"), False, (4, 10)),
        (("as", "west", "asn"), True, (4, 5)),
        (("as", "west", "nothing"), True, (4, 5)),
        (("as", "west", "peers", 0), True, (6, 7)),
        ((), True, (2, 1)),
    ],
)
def test_a_problem_stands_at_its_value_or_key(
    path: tuple[str | int, ...], at_key: bool, place: tuple[int, int]
) -> None:
    problem = parse(BLOCK.encode(), "f").problem("m", *path, hint="h", at_key=at_key)
    assert problem == Problem("f", *place, "m", "h")


# ── refusals ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "~\n", "\ufeff"])
def test_an_empty_file(text: str) -> None:
    problem = only_problem(text)
    assert problem.message == "the file is empty"
    assert problem.hint


@pytest.mark.parametrize(("text", "kind"), [("- a\n", "a list"), ("\n hello", "a single value")])
def test_the_top_is_a_mapping(text: str, kind: str) -> None:
    assert only_problem(text).message == f"{kind} at the top of the file"


@pytest.mark.parametrize(
    ("data", "place", "byte"),
    [
        (b"a: 1\nb: \0x\n", (2, 4), "0x00 at offset 8"),
        (b"\x7fELF\x02\x01\x01\0\0\0", (1, 1), "0x7f at offset 0"),
        (b"a: \xff\n", (1, 4), "0xff at offset 3"),
        ("é: ".encode() + b"\xc3(", (1, 4), "0xc3 at offset 4"),
        (b"\xef\xbb\xbfa:\n  \xff", (2, 3), "0xff at offset 8"),
        (b"\xef\xbb\xbfa:\n  \x07", (2, 3), "0x07 at offset 8"),
        ("k: é\x1b[0m".encode(), (1, 5), "0x1b at offset 5"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", (1, 1), "0x89 at offset 0"),
        (b"\x1f\x8b\x08\0", (1, 2), "0x8b at offset 1"),
    ],
)
def test_what_is_not_text(data: bytes, place: tuple[int, int], byte: str) -> None:
    problem = only_problem(data)
    assert (problem.line, problem.column) == place
    assert problem.message == f"the file is not text: byte {byte}"


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_is_named(codec: str) -> None:
    problem = only_problem("name: x\n".encode(codec))
    assert problem == Problem("lab.yaml", 1, 1, "the file is UTF-16 or UTF-32", "save it as UTF-8")


def test_every_duplicate_key_at_once() -> None:
    text = "a: 1\nb: {x: 1, y: 2, x: 3}\na: 2\n1: p\n'1': q\n"
    assert [(p.line, p.column, p.message) for p in problems_of(text)] == [
        (2, 17, "duplicate key 'x', first on line 2"),
        (3, 1, "duplicate key 'a', first on line 1"),
        (5, 1, "duplicate key '1', first on line 4"),
    ]


def test_problems_stop_at_fifty() -> None:
    assert len(problems_of("a: 1\n" * 1000)) == 50


def test_a_broken_syntax_does_not_hide_what_was_found_before_it() -> None:
    messages = [problem.message for problem in problems_of("a: 1\na: 2\nb: ]\n")]
    assert messages[0].startswith("duplicate key 'a'")
    assert messages[1] == "a value was expected, not ']'"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: 1\n---\nb: 2\n", (2, 1), "a second document starts here"),
        ("[a, b]: 1\n", (1, 1), "a key must be text"),
        ("? {a: 1}\n: 2\n", (1, 3), "a key must be text"),
        ("k: &k 1\n*k : 2\n", (2, 1), "a key must be text"),
        ("a: !secret x\n", (1, 4), "unknown tag '!secret'"),
        ("a: !!python/object:os.system x\n", (1, 4), "unknown tag 'tag:yaml.org,2002:python"),
        ("a: !!set {b}\n", (1, 4), "unknown tag 'tag:yaml.org,2002:set'"),
        ("a: !x [b]\n", (1, 4), "unknown tag '!x'"),
        ("a: !!int abc\n", (1, 4), "'abc' is not what its tag says"),
    ],
)
@pytest.mark.usefixtures("either_parser")
def test_yaml_we_do_not_take(text: str, place: tuple[int, int], message: str) -> None:
    problem = only_problem(text)
    assert (problem.line, problem.column) == place
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("a:\n\tb: 1\n", (2, 1), "a tab in the indentation", "indent with spaces"),
        ("a:\n  b: 1\n\tc: 2\n", (3, 1), "a tab in the indentation", "indent with spaces"),
        ("a:\n  \tb: 1\n  \tc: 1\n", (2, 3), "a tab in the indentation", "indent with spaces"),
        ("a: |\n\tb\n", (2, 1), "a tab in the indentation", "indent with spaces"),
        ("a: b: c\n", (1, 5), "a ':' does not belong here", "quote a text that holds ': '"),
        ("a: 1\n  b: 2\n", (2, 4), "a ':' does not belong here", "check the indentation"),
        ("a: b\nc: ? d\n", (2, 4), "a '?' does not belong here", "check the indentation"),
        ("a: 1\nfoo\nb: 2\n", (2, 1), "no ':' after this key", "key: value"),
        ("a: [1, 2\nb: 3\n", (2, 2), "expected ',' or ']' for the list of line 1", ""),
        ("a: {x: 1\nb: 3\n", (2, 2), "expected ',' or '}' for the mapping of line 1", ""),
        ("a: 'x\nb: 1\n", (1, 4), "this quote is never closed", "close it"),
        ('a: "x\n---\nb"\n', (1, 4), "this quote is never closed", "close it"),
        ('a: "\\d"\n', None, "unknown escape in a double-quoted text", "single quotes"),
        ('a: "\\x1"\n', (1, 7), "unknown escape in a double-quoted text", "single quotes"),
        ("a: *.example.com\n", (1, 4), "an alias or anchor without a name", "quote a text"),
        ("a: &\n", (1, 4), "an alias or anchor without a name", "quote a text"),
        ("a: @x\n", (1, 4), "a value cannot start with '@'", "quote it"),
        ("a: %x\n", (1, 4), "a value cannot start with '%'", "quote it"),
        ("a: ]\n", (1, 4), "a value was expected, not ']'", "quote it"),
        ("a: 1\n]\n", (2, 1), "expected a key as in the mapping of line 1", "indentation"),
        ("a:\n  b: 1\n c: 2\n", (3, 2), "expected a key as in the mapping of line 1", "indent"),
        ("a: 'it's'\n", (1, 8), "expected a key as in the mapping of line 1", "quotes inside"),
        ("a:\n  - b\n  c: 1\n", (3, 3), "expected '- ' as in the list of line 2", "indentation"),
        ("a: - 1\n", (1, 4), "a list item does not belong here", "a line of its own"),
        ("a: !x!y z\n", (1, 4), "this is not a tag", "starts with '!'"),
        ("a: |x\n  1\n", (1, 5), "'|' and '>' end their line", "the next one"),
        ("%YAML 9.9\n---\na: 1\n", (1, 1), "unknown YAML directive", "remove"),
        ("{a: 1}}\n", (1, 7), "'}' after the end of the document", "remove it"),
    ],
)
@pytest.mark.usefixtures("either_parser")
def test_broken_syntax(text: str, place: tuple[int, int] | None, message: str, hint: str) -> None:
    problem = only_problem(text)
    assert problem.message == message
    assert hint in problem.hint
    # The two parsers differ by one on the column of an escape.
    assert place is None or (problem.line, problem.column) == place


# ── bounds ────────────────────────────────────────────────────────────────────────────

TEN_MB = 10_000_000


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"[" * TEN_MB, (1, 33)),
        (b"a: " + b"{" * TEN_MB, (1, 35)),
        ("a: ['é',".encode() + b"{" * TEN_MB, (1, 39)),
        (b"- " * (TEN_MB // 2), (1, 65)),
        ("".join(" " * i + "a:\n" for i in range(4470)).encode(), (33, 33)),
    ],
    ids=["lists", "mappings", "mappings in a list", "items", "indentation"],
)
def test_ten_megabytes_of_nesting(data: bytes, place: tuple[int, int]) -> None:
    problem = only_problem(data)
    assert problem == Problem("lab.yaml", *place, f"nested deeper than {MAX_DEPTH} levels")


def test_the_deepest_file_that_is_read() -> None:
    inner = MAX_DEPTH - 1
    assert parse(b"a: " + b"[" * inner + b"1" + b"]" * inner, "f").data["a"]
    assert only_problem(b"a: " + b"[" * (inner + 1) + b"]" * (inner + 1)).column == 35


def test_aliases_add_their_depth() -> None:
    deep = "[" * 20 + "]" * 20
    problem = only_problem(f"a: &a {deep}\nb: {'[' * 12}*a{']' * 12}\n")
    assert (problem.line, problem.column) == (2, 16)
    assert "nested deeper" in problem.message


def test_a_billion_laughs() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    problem = only_problem("\n".join(lines))
    assert f"more than {MAX_VALUES} values" in problem.message
    line = lines[problem.line - 1]
    assert line[problem.column - 1] == "*"


def test_a_file_of_too_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "MAX_VALUES", 100)
    assert only_problem("a:\n" + "- 1\n" * 200).line == 100


def test_reading_does_not_load_the_schema() -> None:
    program = "import sys, orchestrator.spec.load; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
