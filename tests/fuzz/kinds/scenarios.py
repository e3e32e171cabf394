"""Scenarios: values, keys, shape or characters of those that come along."""

from __future__ import annotations

from functools import cache
from random import Random

from orchestrator.shipped import shipped_scenarios
from orchestrator.spec.scenario_check import read_scenario
from tests.errors.mutations import mutated_text, mutated_values


def attempt(random: Random) -> None:
    """Read a changed scenario; its topology has a kind of its own."""
    change = random.choice((mutated_text, mutated_values))
    read_scenario(change(random.choice(_sources()), random), "scenario.yaml")


@cache
def _sources() -> list[bytes]:
    return [path.read_bytes() for path in shipped_scenarios().values()]
