"""Settings put into a topology: which value they reach, and what is said of those that do not."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.errors import SpecError, UsageError
from orchestrator.spec.document import Document
from orchestrator.spec.load import parse
from orchestrator.spec.overrides import override

TEXT = b"""\
name: lab
routing: {bfd: true}
as:
  isp:
    asn: 64501
    peers: [near, {as: far}]
zones:
  example.com: {servers: 1}
  example:
tail: 7
"""


def after(*settings: str) -> Document:
    return override(parse(TEXT, "lab.yaml"), settings)


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("routing.bfd=false", ("routing", "bfd"), False),
        ("routing.hold='9 s'", ("routing", "hold"), "9 s"),
        ("routing.hold=9 s", ("routing", "hold"), "9 s"),
        ("routing={}", ("routing",), {}),
        ("routing.bfd={interval: 50 ms}", ("routing", "bfd"), {"interval": "50 ms"}),
        ("as.isp.asn=64999", ("as", "isp", "asn"), 64999),
        ("as.isp.peers.0=far", ("as", "isp", "peers", 0), "far"),
        ("as.isp.peers.1.hold=9 s", ("as", "isp", "peers", 1, "hold"), "9 s"),
        ("as.new.asn=1", ("as", "new"), {"asn": 1}),
        ("dns.root.servers=[a, b]", ("dns",), {"root": {"servers": ["a", "b"]}}),
        ("zones.example.com.servers=2", ("zones", "example.com", "servers"), 2),
        ("zones.example.servers=2", ("zones", "example"), {"servers": 2}),
        ("about=a=b", ("about",), "a=b"),
        ("tail=", ("tail",), None),
        ("tail=NO", ("tail",), "NO"),
    ],
)
def test_a_setting_replaces_one_value(setting: str, path: tuple[Any, ...], value: Any) -> None:
    before, found = after().data, after(setting).data
    reached = found
    for step in path:
        reached = reached[step]
    assert reached == value
    untouched = {key: held for key, held in before.items() if key != path[0]}
    assert {key: found[key] for key in untouched} == untouched
    assert parse(TEXT, "lab.yaml").data == before


def test_the_last_setting_wins() -> None:
    assert after("tail=1", "tail=2", "as.isp.asn=3").data["tail"] == 2


def test_a_problem_below_a_setting_names_it() -> None:
    document = after("as.isp.peers.1={as: [x]}", "new.deep=1")
    told = [
        document.problem("m", "as", "isp", "peers", 1, "as", 0),
        document.problem("m", "as", "isp", "peers", 1, "as", at_key=True),
        document.problem("m", "as", "isp", "peers", 1, "none"),
        document.problem("m", "new", "deep", at_key=True),
        document.problem("m", "new", at_key=True),
    ]
    assert [str(problem) for problem in told] == [
        "--set as.isp.peers.1={as: [x]}:1:7: error: m",
        "--set as.isp.peers.1={as: [x]}:1:2: error: m",
        "--set as.isp.peers.1={as: [x]}:1:1: error: m",
        "--set new.deep=1:1:1: error: m",
        "--set new.deep=1:1:1: error: m",
    ]


@pytest.mark.parametrize("path", [("as", "isp", "peers", 0), ("as", "isp"), ("tail",)])
def test_a_problem_elsewhere_stands_in_the_file(path: tuple[Any, ...]) -> None:
    document = after("as.isp.peers.1={as: x}", "routing=1")
    for at_key in (True, False):
        plain = after().problem("m", *path, at_key=at_key)
        assert document.problem("m", *path, at_key=at_key) == plain


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("routing.bfd", "--set routing.bfd: there is no '='\n  hint: write it like --set "),
        ("=1", "--set =1: a key is empty"),
        ("routing..bfd=1", "--set routing..bfd=1: a key is empty"),
        ("tail.x=1", "--set tail.x=1: nothing is below 'tail', a single value\n  hint: set 'tail'"),
        ("as.isp.peers.0.as=x", "--set as.isp.peers.0.as=x: nothing is below 'as.isp.peers.0'"),
        ("as.isp.peers.2=x", "--set as.isp.peers.2=x: there is no entry '2' in the list 'as.isp."),
        ("as.isp.peers.-1=x", "--set as.isp.peers.-1=x: there is no entry '-1' in the list"),
        ("as.isp.peers.far.hold=x", "--set as.isp.peers.far.hold=x: there is no entry 'far'"),
        (f"{'a.' * 5000}a=1", f"--set {'a.' * 80}…(9,764 more characters)…"),
    ],
)
def test_a_setting_that_leads_nowhere(setting: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        after(setting)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("tail=[1, 2", "--set tail=[1, 2:2:1: error: expected ',' or ']'"),
        ("tail={a: 1, a: 2}", "--set tail={a: 1, a: 2}:1:8: error: duplicate key 'a'"),
        ("tail=*x", "--set tail=*x:1:1: error: no anchor '&x'"),
        ("tail=a: b: c", "--set tail=a: b: c:1:5: error: "),
        ("tail=1\n---\n2", r"--set tail=1\n---\n2:2:1: error: a second document"),
    ],
)
def test_a_value_that_is_not_yaml(setting: str, told: str) -> None:
    with pytest.raises(SpecError) as caught:
        after(setting)
    assert str(caught.value).startswith(told)
