"""How long `lab down` takes; after all other tests of the lab that it takes down."""

from __future__ import annotations

import time

import docker

from tests.bare import seconds_to_remove_bare
from tests.e2e.conftest import RunningLab
from tests.e2e.leftovers import leftovers

DEFAULT_LAB_NODES = 48


def test_down_is_quick_and_whole(slow: RunningLab, engine: docker.DockerClient) -> None:
    """Of the default lab, because its size is what the bound of three seconds is about.

    A machine where Docker alone is slow at removing as many bare containers is given twice
    that; it is measured only where three seconds were not enough.
    """
    started = time.monotonic()
    slow.cli.run("down", "--name", slow.name)
    taken = time.monotonic() - started
    assert leftovers(engine, slow.name) == []
    assert slow.name not in [path.name for path in slow.cli.state.glob("*/")]
    assert taken < 3.0 or taken < 2.0 * seconds_to_remove_bare(engine, DEFAULT_LAB_NODES)
