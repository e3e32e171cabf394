"""Whoever validates origins keeps hold of its cache of ROAs, or the topology is refused."""

from __future__ import annotations

import pytest

from orchestrator.errors import PlanError
from tests.unit.compile.texts import compiled

# The cache stands in the half of the keeper's prefix that somebody steals.
BEHIND_A_THIEF = """
name: lab
routing: {rpki: validate}
as:
  top: {asn: 64500}
  side: {asn: 64501, providers: [top]}
  keeper: {asn: 64502, prefix: 198.18.40.0/22, providers: [top]}
  thief: {asn: 64503, providers: [side], rpki: ignore, hijacks: [198.18.41.0/24]}
rpki: {as: keeper}
"""


def test_a_cache_behind_a_route_that_it_would_make_invalid_is_refused() -> None:
    with pytest.raises(PlanError) as caught:
        compiled(BEHIND_A_THIEF)
    told = [(problem.line, problem.message) for problem in caught.value.problems]
    why = "thief announces 198.18.41.0/24, and nobody in its AS has 198.18.41.1"
    assert told == [
        (5, f"top never hears its cache of ROAs: {why}"),
        (6, f"side never hears its cache of ROAs: {why}"),
    ]


def test_the_same_theft_elsewhere_is_fine() -> None:
    compiled(BEHIND_A_THIEF.replace("198.18.41.0/24", "198.18.42.0/24"))


def test_those_that_ignore_roas_need_no_cache() -> None:
    text = BEHIND_A_THIEF.replace("{asn: 64500}", "{asn: 64500, rpki: ignore}")
    compiled(text.replace("64501, providers", "64501, rpki: ignore, providers"))


def test_a_cache_that_makes_the_route_to_it_invalid_is_refused() -> None:
    """``top`` hears of the keeper only what the carrier announces in its own name, which forwards
    what it steals: to a part that it hears of and keeps to itself."""
    with pytest.raises(PlanError, match="top loses its cache of ROAs by what it hears from it"):
        compiled("""
name: lab
routing: {rpki: validate}
as:
  top: {asn: 64500}
  carrier: {asn: 64501, providers: [top], hijacks: [198.18.40.0/22], rpki: ignore}
  keeper:
    asn: 64502
    prefix: 198.18.40.0/22
    announces: [198.18.41.0/24]
    providers: [{as: carrier, policy: {no_export: true}}]
rpki: {as: keeper}
""")
