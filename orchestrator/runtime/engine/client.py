"""The connection to Docker, and what to say when there is none."""

from __future__ import annotations

import errno
import json
import os
import shutil
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any, TypeVar

import docker
import requests
from docker.errors import APIError, DockerException
from docker.utils import kwargs_from_env
from urllib3.exceptions import HTTPError

from orchestrator.errors import DeployError, HostError, LabError
from orchestrator.refusals import why

# Three or four containers at a time is as fast as Docker gets (docs/design.md, findings).
WORKERS = 4
_CAP_NET_ADMIN, _CAP_SYS_ADMIN = 12, 21
_NEEDED = 1 << _CAP_NET_ADMIN | 1 << _CAP_SYS_ADMIN
_START = "start it: 'make lab' does, or 'systemctl start docker'"
_DOCKER_HOST = "unset DOCKER_HOST, and the Docker of this machine is asked"

_LIBRARIES = {"docker", "requests", "urllib3", "http"}

T = TypeVar("T")
R = TypeVar("R")


def connect(timeout_s: int = 60) -> docker.DockerClient:
    """A client of the local Docker daemon. Raises HostError where none answers."""
    try:
        client = _Client(timeout=timeout_s, **kwargs_from_env())
        client.ping()
    except (DockerException, ValueError, OSError) as error:
        if isinstance(error.__cause__, HostError):  # of _Api.send, in the library's wrapping
            raise error.__cause__ from None
        if os.environ.get("DOCKER_HOST"):
            message = f"DOCKER_HOST is '{_address()}': that is no way to reach Docker"
            raise HostError(message, _DOCKER_HOST) from error
        message = f"Docker cannot be used: {_short(error)}"
        raise HostError(message, "docker version says more") from error
    return client


class _Api(docker.APIClient):
    """Every request to Docker, which ends with a HostError where nobody answers it."""

    _has_answered = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.trust_env = False  # for every request it would be searched for proxies and passwords

    def send(self, *arguments: Any, **options: Any) -> requests.Response:
        """As requests has it."""
        try:
            answer = super().send(*arguments, **options)
        except requests.Timeout as error:
            message = f"Docker at {_address()} did not answer within {self.timeout} s"
            raise HostError(message, "it is busy, or hangs: lab doctor") from error
        except requests.RequestException as error:
            raise gone() if self._has_answered else _absent(error) from error
        self._has_answered = True
        return answer


class _Client(docker.DockerClient):
    """Docker's client with requests of our own."""

    def __init__(self, **options: Any) -> None:
        self.api = _Api(**options)


def inspected(client: docker.DockerClient, names: Iterable[str]) -> Iterator[dict[str, Any]]:
    """What `docker inspect` tells of containers; of those that are gone nothing.

    They are asked for over one connection: the SDK has one for each URL, and all that requests does
    besides is two thirds of what it takes to ask for the 48 of a lab. Raises HostError where
    Docker stops answering, APIError for what else it says.
    """
    api = client.api
    adapter: Any = api.get_adapter(api.base_url)
    pool = adapter.get_connection(api.base_url)
    for name in names:
        path = f"/v{api.api_version}/containers/{name}/json"
        try:
            answer = pool.urlopen("GET", path, timeout=float(api.timeout), retries=False)
        except (HTTPError, OSError) as error:
            raise gone() from error
        if answer.status == 200:
            yield json.loads(answer.data)
        elif answer.status != 404:
            yield api.inspect_container(name)  # which raises what it means


def _address() -> str:
    return os.environ.get("DOCKER_HOST", "") or "unix:///var/run/docker.sock"


def is_of_docker(error: BaseException) -> bool:
    """Whether an error says that Docker hung up in the middle of an answer: the libraries below its
    SDK let theirs pass, and a plain ConnectionError is Docker's if it comes from one of them."""
    if isinstance(error, (requests.RequestException, HTTPError, HTTPException)):
        return True
    frames = traceback.walk_tb(error.__traceback__)
    modules = {str(frame.f_globals.get("__name__")).partition(".")[0] for frame, _ in frames}
    return isinstance(error, ConnectionError) and bool(modules & _LIBRARIES)


def gone() -> HostError:
    """What to say then."""
    message = f"Docker at {_address()} has stopped answering"
    return HostError(message, f"{_START}; lab down then removes what was left half-made")


def _absent(error: Exception) -> HostError:
    """Why there is no connection: the error of the system that the libraries wrapped."""
    cause: BaseException | None = error
    while cause is not None and not getattr(cause, "errno", None):
        cause = cause.__cause__ or cause.__context__
    number = getattr(cause, "errno", None)
    if number in (errno.EACCES, errno.EPERM):
        hint = "use sudo, or join its group, docker, and log in again"
        return HostError(f"no permission to speak to Docker at {_address()}", hint)
    if os.environ.get("DOCKER_HOST"):
        hint = _DOCKER_HOST
    elif shutil.which("dockerd") is None:
        return HostError("Docker is not installed", "'make lab' does that, and starts it")
    else:
        hint = _START
    told = why(cause) if isinstance(cause, OSError) else "it is no Docker that listens there"
    return HostError(f"no Docker daemon answers at {_address()}: {told}", hint)


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
        raise explained(error) from error


def explained(error: APIError) -> LabError:
    """Docker's answer as an error that says what to do."""
    text = _short(error)
    if "no space left" in text.lower():
        return HostError(f"the disk is full: {text}", "free some: docker system df")
    if error.status_code == 404 and "image" in text.lower():
        return HostError(f"an image is missing: {text}", "build it: make lab")
    return DeployError(f"Docker refused: {text}", "see: lab status")


def in_parallel(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """``work`` on every item, a few at a time; the first error is raised after all ended."""
    with ThreadPoolExecutor(WORKERS) as pool:
        futures = [pool.submit(work, item) for item in items]
    return [future.result() for future in futures]


def _short(error: Exception) -> str:
    """A line of an error; requests writes None where an answer had no reason."""
    said = str(getattr(error, "explanation", None) or error).removesuffix(": None").strip()
    return said.splitlines()[0] if said not in ("", "None") else "it gave no reason"
