"""The connection to Docker, and what to say when there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import docker
from docker.errors import APIError, DockerException

from orchestrator.errors import DeployError, HostError

# Three or four containers at a time is as fast as Docker gets (docs/design.md, findings).
WORKERS = 4
_CAP_NET_ADMIN, _CAP_SYS_ADMIN = 12, 21
_NEEDED = 1 << _CAP_NET_ADMIN | 1 << _CAP_SYS_ADMIN

T = TypeVar("T")
R = TypeVar("R")


def connect(timeout_s: int = 60) -> docker.DockerClient:
    """A client of the local Docker daemon. Raises HostError where none answers."""
    try:
        client = docker.from_env(timeout=timeout_s)
        client.ping()
    except DockerException as error:
        hint = "start it: 'make lab' does, or 'systemctl start docker'"
        raise HostError(f"no Docker daemon answers: {_short(error)}", hint) from error
    return client


def require_root() -> None:
    """Raise HostError unless namespaces may be entered and links made (capabilities(7))."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    if int(status["CapEff"], 16) & _NEEDED != _NEEDED:
        message = "a lab is wired in network namespaces, which takes root"
        raise HostError(message, "use sudo (CAP_SYS_ADMIN and CAP_NET_ADMIN are needed)")


@contextmanager
def explaining() -> Iterator[None]:
    """Turn Docker's answers into errors that say what to do."""
    try:
        yield
    except APIError as error:
        text = _short(error)
        if "no space left" in text.lower():
            raise HostError(f"the disk is full: {text}", "free some: docker system df") from error
        if error.status_code == 404 and "image" in text.lower():
            raise HostError(f"an image is missing: {text}", "build it: make lab") from error
        raise DeployError(f"Docker refused: {text}") from error


def in_parallel(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """``work`` on every item, a few at a time; the first error is raised after all ended."""
    with ThreadPoolExecutor(WORKERS) as pool:
        futures = [pool.submit(work, item) for item in items]
    return [future.result() for future in futures]


def _short(error: Exception) -> str:
    explanation = getattr(error, "explanation", None)
    return str(explanation or error).strip().splitlines()[0]
