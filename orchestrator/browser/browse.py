"""One click, from the outside: a client in a container visits a URL, and the evidence comes back.

    with closing(Browser(client, url, zones=zones, timeout_s=30)) as browser:
        browser.start()                   # it has a blank page, and has sent nothing
        browser.load()                    # the visit
        browser.end()
        evidence = browser.finish(click)

Everything is in memory; who asked for it decides what goes to disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from orchestrator.browser.address import read_address
from orchestrator.browser.chromium import Chromium, chromium_argv
from orchestrator.browser.click import Click
from orchestrator.browser.client import (
    Client,
    Evidence,
    Files,
    new_folder,
    remove_folder,
    take_files,
)
from orchestrator.browser.exchange import collect_exchanges
from orchestrator.browser.film import Film, Picture, develop
from orchestrator.browser.har import to_har
from orchestrator.browser.measure import page_timeline, to_visit, with_speed
from orchestrator.browser.visit import PageLoad, open_page, visit_page


class Browser:
    """A new headless Chromium for one visit to `url`; its protocol offer ends at HTTP version
    `http`.

    `zones` are the lab's DNS zones: beside the host of `url` nothing else is ever looked up.
    Without `filmed` there is no filmstrip and no Speed Index.
    Raises UsageError for what cannot be visited, and DeployError, when it is started and from then
    on, when the container or the browser fails.
    """

    def __init__(
        self,
        client: Client,
        url: str,
        *,
        zones: Sequence[str],
        timeout_s: float,
        http: str = "2",
        filmed: bool = True,
    ) -> None:
        self._client, self._url = client, read_address(url)
        self._timeout_s, self._filmed = timeout_s, filmed
        self._folder = new_folder()
        self._argv = chromium_argv(self._url, self._folder, zones=zones, http=http)
        self._chromium: Chromium | None = None
        self._taken = False

    def start(self) -> None:
        """Bring it up, with a blank page."""
        client, folder = self._client, self._folder
        self._chromium = chromium = Chromium(
            client.engine, client.container, self._argv, folder, user=client.user
        )
        with chromium.explaining():
            connection = chromium.connection
            version = connection.call("Browser.getVersion")["product"]
            self._version = str(version).partition("/")[2]
            self._page = open_page(connection)
            self._film = Film(connection, self._page)
            if self._filmed:
                self._film.start()

    def load(self) -> None:
        """Visit the page. That it failed is a result."""
        assert self._chromium is not None  # started
        with self._chromium.explaining():
            connection = self._chromium.connection
            self._load = visit_page(connection, self._page, self._url, timeout_s=self._timeout_s)

    def end(self) -> None:
        """Have it develop the film, and end it."""
        assert self._chromium is not None
        with self._chromium.explaining():
            self._pictures = develop(self._chromium.connection, self._film, self._load)
        self._chromium.end()

    def finish(self, click: Click) -> Evidence:
        """Tell what the visit left, once it has ended."""
        files, self._taken = take_files(self._client, self._folder), True
        return _tell(click, self._load, self._version, self._pictures, files)

    def close(self) -> None:
        """End it if it has not ended, and leave nothing behind."""
        try:
            if self._chromium is not None:
                self._chromium.end()
        finally:
            if not self._taken:
                remove_folder(self._client, self._folder)


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
    """Visit `url` with a new browser. Raises as `Browser` does."""
    with closing(
        Browser(client, url, zones=zones, timeout_s=timeout_s, http=http, filmed=filmed)
    ) as browser:
        browser.start()
        browser.load()
        browser.end()
        return browser.finish(click)


def _tell(
    click: Click, load: PageLoad, version: str, pictures: tuple[Picture, ...], files: Files
) -> Evidence:
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
    timeline = page_timeline(load, visit)
    return Evidence(visit, files.keylog, har, load.screenshot, files.netlog, timeline, pictures)
