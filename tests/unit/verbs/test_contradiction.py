"""Runs whose files read well, and contradict each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import UsageError
from orchestrator.verbs.contradiction import Contradiction, judging


def test_what_nobody_expected_is_told_of_the_run(tmp_path: Path) -> None:
    told = r"run cannot be told, .* \(KeyError: 'isp'\)"
    with pytest.raises(Contradiction, match=told) as caught, judging(tmp_path / "run"):
        raise KeyError("isp")
    assert (caught.value.exit_code, "it is a bug" in caught.value.hint) == (1, True)


def test_what_is_an_error_already_stays_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run"), judging(tmp_path):
        raise UsageError("no run")
