"""Where a visit starts, what it leaves, and the folder that its client keeps its files in."""

from __future__ import annotations

import io
import secrets
import tarfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import docker

from orchestrator.browser.chromium import Folder
from orchestrator.browser.film import Picture
from orchestrator.browser.observe import Entries
from orchestrator.errors import DeployError
from orchestrator.records.visit import Visit
from orchestrator.runtime.engine.exec import run_exec

CA_FILE = "/lab/tls/ca.pem"
# One command instead of one for each file and one to remove them: each costs Docker 60 ms.
# What a file lacks is told by its absence, so tar has nothing to complain of.
_TAKE = 'cd "$1" && tar -cf - $(ls keys.log netlog.json); cd /; rm -rf "$1"'


@dataclass(frozen=True)
class Client:
    """Where a visit starts: a running container, and the user to be in it (not root)."""

    engine: docker.DockerClient
    container: str
    user: str = "visitor"
    ca_file: str = CA_FILE


@dataclass(frozen=True)
class Evidence:
    """What one visit left.

    keylog      TLS secrets in NSS key log format, b"" when no handshake got that far
    har         HAR 1.2; with curl only the last request
    screenshot  PNG; None with curl, as are the next two
    netlog      Chromium's NetLog, JSON
    timeline    the page's own PerformanceEntry objects by type, to check the record against, and
                as "moment" what vitals.find_moments makes of them; {} without a page
    filmstrip   what the screen showed; () without a page
    """

    visit: Visit
    keylog: bytes
    har: dict[str, Any] | None = None
    screenshot: bytes | None = None
    netlog: bytes | None = None
    timeline: Entries | None = None
    filmstrip: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Files:
    """What a client wrote; b"" where it wrote none."""

    keylog: bytes = b""
    netlog: bytes = b""


def new_folder() -> Folder:
    """A name under /tmp that no other visit uses; the client's command line makes the folder."""
    return Folder(f"/tmp/visit-{secrets.token_hex(6)}")


def take_files(client: Client, folder: Folder) -> Files:
    """What a visit wrote in its folder, which is removed."""
    argv = ["sh", "-c", _TAKE, "sh", folder.path]
    said = run_exec(client.engine, client.container, argv, user=client.user)
    found = unpack(said.stdout)
    keylog, netlog = (PurePosixPath(path).name for path in (folder.keylog, folder.netlog))
    return Files(found.get(keylog, b""), found.get(netlog, b""))


def unpack(archive: bytes) -> dict[str, bytes]:
    """The plain files of a tar archive, by name; {} where there is no whole one."""
    with suppress(tarfile.TarError), tarfile.open(fileobj=io.BytesIO(archive)) as files:
        plain = [(member.name, files.extractfile(member)) for member in files if member.isfile()]
        return {name: content.read() for name, content in plain if content is not None}
    return {}


def remove_folder(client: Client, folder: Folder) -> None:
    """Remove a visit's folder. A container that is gone has taken it along."""
    with suppress(DeployError):
        run_exec(client.engine, client.container, ["rm", "-rf", folder.path], user=client.user)
