"""When a visit's browser may start: before its host's addresses change, it must not."""

from __future__ import annotations

import pytest

from orchestrator.verbs.visit import Request, may_start_early


@pytest.mark.parametrize(
    ("request_", "early"),
    [
        (Request("https://a/"), True),
        (Request("https://a/", cold=True), False),
        (Request("https://a/", family=4), False),
        (Request("https://a/", family=6, cold=True), False),
    ],
)
def test_a_browser_gives_up_what_it_loads_when_its_hosts_addresses_change(
    request_: Request, early: bool
) -> None:
    assert may_start_early(request_) is early
