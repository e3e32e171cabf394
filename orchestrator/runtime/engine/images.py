"""The images nodes run: one per kind of server, each built once for what it holds.

    images/<kind>/Dockerfile ─┐
    what it COPYs            ─┼─ digest ─> clicklab/<kind>:<12 hex digits>
    the base's own digest    ─┘

The tag says what is inside, so "is it there?" is the only question a build asks:
changed files give a new tag, and an image with the right tag is never stale. The
build is sent exactly the files that were digested, so nothing else can matter.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import IO

import docker
from docker.errors import APIError, DockerException, ImageNotFound

from orchestrator.errors import HostError

BASE = "base"
DEBIAN = "debian:trixie-slim"
LABEL = "clicklab.image"
WORKERS = 2
LOG_LINES = 15
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")

Progress = Callable[[str, str, float], None]
"""Called with (kind, "present" | "building" | "built", seconds so far)."""


# ── what an image is: pure but for reading files ──────────────────────────────


def images_folder() -> Path:
    """The folder of the Dockerfiles: ``$CLICKLAB_IMAGES``, a wheel's, or the repository's."""
    if "CLICKLAB_IMAGES" in os.environ:
        return Path(os.environ["CLICKLAB_IMAGES"])
    package = Path(__file__).resolve().parents[2]
    packaged = package / "_images"
    return packaged if packaged.is_dir() else package.parent / "images"


def image_kinds(images_dir: Path) -> tuple[str, ...]:
    """Every kind of image there is, the base first, then by name."""
    found = {dockerfile.parent.name for dockerfile in images_dir.glob("*/Dockerfile")}
    return (BASE, *sorted(found - {BASE}))


IMAGES = image_kinds(images_folder())


def context_files(kind: str, images_dir: Path) -> list[Path]:
    """The files a build can see: its Dockerfile and every source its COPY lines name.

    Paths are relative to `images_dir` and sorted. What is not copied, such as a README,
    is not here: editing it rebuilds nothing. Raises HostError for an unknown kind.
    """
    try:
        text = (images_dir / kind / "Dockerfile").read_text(encoding="utf-8")
    except OSError as error:
        raise HostError(
            f"there is no image for {kind!r} in {images_dir}",
            "reinstall Clicklab, or run it from its repository",
        ) from error
    copied = re.findall(r"^COPY\s+(.+)\s\S+\s*$", text, re.MULTILINE)
    sources = {f"{kind}/Dockerfile"}.union(*(line.split() for line in copied))
    files = {file for source in sources for file in _files_under(images_dir / source)}
    return sorted(file.relative_to(images_dir) for file in files)


def image_tag(kind: str, images_dir: Path) -> str:
    """The one name an image of this content may have: `clicklab/<kind>:<digest>`."""
    digest = hashlib.sha256()
    if kind != BASE:
        digest.update(image_tag(BASE, images_dir).encode())
    for file in context_files(kind, images_dir):
        content = (images_dir / file).read_bytes()
        digest.update(f"{file.as_posix()}\0{len(content)}\0".encode() + content)
    return f"clicklab/{kind}:{digest.hexdigest()[:12]}"


def _files_under(source: Path) -> list[Path]:
    found = [source] if source.is_file() else source.rglob("*")
    return [file for file in found if file.is_file() and file.parent.name != "__pycache__"]


def _context_archive(kind: str, images_dir: Path) -> io.BytesIO:
    """A tar of the context; owners and modes do not depend on who cloned the repository."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for file in context_files(kind, images_dir):
            content = (images_dir / file).read_bytes()
            entry = tarfile.TarInfo(file.as_posix())
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    archive.seek(0)
    return archive


# ── what Docker has ───────────────────────────────────────────────────────────


def missing_images(
    client: docker.DockerClient, kinds: Iterable[str], images_dir: Path
) -> list[str]:
    """The kinds, in the order given, whose image of today's content is not built."""
    built = _tags_by_kind(client)
    return [kind for kind in kinds if image_tag(kind, images_dir) not in built.get(kind, ())]


def _tags_by_kind(client: docker.DockerClient) -> dict[str, set[str]]:
    tags: dict[str, set[str]] = {}
    for image in client.api.images(filters={"label": LABEL}):
        kind = image["Labels"][LABEL]
        # An image somebody builds on one of ours inherits the label, but not the name.
        ours = (tag for tag in image["RepoTags"] or () if tag.startswith(f"clicklab/{kind}:"))
        tags.setdefault(kind, set()).update(ours)
    return tags


# ── building ──────────────────────────────────────────────────────────────────


def build_images(client: docker.DockerClient, images_dir: Path, progress: Progress) -> None:
    """Build every image that is missing, the base first; remove what they replace.

    Raises HostError with the end of the build's log when a build fails.
    """
    kinds = image_kinds(images_dir)
    missing = missing_images(client, kinds, images_dir)
    for kind in kinds:
        if kind not in missing:
            progress(kind, "present", 0.0)
    if not missing:
        return
    create_base(client, progress)
    build = partial(_build, client, images_dir, progress)
    if BASE in missing:
        build(BASE)
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(build, (kind for kind in missing if kind != BASE)))
    _remove_replaced(client, images_dir, kinds)


def create_base(client: docker.DockerClient, progress: Progress) -> None:
    """See that Debian's own image is here: kept, pulled, or bootstrapped from packages.

    Raises HostError when no registry answers and mmdebstrap cannot replace it.
    """
    try:
        client.images.get(DEBIAN)
    except ImageNotFound:
        started = time.monotonic()
        progress(DEBIAN, "building", 0.0)
        _pull_or_bootstrap(client)
        progress(DEBIAN, "built", time.monotonic() - started)
    else:
        progress(DEBIAN, "present", 0.0)


def _pull_or_bootstrap(client: docker.DockerClient) -> None:
    try:
        client.images.pull(DEBIAN)
    except DockerException:
        _bootstrap(client)


def _bootstrap(client: docker.DockerClient) -> None:
    if not shutil.which("mmdebstrap"):
        raise HostError(
            f"no registry has {DEBIAN} for us, and mmdebstrap is not here to make it",
            "apt-get install mmdebstrap debian-archive-keyring",
        )
    # Debian's keys are not apt's own on Ubuntu; on Debian naming them changes nothing.
    keyring = [f"--keyring={KEYRING}"] if KEYRING.exists() else []
    argv = ["mmdebstrap", "--quiet", "--variant=minbase", *keyring, "trixie", "-"]
    repository, tag = DEBIAN.split(":")
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        assert process.stdout is not None
        chunks = _chunks_of(process, process.stdout, log)
        client.api.import_image_from_stream(chunks, repository=repository, tag=tag)


def _chunks_of(
    process: subprocess.Popen[bytes], output: IO[bytes], log: IO[bytes]
) -> Iterator[bytes]:
    """The output as it comes. Raising, rather than ending, keeps half a system from Docker."""
    while chunk := output.read(1 << 16):
        yield chunk
    if process.wait() != 0:
        log.seek(0)
        last = log.read().decode(errors="replace").splitlines()[-LOG_LINES:]
        raise HostError(
            "mmdebstrap could not make a Debian system:\n" + "\n".join(last),
            "see that this machine reaches a Debian mirror, and that "
            "debian-archive-keyring is installed",
        )


def _build(client: docker.DockerClient, images_dir: Path, progress: Progress, kind: str) -> None:
    started = time.monotonic()
    progress(kind, "building", 0.0)
    arguments = {name: os.environ[name] for name in PROXIES if name in os.environ}
    if kind != BASE:
        arguments["BASE"] = image_tag(BASE, images_dir)
    # The host's network: packages then come by the route, resolver and proxy that are
    # known to work for the host's own apt, whatever Docker's bridge can reach.
    steps = client.api.build(
        fileobj=_context_archive(kind, images_dir),
        custom_context=True,
        dockerfile=f"{kind}/Dockerfile",
        tag=image_tag(kind, images_dir),
        labels={LABEL: kind},
        buildargs=arguments,
        network_mode="host",
        rm=True,
        forcerm=True,
        decode=True,
    )
    _await_build(kind, steps)
    progress(kind, "built", time.monotonic() - started)


def _await_build(kind: str, steps: Iterable[dict[str, object]]) -> None:
    log: list[str] = []
    for step in steps:
        log += str(step.get("stream", "")).splitlines()
        if "error" in step:
            last = [line for line in log if line.strip()][-LOG_LINES:]
            raise HostError(
                "\n".join([f"the image {kind!r} did not build:", *last, str(step["error"])]),
                "see that this machine reaches a Debian mirror and has 4 GB of disk free, "
                "then build again: what is built is kept",
            )


def _remove_replaced(client: docker.DockerClient, images_dir: Path, kinds: tuple[str, ...]) -> None:
    """Forget older images of these kinds; one that a container still uses stays."""
    built = _tags_by_kind(client)
    for kind in reversed(kinds):  # the base last: the others stand on it
        for tag in built.get(kind, set()) - {image_tag(kind, images_dir)}:
            _remove_unused(client, tag)


def _remove_unused(client: docker.DockerClient, tag: str) -> None:
    try:
        client.images.remove(tag)
    except APIError as error:
        if error.status_code not in (404, 409):
            raise
