"""A more specific prefix announced by the wrong AS: stopped in one lab, believed in the other."""

from __future__ import annotations

from orchestrator.runtime.polling import wait_for
from tests.e2e.birds import best_paths
from tests.e2e.conftest import RunningLab

URL = "https://www.bank.example/"
STOLEN = {"198.18.64.0/23", "3fff:640::/33"}


def test_an_invalid_origin_is_dropped(hijack: RunningLab) -> None:
    """The hijacker announces it to the hijack transit, which has the route nowhere."""
    assert best_paths(hijack, "transit").keys().isdisjoint(STOLEN)
    assert best_paths(hijack, "isp").keys().isdisjoint(STOLEN)
    run = hijack.visit(URL, "--client", "curl")
    assert run.record["status"] == 200


def test_what_is_believed_wins(credulous: RunningLab) -> None:
    """Longest prefix match: the bank's own route is still there, and nobody takes it."""
    named = ("--name", credulous.name)
    credulous.cli.run("fault", *named, "hijack", "shady", "halves=yes")
    try:
        assert wait_for(lambda: best_paths(credulous, "isp").keys() >= STOLEN, within_s=60)
        paths = best_paths(credulous, "isp")
        assert {paths[prefix] for prefix in STOLEN} == {(64510, 64530)}
        assert paths["198.18.64.0/22"] == (64510, 64520)
        run = credulous.visit(URL, "--client", "curl", "--timeout", "5", code=1)
        assert run.record["error"] in ("connect", "timeout")
    finally:
        credulous.cli.run("heal", *named)
