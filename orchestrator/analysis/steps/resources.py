"""What the page needs beside itself: all of it in one step, and a step for each file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from orchestrator.analysis.connections.peers import how_many, in_words
from orchestrator.analysis.step import Detail, Proof, Step, proof_in_log
from orchestrator.analysis.steps.response import named
from orchestrator.analysis.story import Story, proof
from orchestrator.analysis.teller import Teller
from orchestrator.analysis.web.fetch import Fetch, Fetches, find_fetches
from orchestrator.analysis.web.http import FIELDS

KIND = "resources"
# Each of them by itself.
ONE = "resource"
# Answered without a request to the origin; with STALE and REVALIDATED there was one.
_CACHED = ("HIT", "UPDATING")


def _tell(story: Story) -> Iterator[Step]:
    fetches = find_fetches(story)
    if fetches.resources:
        yield _all(story, fetches)
    for fetch in fetches.resources:
        yield _one(story, fetch)


def _span(story: Story, fetch: Fetch) -> tuple[int, int]:
    """From the request to the last byte: by the client's packets as far as they show it, else as
    the browser tells it, else by the server's."""
    ends = [e.response.ended_ns for e in (fetch.asked, fetch.front) if e and e.response]
    starts = [e.request.time_ns for e in (fetch.asked, fetch.front) if e]
    if fetch.resource:
        told = fetch.resource[1]
        starts.append(story.at(told.start_ms))
        shown = 1 if fetch.asked and fetch.asked.response else 0
        ends.insert(shown, story.at(told.start_ms + told.duration_ms))
    start = starts[0] if starts else 0
    if _is_awaited(fetch):
        return start, max(start, story.ended_ns)
    return start, max([start, *ends[:1]])


def _is_awaited(fetch: Fetch) -> bool:
    """Whether the browser had no answer yet when the visit ended. What a server logged by then,
    or after, it did not get."""
    told = fetch.resource[1] if fetch.resource else None
    return fetch.response is None and told is not None and not (told.status or told.failure)


def _status(fetch: Fetch) -> int:
    """Of the answer that the browser got; 0 without one."""
    told = fetch.resource[1] if fetch.resource else None
    if fetch.response is None and told is not None:
        return told.status or 0
    return fetch.status


def _all(story: Story, fetches: Fetches) -> Step:
    found = fetches.resources
    spans = [_span(story, fetch) for fetch in found]
    caches = Counter(fetch.cache or "no cache" for fetch in found)
    cached = sum(caches[verdict] for verdict in _CACHED)
    peers = [fetch.peer.node for fetch in found if fetch.peer and fetch.peer.node]
    return Step(
        kind=KIND,
        title=f"{how_many(len(found), 'more file')} for the page{_lacking(story)}",
        told=_told(story, fetches, spans, caches),
        nodes=(story.client.name, *dict.fromkeys(peers)),
        start_ns=min(start for start, _ in spans),
        end_ns=max(end for _, end in spans),
        proofs=(*_some_proofs(found), *_prove_missing(story)),
        details=_details(found, spans, caches)
        | ({"missing": len(story.visit.missing)} if story.visit.missing else {}),
        saved=f"{how_many(cached, 'request')} to the origin" if cached else "",
        terms=("sub-resource", "multiplexing", "cache"),
    )


def _lacking(story: Story) -> str:
    missing = len(story.visit.missing)
    return f", {missing} missing" if missing else ""


def _prove_missing(story: Story) -> Iterator[Proof]:
    """The first of each reason, as the browser has it."""
    shown: set[str] = set()
    for place, resource in enumerate(story.visit.resources):
        if resource.is_missing and resource.why_missing not in shown:
            shown.add(resource.why_missing)
            pointer = f"/resources/{place}"
            yield Proof("visit.json", 0, pointer, f"missing: {resource.why_missing}")


def _told(
    story: Story, fetches: Fetches, spans: Sequence[tuple[int, int]], caches: Counter[str]
) -> str:
    found = fetches.resources
    told = f"The page needs {how_many(len(found), 'more file')}{_in_all(found, spans)}. "
    if set(caches) != {"no cache"}:
        counts = in_words(f"{count} × {verdict}" for verdict, count in sorted(caches.items()))
        told += f"The edge's cache says: {counts}. "
    if story.visit.missing:
        told += f"The page is not whole: {story.visit.shortfall}. "
    return (told + _connections(fetches, _most_at_once(spans))).strip()


def _in_all(found: Sequence[Fetch], spans: Sequence[tuple[int, int]]) -> str:
    """Bytes and time of those that came; that of none which came."""
    came = [span for fetch, span in zip(found, spans, strict=True) if not _is_awaited(fetch)]
    if not came:
        return ", and none of them has come when the visit ends"
    total = sum(fetch.resource[1].bytes for fetch in found if fetch.resource)
    took_ms = (max(end for _, end in came) - min(start for start, _ in spans)) / 1e6
    took = f"which take {took_ms:.1f} ms from the first request to the last byte"
    return f", {how_many(total, 'byte')} in all, {took}"


def _connections(fetches: Fetches, most: int) -> str:
    used = {fetch.connection.stream for fetch in fetches.resources if fetch.connection}
    page = [fetch.connection.stream for fetch in fetches.documents[-1:] if fetch.connection]
    # The browser counts from when it wanted a file, which may be long before it asked.
    shown = all(fetch.exchange for fetch in fetches.resources)
    at_once = f", at most {most} at a time" if shown else ""
    if not used:
        return ""
    if _is_multiplexed(fetches.resources):
        which = "the page's own connection" if used == set(page) else _count(used)
        return f"All come over {which}: HTTP/2 carries them as streams side by side{at_once}."
    return f"They come over {_count(used)}{at_once}: each carries one at a time."


def _count(connections: set[tuple[tuple[bytes, int], tuple[bytes, int]]]) -> str:
    return how_many(len(connections), "TCP connection")


def _is_multiplexed(found: Sequence[Fetch]) -> bool:
    """Whether all go over HTTP/2, as packets show it or else as the browser says."""
    return all(
        fetch.exchange.request.version == "HTTP/2"
        if fetch.exchange
        else fetch.resource is not None and fetch.resource[1].protocol == "h2"
        for fetch in found
    )


def _most_at_once(spans: Sequence[tuple[int, int]]) -> int:
    return max(sum(start <= moment < end for start, end in spans) for moment, _ in spans)


def _some_proofs(found: Sequence[Fetch]) -> Iterator[Proof]:
    """The first request over each connection, and an answer for each verdict."""
    connections: set[object] = set()
    verdicts: set[str] = set()
    for fetch in found:
        exchange = fetch.asked or fetch.front
        if exchange and fetch.connection and fetch.connection.stream not in connections:
            connections.add(fetch.connection.stream)
            request = exchange.request
            yield proof(request.frame, request.shows, f"asks for {request.path}")
        if fetch.cache and fetch.cache not in verdicts:
            verdicts.add(fetch.cache)
            yield from _verdict(fetch)
    if not connections:
        yield Proof("visit.json", 0, "/resources", "the files, as the browser tells of them")


def _verdict(fetch: Fetch) -> Iterator[Proof]:
    if fetch.response and "x-cache" in fetch.response.headers:
        yield proof(fetch.response.frame, fetch.response.shows_header("x-cache"), fetch.cache)
    elif fetch.edge_line:
        yield proof_in_log(fetch.edge_line, fetch.cache)


def _details(
    found: Sequence[Fetch], spans: Sequence[tuple[int, int]], caches: Counter[str]
) -> dict[str, Detail]:
    used = {fetch.connection.stream for fetch in found if fetch.connection}
    details: dict[str, Detail] = {
        "files": len(found),
        "bytes": sum(fetch.resource[1].bytes for fetch in found if fetch.resource),
        "connections": len(used),
    }
    if all(fetch.exchange for fetch in found):
        details["most_at_once"] = _most_at_once(spans)
    known = {verdict.lower(): count for verdict, count in sorted(caches.items())}
    return details | {f"cache_{verdict.replace(' ', '_')}": n for verdict, n in known.items()}


def _one(story: Story, fetch: Fetch) -> Step:
    start, end = _span(story, fetch)
    path = urlsplit(fetch.url).path
    told, peer = fetch.resource, fetch.peer.node if fetch.peer else ""
    status = _status(fetch)
    size = f", {how_many(told[1].bytes, 'byte')}" if told else ""
    verdict = f", {fetch.cache} at {peer or 'the edge'}" if fetch.cache else ""
    result = f"{named(status)}{size}" if status else "no answer"
    took = f" in {(end - start) / 1e6:.1f} ms"
    if _is_awaited(fetch):
        took += ", when the visit ends"
    if told and told[1].failure and told[1].why_missing != str(status):
        result += f" ({told[1].failure})"
    return Step(
        kind=ONE,
        title=f"{path} ({fetch.cache})" if fetch.cache else path,
        told=f"{path}: {result}{took}{verdict}.",
        nodes=tuple(filter(None, (story.client.name, peer))),
        start_ns=start,
        end_ns=end,
        proofs=tuple(_proofs(fetch)),
        details=_one_details(fetch, status),
        saved="a request to the origin" if fetch.cache in _CACHED else "",
        terms=("sub-resource",),
    )


def _proofs(fetch: Fetch) -> Iterator[Proof]:
    if exchange := fetch.asked or fetch.front:
        yield proof(exchange.request.frame, exchange.request.shows, "the request")
    if fetch.response:
        yield proof(fetch.response.frame, fetch.response.shows, "the answer")
    if fetch.cache:
        yield from _verdict(fetch)
    elif not fetch.response and fetch.balancer_line:
        yield proof_in_log(fetch.balancer_line, "the answer, in the balancer's log")
    if fetch.resource and not (fetch.response or fetch.edge_line):
        yield Proof("visit.json", 0, f"/resources/{fetch.resource[0]}", "as the browser tells it")


def _one_details(fetch: Fetch, status: int) -> dict[str, Detail]:
    details: dict[str, Detail] = {"url": fetch.url, "status": status}
    if fetch.resource:
        details["bytes"] = fetch.resource[1].bytes
    if fetch.cache:
        details["cache"] = fetch.cache
    if fetch.asked and fetch.asked.request.stream[1]:
        details["stream"] = fetch.asked.request.stream[1]
    if fetch.response and "x-served-by" in fetch.response.headers:
        details["served_by"] = fetch.response.headers["x-served-by"]
    return details


TELLER = Teller(KIND, _tell, FIELDS, answered=True, minor=(ONE,), alike=True)
