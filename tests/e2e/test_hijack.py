"""A more specific prefix announced by the wrong AS: stopped in one lab, believed in the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.birds import best_paths
from tests.e2e.conftest import Cli, RunningLab

URL = "https://www.bank.example/"
STOLEN = {"198.18.64.0/23", "3fff:640::/33"}


@pytest.fixture(scope="module")
def believing(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """The same lab, with routers that believe everything."""
    name, variant = "test-believing", ("--set", "routing.rpki=ignore")
    cli.run("up", "topologies/hijack.yaml", "--name", name, *variant)
    yield RunningLab(cli, name, tmp_path_factory.mktemp("captures"))
    cli.run("down", "--name", name)


def test_an_invalid_origin_is_dropped(hijack: RunningLab) -> None:
    """The hijacker announces it to the hijack transit, which has the route nowhere."""
    assert best_paths(hijack, "transit").keys().isdisjoint(STOLEN)
    assert best_paths(hijack, "isp").keys().isdisjoint(STOLEN)
    run = hijack.visit(URL, "--client", "curl")
    assert run.record["status"] == 200


def test_what_is_believed_wins(believing: RunningLab) -> None:
    """Longest prefix match: the bank's own route is still there, and nobody takes it."""
    paths = best_paths(believing, "isp")
    assert {paths[prefix] for prefix in STOLEN} == {(64510, 64530)}
    assert paths["198.18.64.0/22"] == (64510, 64520)
    run = believing.visit(URL, "--client", "curl", "--timeout", "5", code=1)
    assert run.record["error"] in ("connect", "timeout")
