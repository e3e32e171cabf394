"""What Docker alone takes: the measure of what a lab takes beyond that."""

from __future__ import annotations

import time
from typing import Any

import docker

from orchestrator.runtime.engine.client import in_parallel
from orchestrator.runtime.engine.images import image_tag, images_folder


def seconds_to_remove_bare(engine: docker.DockerClient, count: int) -> float:
    """What `docker rm -f` of so many containers takes that do nothing and have no network."""
    image = image_tag("base", images_folder())
    options = {"entrypoint": ["tail", "-f", "/dev/null"], "network_mode": "none"}
    made: list[Any] = []
    try:
        in_parallel(
            lambda _: made.append(engine.containers.run(image, detach=True, **options)),
            range(count),
        )
    finally:
        started = time.monotonic()
        in_parallel(lambda container: container.remove(force=True), made)
    return time.monotonic() - started
