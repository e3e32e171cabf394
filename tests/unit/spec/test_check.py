"""What a topology may say: neighbours of the mistakes in tests/errors that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import PlanError, SpecError
from orchestrator.loading import load
from orchestrator.plan.model import Plan

ALLOWED = {
    "a prefix that two share": """
as:
  a: {asn: 64501, announces: [{prefix: 203.0.113.0/24, anycast: true}]}
  b: {asn: 64502, announces: [{prefix: 203.0.113.0/24, anycast: true}]}
""",
    "part of one's own, and of one's own announcement": """
as:
  a:
    asn: 64501
    prefix: 198.18.0.0/20
    prefix6: 3fff:1::/32
    announces: [198.18.4.0/24, 3fff:1:2::/48, 198.51.100.0/24, 192.0.2.0/24]
""",
    "one prefix from two of three routers": """
as:
  a:
    asn: 64501
    routers: [r1, r2, r3]
    announces: [{prefix: 203.0.113.0/24, at: r1}, {prefix: 203.0.113.0/24, at: r3}]
""",
    "addresses for a link out of an announced prefix": """
as: {a: {asn: 64501, announces: [203.0.113.0/24]}}
nodes: {probe: {role: host}}
links: [{ends: [a, probe], addresses: [203.0.113.1/30, 203.0.113.2/30]}]
""",
    "a stolen part of a computed prefix": """
as:
  a: {asn: 64501}
  b: {asn: 64502, hijacks: [198.18.1.0/24, "3fff::/48"]}
""",
    "a stolen announcement": """
as:
  a: {asn: 64501, announces: [203.0.113.0/24]}
  b: {asn: 64502, hijacks: [203.0.113.0/24]}
  c: {asn: 64503, hijacks: [203.0.113.0/24]}
""",
    "a peering over an exchange, written on both sides": """
as:
  a: {asn: 64501, peers: [{as: b, via: ix, policy: {prefer: 150}, hold: 9 s}]}
  b: {asn: 64502, peers: [{as: a, via: ix}]}
ixps: {ix: {members: [a, b]}}
""",
    "the same two at two exchanges and on a link": """
as:
  a: {asn: 64501, peers: [{as: b, via: ix1}, {as: b, via: ix2}, b]}
  b: {asn: 64502}
ixps: {ix1: {members: [a, b]}, ix2: {route_server: true, members: [a, b]}}
""",
    "parallel links that differ": """
as:
  a: {asn: 64501, providers: [b, {as: b, policy: {prefer: 50}}]}
  b: {asn: 64502}
""",
    "anycast with one edge, and one server of two zones at the same routers": """
as: {a: {asn: 64501, routers: [r1, r2]}}
dns: {as: a, root: {servers: {ns: [r1, r2], other: r2}}}
zones: {example.com: {servers: {ns: [r1, r2]}}}
cdns: {cdn: {as: a, steering: anycast, edges: {edge: r1}}}
""",
    "ROAs from the prefix's length to the longest": """
as: {a: {asn: 64501, rpki: validate}}
rpki:
  as: a
  roas:
    - {prefix: 198.18.0.0/22, as: a, max_length: 22}
    - {prefix: 198.18.0.0/22, as: a, max_length: 32}
    - {prefix: "3fff::/32", as: a, max_length: 128}
""",
}


def loaded(text: str, folder: Path) -> Plan:
    path = folder / "lab.yaml"
    path.write_text(f"name: lab\n{text}")
    return load(path)


@pytest.mark.parametrize("text", ALLOWED.values(), ids=ALLOWED)
def test_what_is_allowed(text: str, tmp_path: Path) -> None:
    assert loaded(text, tmp_path).systems


def test_pools_keep_clear_of_what_is_announced(tmp_path: Path) -> None:
    plan = loaded("as: {a: {asn: 64501, announces: [198.18.1.0/24, '3fff::/48']}}", tmp_path)
    assert [str(prefix) for prefix in plan.systems[64501].prefixes] == [
        "198.18.4.0/22",
        "3fff:1::/32",
    ]


def test_a_peering_over_an_exchange_is_one_session_for_each_family(tmp_path: Path) -> None:
    text = ALLOWED["a peering over an exchange, written on both sides"]
    plan = loaded(text, tmp_path)
    assert len(plan.links) == 2
    assert plan.systems[64501].peers == (64502,)


def test_who_is_meant_among_thousands_is_not_a_list_of_them(tmp_path: Path) -> None:
    systems = "".join(f"  s{number}: {{asn: {64512 + number}}}\n" for number in range(200))
    with pytest.raises(SpecError) as caught:
        loaded(f"as:\n{systems}  x: {{asn: 64500, peers: [nobody]}}\n", tmp_path)
    assert str(caught.value).endswith("s19, …")


def test_a_hint_lists_few_prefixes(tmp_path: Path) -> None:
    systems = "".join(f"  s{number}: {{asn: {64512 + number}}}\n" for number in range(20))
    with pytest.raises(PlanError) as caught:
        loaded(f"as:\n{systems}  x: {{asn: 64500, hijacks: [203.0.113.0/24]}}\n", tmp_path)
    assert str(caught.value).endswith(
        "nobody has 203.0.113.0/24 to steal; others have: 198.18.0.0/22 (s0), "
        "198.18.4.0/22 (s1), 198.18.8.0/22 (s2), 198.18.12.0/22 (s3), …"
    )
