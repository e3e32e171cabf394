"""Inputs that nobody meant: see tests/fuzz. CI tries ten times as many, `make fuzz` 400 times."""

from __future__ import annotations

import pytest

from tests.fuzz.trying import known_kinds, try_inputs

COUNT, SEED = 500, 12


@pytest.mark.parametrize("kind", known_kinds())
def test_what_nobody_meant_is_read_or_refused_in_a_sentence(kind: str) -> None:
    for finding in try_inputs(kind, COUNT, SEED):
        pytest.fail(f"{kind} {finding.number} of seed {SEED}: {finding.said}")
