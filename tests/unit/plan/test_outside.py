"""Which hosts a lab cannot have, having no Internet behind it."""

from __future__ import annotations

import pytest

from orchestrator.loading import load
from orchestrator.plan.outside import is_outside, tell_missing, tell_outside
from orchestrator.shipped import shipped_topologies

PLAN = load(shipped_topologies() / "minimal.yaml")
EDGE = str(PLAN.with_role("edge")[0].address)


@pytest.mark.parametrize("host", ["google.com", "example.org", "notexample.com", "com", "8.8.8.8"])
def test_outside(host: str) -> None:
    assert is_outside(PLAN, host)


@pytest.mark.parametrize(
    "host", ["www.example.com", "WWW.example.com.", "nowhere.example.com", "example.com", EDGE]
)
def test_inside(host: str) -> None:
    """A name that a zone of the lab denies is the lab's own answer."""
    assert not is_outside(PLAN, host)


def test_what_could_be_visited_is_told() -> None:
    assert tell_outside(PLAN, "google.com") == (
        "'google.com' is not in lab 'minimal', which has no Internet behind it; "
        "its sites are www.example.com"
    )


@pytest.mark.parametrize("host", ["www.exmaple.com", "www.example.org", "WWW.EXAMPLES.COM"])
def test_the_site_that_was_meant_is_told(host: str) -> None:
    told = tell_outside(PLAN, host)
    assert told.startswith(f"'{host}' is not in lab 'minimal'")
    assert told.endswith("did you mean 'www.example.com'?")


def test_a_slip_inside_a_zone_is_told_too() -> None:
    assert tell_missing(PLAN, "wwww.example.com") == (
        "lab 'minimal' has no site 'wwww.example.com'; did you mean 'www.example.com'?"
    )
    for other in ("nowhere.example.com", "ns1.example.com", "example.com"):
        assert tell_missing(PLAN, other) == ""
