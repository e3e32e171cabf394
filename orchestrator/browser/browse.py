"""One click, from the outside: a client in a container visits a URL, and the evidence comes back.

Everything is in memory; who asked for it decides what goes to disk.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import docker

from orchestrator.browser import curl
from orchestrator.browser.address import read_address
from orchestrator.browser.chromium import Folder, chromium_argv, run_chromium
from orchestrator.browser.click import Click
from orchestrator.browser.curl_trace import WANTED, find_start_s, last_request
from orchestrator.browser.exchange import collect_exchanges
from orchestrator.browser.film import Film, Picture, develop
from orchestrator.browser.har import to_har
from orchestrator.browser.har_curl import fetch_to_har
from orchestrator.browser.measure import page_timeline, to_visit, with_speed
from orchestrator.browser.observe import Entries
from orchestrator.browser.visit import open_page, visit_page
from orchestrator.errors import DeployError
from orchestrator.plan.addresses import Family
from orchestrator.records.visit import Visit
from orchestrator.runtime.engine.exec import run_exec

CA_FILE = "/lab/tls/ca.pem"
# What a fetch may take beyond its own time limit before it is killed.
GRACE_S = 5.0
# What curl reports, the true clock when it is done, and of its trace what is wanted.
WITH_CLOCK = (
    'mkdir -m 700 "$1" && trace=$1/trace wanted=$2 && shift 2 && "$@" --stderr "$trace"; code=$?; '
    'printf "\\f"; TRUE_CLOCK=1 date +%s.%N; printf "\\f"; grep -aoE "$wanted" "$trace"; '
    '[ "$code" = 2 ] && tail -n 3 "$trace" >&2; exit "$code"'
)


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


def browse(
    client: Client,
    click: Click,
    url: str,
    *,
    zones: Sequence[str],
    timeout_s: float,
    http: str = "2",
    filmed: bool = True,
) -> Evidence:
    """Visit `url` with a new headless Chromium; its protocol offer ends at HTTP version `http`.

    `zones` are the lab's DNS zones: beside the host of `url` nothing else is ever looked up.
    Without `filmed` there is no filmstrip and no Speed Index.
    A failed visit is a result. Raises UsageError for what cannot be visited, and DeployError when
    the container or the browser fails.
    """
    url, folder = read_address(url), new_folder()
    argv = chromium_argv(url, folder, zones=zones, http=http)
    try:
        with run_chromium(
            client.engine, client.container, argv, folder, user=client.user
        ) as browser:
            version = browser.call("Browser.getVersion")["product"].partition("/")[2]
            page = open_page(browser)
            film = Film(browser, page)
            if filmed:
                film.start()
            load = visit_page(browser, page, url, timeout_s=timeout_s)
            pictures = develop(browser, film, load)
        keylog, netlog = read_file(client, folder.keylog), read_file(client, folder.netlog)
    finally:
        remove_folder(client, folder)
    exchanges = collect_exchanges(load.events)
    visit = with_speed(to_visit(click, load, exchanges), pictures)
    har = to_har(
        visit,
        exchanges,
        wall_offset_s=load.wall_offset_s,
        version=version,
        title=load.told.title,
        until_s=load.stopped_s,
    )
    return Evidence(
        visit, keylog, har, load.screenshot, netlog, page_timeline(load, visit), pictures
    )


def fetch(
    client: Client,
    click: Click,
    url: str,
    *,
    timeout_s: float,
    http: str = "2",
    family: Family | None = None,
) -> Evidence:
    """Visit `url` with curl: the document alone. Raises as `browse` does."""
    url, folder = read_address(url), new_folder()
    ca_file = client.ca_file
    argv = curl.curl_argv(url, ca_file=ca_file, timeout_s=timeout_s, http=http, family=family)
    try:
        said = run_exec(
            client.engine,
            client.container,
            ["sh", "-c", WITH_CLOCK, "sh", folder.path, WANTED, *argv],
            user=client.user,
            environment={"SSLKEYLOGFILE": folder.keylog},
            timeout_s=2 * timeout_s + GRACE_S,
        )
        keylog = read_file(client, folder.keylog)
    finally:
        remove_folder(client, folder)
    reports, ended, trace = said.stdout.decode(errors="replace").rsplit("\f", 2)
    report = curl.parse_output(reports or said.stderr.decode(errors="replace"))
    started_s = find_start_s(trace, float(ended) - report["time_total"])
    report = last_request(report, trace)
    visit = curl.to_visit(click, url, report, started_s)
    return Evidence(visit, keylog, fetch_to_har(visit, report))


def new_folder() -> Folder:
    """A name under /tmp that no other visit uses; the client's command line makes the folder."""
    return Folder(f"/tmp/visit-{secrets.token_hex(6)}")


def read_file(client: Client, path: str) -> bytes:
    """The file at `path` in the client's container, b"" when there is none."""
    return run_exec(client.engine, client.container, ["cat", path], user=client.user).stdout


def remove_folder(client: Client, folder: Folder) -> None:
    """Remove a visit's folder. A container that is gone has taken it along."""
    with suppress(DeployError):
        run_exec(client.engine, client.container, ["rm", "-rf", folder.path], user=client.user)
