"""What was asked for: the URL (RFC 3986), HSTS (RFC 6797), and where redirects lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from orchestrator.analysis.step import Detail, Proof, Step
from orchestrator.analysis.story import Story, proof
from orchestrator.analysis.teller import Teller
from orchestrator.analysis.web.netlog import read_events
from orchestrator.analysis.web.urls import find_start

KIND = "url"
_FIELDS = ("http.response.code", "http.location")
_UPGRADE = "TRANSPORT_SECURITY_STATE_SHOULD_UPGRADE_TO_SSL"
_HSTS = "strict-transport-security"
_PORTS = {"http": 80, "https": 443}
_REDIRECTS = (301, 302, 303, 307, 308)


def _tell(story: Story) -> Iterator[Step]:
    yield _typed(story)
    entries = story.evidence.har.get("log", {}).get("entries", [])
    for index, entry in enumerate(entries):
        if _status(entry) in _REDIRECTS:
            yield _redirect_in_har(story, index, entry)
    if not entries:
        yield from _redirects_in_frames(story)
    yield from _promised(story, entries)


def _typed(story: Story) -> Step:
    sent = find_start(story)
    url = urlsplit(sent)
    port = url.port or _PORTS.get(url.scheme, 0)
    whole = f"{url.path or '/'}{'?' + url.query if url.query else ''}"
    secure = "HTTP inside TLS" if url.scheme == "https" else "HTTP without protection"
    who = "The browser" if story.visit.client == "chromium" else story.visit.client
    implied = "" if url.port else ", which the scheme implies"
    told = [
        f"{who} takes {story.visit.url} apart: the scheme {url.scheme} ({secure}), the host "
        f"{url.hostname}, the port {port}{implied}, and the path {whole}."
    ]
    if _is_address(url.hostname or ""):
        told.append("The host is an address already: there is no name to look up.")
    if sent.partition("#")[0] not in (story.visit.url.partition("#")[0], f"{story.visit.url}/"):
        told.append(f"It asks for it as {sent}: what may not stand in a request is written anew.")
    upgrade = _upgrade_proof(story, url)
    if url.scheme == "http":
        told.append(
            "No HSTS promise is remembered, since each visit begins with a new browser; "
            "so the request goes out unprotected."
        )
    details: dict[str, Detail] = {"scheme": url.scheme, "host": url.hostname or ""}
    return Step(
        kind=KIND,
        title=f"{story.client.name} opens {story.visit.url}",
        told=" ".join(told),
        nodes=(story.client.name,),
        start_ns=story.started_ns,
        end_ns=story.started_ns,
        proofs=(Proof("visit.json", 0, "/url", "the URL as given"), *upgrade),
        details={**details, "port": port, "path": whole},
        terms=("URL", "scheme", "HSTS"),
    )


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _upgrade_proof(story: Story, url: SplitResult) -> tuple[Proof, ...]:
    """The browser looked for an HSTS promise of the host, and found none."""
    for event in read_events(story, _UPGRADE):
        found = event.params.get("should_upgrade_to_ssl")
        if url.scheme == "http" and event.params.get("host") == url.hostname and found is False:
            says = "no HSTS promise of this host is known"
            return (event.proof("/params/should_upgrade_to_ssl", says),)
    return ()


def _status(entry: Mapping[str, Any]) -> int:
    return int(entry.get("response", {}).get("status", 0))


def _redirect_in_har(story: Story, index: int, entry: Mapping[str, Any]) -> Step:
    at = f"/log/entries/{index}"
    asked, target = entry["request"]["url"], entry["response"].get("redirectURL", "")
    proofs = [
        Proof("visit.har", 0, f"{at}/response/status", f"status {_status(entry)}"),
        Proof("visit.har", 0, f"{at}/response/redirectURL", f"Location: {target}"),
    ]
    seen = list(_redirect_frames(story, str(_status(entry)), target))
    when = _moment(story, entry) + round(float(entry.get("time", 0)) * 1e6)
    return _redirect(story, asked, target, _status(entry), when, [*seen[:1], *proofs])


def _redirects_in_frames(story: Story) -> Iterator[Step]:
    """Without a HAR those that came unencrypted, or with their keys."""
    for d in story.dissected(story.client.name, "http.location"):
        status, target = d.one("http.response.code"), d.one("http.location")
        if status.isdecimal() and int(status) in _REDIRECTS and not d.frame.outbound:
            shown = list(_redirect_frames(story, status, target))
            asked, when = find_start(story), d.frame.time_ns
            yield _redirect(story, asked, target, int(status), when, shown[:1])


def _redirect_frames(story: Story, status: str, target: str) -> Iterator[Proof]:
    for d in story.dissected(story.client.name, "http.location"):
        if d.one("http.response.code") == status and d.one("http.location") == target:
            shows = f'http.response.code == {status} && http.location == "{target}"'
            yield proof(d.frame, shows, f"{status}, Location: {target}")


def _redirect(
    story: Story, asked: str, target: str, status: int, when: int, proofs: list[Proof]
) -> Step:
    told = f"The server answers {asked} with {status}, and sends the browser on to {target}."
    if asked.startswith("http:") and target.startswith("https:"):
        told += " From there on all is encrypted; it costs a second connection."
    return Step(
        kind=KIND,
        title=f"{status}: go to {target}",
        told=told,
        nodes=(story.client.name,),
        start_ns=when,
        end_ns=when,
        proofs=tuple(proofs),
        details={"status": status, "from": asked, "to": target},
        terms=("redirect", "HTTPS"),
    )


def _promised(story: Story, entries: list[Mapping[str, Any]]) -> Iterator[Step]:
    """The document's Strict-Transport-Security header."""
    for index, entry in enumerate(entries):
        if _status(entry) in (0, *_REDIRECTS):
            continue
        for place, header in enumerate(entry.get("response", {}).get("headers", [])):
            if header["name"].lower() == _HSTS:
                at = f"/log/entries/{index}/response/headers/{place}/value"
                yield _hsts(story, entry, header["value"], Proof("visit.har", 0, at, _HSTS))
        return


def _hsts(story: Story, entry: Mapping[str, Any], value: str, shown: Proof) -> Step:
    host = urlsplit(entry["request"]["url"]).hostname
    when = _moment(story, entry) + round(float(entry.get("time", 0)) * 1e6)
    return Step(
        kind=KIND,
        title=f"{host} promises to be there by HTTPS only",
        told=(
            f"The response says Strict-Transport-Security: {value}. A browser that remembers it "
            f"turns http://{host} into https://{host} by itself (HSTS); this one is new each time."
        ),
        nodes=(story.client.name,),
        start_ns=when,
        end_ns=when,
        proofs=(shown,),
        details={"header": value},
        terms=("HSTS",),
    )


def _moment(story: Story, entry: Mapping[str, Any]) -> int:
    """When a request of the HAR began."""
    try:
        begun = datetime.fromisoformat(entry["startedDateTime"])
    except (KeyError, ValueError):
        return story.started_ns
    whole = int(begun.replace(microsecond=0).timestamp())
    return whole * 10**9 + begun.microsecond * 1000


TELLER = Teller(KIND, _tell, _FIELDS)
