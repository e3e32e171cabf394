"""What `lab visit` is asked for: which caches are emptied first."""

from __future__ import annotations

import click
import pytest

from orchestrator.cli.visit import visit_command
from orchestrator.records.visit import Cold


def coldness(*args: str) -> Cold:
    cold: Cold = visit_command.make_context("visit", list(args)).params["cold"]
    return cold


@pytest.mark.parametrize(
    ("args", "cold"),
    [
        ((), False),
        (("--warm",), False),
        (("--cold",), True),
        (("--cold=all",), "all"),
        (("--cold", "--warm"), False),
    ],
)
def test_which_caches_are_emptied(args: tuple[str, ...], cold: Cold) -> None:
    assert coldness("www.example.com", *args) == cold
    assert coldness(*args, "www.example.com") == cold


def test_another_value_is_refused_with_those_there_are() -> None:
    with pytest.raises(click.UsageError, match="--cold=edge: it is --cold, or --cold=all"):
        coldness("www.example.com", "--cold=edge")
