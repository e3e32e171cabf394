"""A host that is kept from a family reaches it again, whatever became of who wanted it so."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from orchestrator.plan.addresses import Family
from orchestrator.runtime.network.families import held_back, lift, only_family
from orchestrator.runtime.network.namespaces import (
    create_namespace,
    path_of,
    remove_namespace,
    routing_socket,
)


@pytest.fixture
def namespace() -> Iterator[str]:
    name = f"families-{os.getpid()}"
    create_namespace(name)
    try:
        with routing_socket(path_of(name)) as socket:
            socket.link("set", index=1, state="up")
        yield path_of(name)
    finally:
        remove_namespace(name)


@pytest.mark.parametrize(("wanted", "kept"), [(4, {6}), (6, {4}), (None, set())])
def test_the_other_family_leads_nowhere_while_it_lasts(
    namespace: str, wanted: Family | None, kept: set[Family]
) -> None:
    with only_family(namespace, wanted):
        assert held_back(namespace) == kept
    assert held_back(namespace) == set()


def test_what_a_visit_that_was_killed_left_is_lifted_by_the_next(namespace: str) -> None:
    killed = only_family(namespace, 4)
    killed.__enter__()
    with only_family(namespace, None):
        assert held_back(namespace) == set()


def test_lifting_twice_is_fine(namespace: str) -> None:
    with only_family(namespace, 4):
        lift(namespace)
        lift(namespace)
    assert held_back(namespace) == set()
