"""A more specific prefix announced by the wrong AS: stopped in one lab, believed in the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.birds import best_paths
from tests.e2e.conftest import Cli, RunningLab

URL = "https://www.bank.example/"
STOLEN = {"198.18.64.0/23", "3fff:640::/33"}


def booted(cli: Cli, name: str, tmp: pytest.TempPathFactory, *options: str) -> Iterator[RunningLab]:
    cli.run("up", "topologies/hijack.yaml", "--name", name, *options)
    yield RunningLab(cli, name, tmp.mktemp("captures"))
    cli.run("down", "--name", name)


@pytest.fixture(scope="module")
def validating(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    yield from booted(cli, "test-hijack", tmp_path_factory)


@pytest.fixture(scope="module")
def believing(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    options = ("--set", "routing.rpki=ignore")
    yield from booted(cli, "test-believing", tmp_path_factory, *options)


def test_an_invalid_origin_is_dropped(validating: RunningLab) -> None:
    """The hijacker announces it to the validating transit, which has the route nowhere."""
    assert best_paths(validating, "transit").keys().isdisjoint(STOLEN)
    assert best_paths(validating, "isp").keys().isdisjoint(STOLEN)
    run = validating.visit(URL, "--client", "curl")
    assert run.record["status"] == 200


def test_what_is_believed_wins(believing: RunningLab) -> None:
    """Longest prefix match: the bank's own route is still there, and nobody takes it."""
    paths = best_paths(believing, "isp")
    assert {paths[prefix] for prefix in STOLEN} == {(64510, 64530)}
    assert paths["198.18.64.0/22"] == (64510, 64520)
    run = believing.visit(URL, "--client", "curl", "--timeout", "5", code=1)
    assert run.record["error"] in ("connect", "timeout")
