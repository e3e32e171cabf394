"""The plan against the running network, where BIRD has limits and choices of its own.

Each was once planned otherwise than BIRD does it, so that a lab was never ready, or never as its
plan says. What needs no switch of its own shares a lab: the groups of ASes do not meet.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.drift import differences
from tests.e2e.conftest import PATIENTLY, Cli, RunningLab

_TWENTY = "\n".join(["  - [many-a, many-b]"] * 19)
AT_ITS_LIMITS = f"""
name: limits
as:
  # Twenty equal links: BIRD installs sixteen.
  many: {{asn: 64500, routers: [many-a, many-b]}}
  beyond: {{asn: 64501, providers: [{{as: many, there: many-b}}]}}
  # RFC 4264: two stable states.
  three: {{asn: 64503}}
  four: {{asn: 64504, peers: [three]}}
  two: {{asn: 64505, providers: [three]}}
  one: {{asn: 64506, providers: [four, {{as: two, theirs: {{prefer: 50}}}}]}}
  # A limit that trips.
  strict: {{asn: 64507}}
  chatty:
    asn: 64508
    announces: [203.0.113.0/24]
    providers: [{{as: strict, theirs: {{limit: 1}}}}]
  # An AS path of 68 numbers.
  a: {{asn: 64511, providers: [{{as: b, policy: {{prepend: 16}}}}]}}
  b: {{asn: 64512, providers: [{{as: c, policy: {{prepend: 16}}}}]}}
  c: {{asn: 64513, providers: [{{as: d, policy: {{prepend: 16}}}}]}}
  d: {{asn: 64514, providers: [{{as: e, policy: {{prepend: 16}}}}]}}
  e: {{asn: 64515}}
  # A way there and none back.
  shy: {{asn: 64521, providers: [{{as: middle, policy: {{no_export: true}}}}]}}
  middle: {{asn: 64522}}
  mute: {{asn: 64523, providers: [middle]}}
links:
{_TWENTY}
"""
ONE_WAY_EACH = """
name: one-way
routing: {ecmp: false}
as:
  lab: {asn: 64501, routers: [a, b, c, d, e, f, g]}
  other: {asn: 64502, providers: [{as: lab, there: d}]}
links:
  - [a, b]
  - [c, f]
  - [f, b]
  - [g, c]
  - [a, d]
  - [e, b]
"""


@pytest.mark.parametrize("topology", [AT_ITS_LIMITS, ONE_WAY_EACH], ids=["limits", "one-way"])
def test_a_lab_is_as_planned_where_bird_decides(
    topology: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every router's kernel has the plan's routes, over the plan's interfaces."""
    monkeypatch.setenv("CLICKLAB_STATE", str(cli.state))
    path, name = tmp_path / "topology.yaml", "test-agreement"
    path.write_text(topology)
    cli.run("up", str(path), "--name", name, *PATIENTLY, timeout=240)
    try:
        assert differences(name) == ()
        assert json.loads(cli.run("bgp", "summary", "--name", name, "--json"))["all_up"]
        if topology is AT_ITS_LIMITS:
            told = cli.run("route", "shy", "mute", "-4", "--name", name, code=1)
            assert "no way back" in told
    finally:
        cli.run("down", name)


def test_what_a_frozen_application_was_asked_another_answers(internet: RunningLab) -> None:
    """Four in turn, of which two come to the frozen one before its health checks notice."""
    internet.cli.run("fault", "--name", internet.name, "node-freeze", "shop-app1")
    try:
        for number in range(1, 5):
            url = f"https://www.example.com/product/{number}?fresh"
            written = "%{http_code} %header{x-served-by}"
            asked = ("curl", "-sk", "--max-time", "50", "-o", "/dev/null", "-w", written, url)
            assert internet.exec("laptop", *asked) == "200 shop-app2"
    finally:
        internet.cli.run("heal", "--all", "--name", internet.name)


def test_static_files_have_etags_of_their_content(internet: RunningLab) -> None:
    """By length alone two files of one length would have one; and no date is made up."""
    curl = ("curl", "-sk", "-o", "/dev/null", "-w", "%header{etag} %header{last-modified}")
    asked = (f"https://www.example.com/static/{name}" for name in ("shop.css", "shop.js"))
    tags = [internet.exec("laptop", *curl, url) for url in asked]
    assert all(not date for _, _, date in (tag.partition(" ") for tag in tags))
    times = [tag.strip().strip('"').partition("-")[0] for tag in tags]
    assert len({*times}) == len(tags)
    assert "0" not in times
