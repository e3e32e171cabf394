"""The critical path: what the load event waited for, moment by moment.

It is found backwards: the load event waits for all that the page is made of, so for the last of it
that came; that one for who named it (the page, a stylesheet, a script), and the page for TLS, TCP
and DNS. It is told forwards, each segment from where the last one ended, so that all add up.
"""

from __future__ import annotations

from orchestrator.analysis.story import Story
from orchestrator.analysis.waits.chain import Link, find_chain
from orchestrator.analysis.waits.connecting import name_of_client
from orchestrator.analysis.waits.failure import tell_failure
from orchestrator.analysis.waits.fetching import wait_for_documents, wait_for_fetch
from orchestrator.analysis.waits.losses import note_losses
from orchestrator.analysis.waits.segment import Path, Segment
from orchestrator.analysis.waits.waiting import Wanted
from orchestrator.analysis.web.fetch import Fetch, find_fetches
from orchestrator.analysis.web.urls import host_of

__all__ = ["Segment", "find_critical_path"]


def find_critical_path(story: Story) -> tuple[Segment, ...]:
    """The segments from the click to the load event, in order, without gaps.

    Of a visit that failed: to its failure. Nothing where nothing of it was seen.
    """
    if story.visit.timings_ms.load is None:
        return note_losses(story, tell_failure(story))
    path = Path(story.started_ns, story.ended_ns)
    chain = find_chain(story)
    # What comes next may be found, and so be waited for, before the last byte of what names it.
    limits = [*(link.began_ns for link in chain), story.ended_ns]
    path.limit_ns = min(limits[0], story.ended_ns)
    wait_for_documents(path, story)
    for link, limit_ns in zip(chain, limits[1:], strict=True):
        path.limit_ns = story.ended_ns
        told = f"The browser reads {link.found_in} and finds {link.called} in it."
        path.pause(link.began_ns, "browser", told)
        path.limit_ns = limit_ns
        _resource(path, story, link)
    path.until(story.ended_ns, name_of_client(story), _last(story, chain))
    return note_losses(story, path.segments)


def _last(story: Story, chain: list[Link]) -> str:
    if story.visit.client != "chromium":
        return f"{story.visit.client} takes note of the last byte and ends."
    if not chain:
        return "The browser parses and draws the page; nothing else is needed."
    return f"{chain[-1].called} is there; the browser uses it, and the load event fires."


def _resource(path: Path, story: Story, link: Link) -> None:
    fetches = (f for f in find_fetches(story).resources if f.url == link.url)
    fetch = next((f for f in fetches if _is_within(f, link)), None)
    times = (link.requested_ns, link.first_ns, link.ended_ns)
    wait_for_fetch(path, story, Wanted(link.called, host_of(link.url), fetch, *times))


def _is_within(fetch: Fetch, link: Link) -> bool:
    return fetch.asked is None or link.began_ns <= fetch.asked.request.time_ns <= link.ended_ns
