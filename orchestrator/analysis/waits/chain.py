"""Which of a page's resources the load event waited for, and who named each to the browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from orchestrator.analysis.story import Story


@dataclass(frozen=True)
class Link:
    """A resource, by the browser's clock; ``requested_ns`` and ``first_ns`` may be estimates.

    found_in  where the browser found it: "the page", or the name of a stylesheet or script
    """

    url: str
    began_ns: int
    requested_ns: int
    first_ns: int
    ended_ns: int
    found_in: str = "the page"

    @property
    def called(self) -> str:
        """Its name in a sentence."""
        return name_of(self.url)


def name_of(url: str) -> str:
    """The last part of a URL's path; the host where that is empty."""
    parts = urlsplit(url)
    return parts.path.rpartition("/")[2] or parts.netloc


def find_chain(story: Story) -> list[Link]:
    """The resource that came last before the load event, and before it those that led to it.

    Empty where the page needed none.
    """
    loaded = [link for link in read_links(story) if link.ended_ns <= story.ended_ns]
    if not loaded:
        return []
    chain = [max(loaded, key=lambda link: link.ended_ns)]
    while True:
        found_in = _initiator(story, chain[0].url)
        earlier = (e for e in loaded if e.url == found_in and e.began_ns < chain[0].began_ns)
        source = next(earlier, None)
        if source is None:
            return chain
        chain = [source, _found_in(chain[0], source.called), *chain[1:]]


def read_links(story: Story) -> list[Link]:
    """The page's resources; as the timeline has them, or else the record of the visit."""
    entries = story.evidence.timeline.get("resource", [])
    # Some resources are in the page itself (data: URLs), and nobody waits for them.
    found = [_read(story, entry) for entry in entries if entry["name"].startswith("http")]
    return found or [
        _link(story, entry.url, entry.start_ms, entry.start_ms + entry.duration_ms)
        for entry in story.visit.resources
    ]


def _read(story: Story, entry: Mapping[str, Any]) -> Link:
    """A PerformanceResourceTiming; times that the page may not know are 0 in it."""
    began_ms = float(entry["startTime"])
    ended_ms = float(entry.get("responseEnd") or began_ms + float(entry["duration"]))
    first_ms = float(entry.get("responseStart") or ended_ms)
    requested_ms = float(entry.get("requestStart") or began_ms)
    return Link(
        url=str(entry["name"]),
        began_ns=story.at(began_ms),
        requested_ns=story.at(requested_ms),
        first_ns=story.at(first_ms),
        ended_ns=story.at(ended_ms),
    )


def _link(story: Story, url: str, began_ms: float, ended_ms: float) -> Link:
    began_ns, ended_ns = story.at(began_ms), story.at(ended_ms)
    return Link(url, began_ns, began_ns, ended_ns, ended_ns)


def _found_in(link: Link, name: str) -> Link:
    times = (link.began_ns, link.requested_ns, link.first_ns, link.ended_ns)
    return Link(link.url, *times, name)


def _initiator(story: Story, url: str) -> str:
    """Who asked for a resource, by the HAR; "" where it does not say."""
    for entry in story.evidence.har.get("log", {}).get("entries", []):
        if entry["request"]["url"] == url:
            cause = entry.get("_initiator") or {}
            calls = (cause.get("stack") or {}).get("callFrames") or [{}]
            return str(cause.get("url") or calls[0].get("url") or "")
    return ""
