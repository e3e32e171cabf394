"""A site that others visit: its edge has the page and its parts before anybody clicks.

A lab that was just booted has had no visitors, so that its edges are empty as no CDN's ever are.
"""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from orchestrator.browser.client import CA_FILE
from orchestrator.plan.model import Plan
from orchestrator.runtime.engine.client import connect
from orchestrator.runtime.engine.exec import run_exec
from orchestrator.verbs.enter import container_of
from orchestrator.verbs.visit import host_to_click

_CURL = ("curl", "--silent", "--cacert", CA_FILE, "--max-time", "10")
_NAMES_PART = {"img": "src", "script": "src", "link": "href"}


def fill_edge(plan: Plan, url: str) -> None:
    """Have the edge that serves a running lab's first host store a page, and what its HTML names.

    What does not come is left to be told by who visits. Raises UsageError without a host,
    DeployError where it is not running.
    """
    client, container = connect(), container_of(plan.name, host_to_click(plan).name)

    def fetch(*argv: str) -> str:
        done = run_exec(client, container, [*_CURL, *argv], user="visitor")
        return done.stdout.decode(errors="replace")

    parts = parts_of(fetch(url), url)
    if parts:
        fetch("--parallel", *(word for part in parts for word in ("--output", "/dev/null", part)))


def parts_of(html: str, url: str) -> list[str]:
    """The URLs of a page's images, scripts and style sheets of its own origin, each once.

    >>> parts_of('<img src="/a.png"><a href="/b">', "https://www.example.com/")
    ['https://www.example.com/a.png']
    """
    found = _Parts()
    found.feed(html)
    absolute = dict.fromkeys(urljoin(url, name) for name in found.names)
    return [part for part in absolute if urlsplit(part)[:2] == urlsplit(url)[:2]]


class _Parts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = dict(attrs).get(_NAMES_PART.get(tag, ""))
        if name:
            self.names.append(name)
