"""What was asked for, redirects, and HSTS: from the HAR, the NetLog and the frames."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from orchestrator.analysis.steps.url import TELLER
from tests.unit.analysis.builders import VISIT, Recording, at, iso

HTTP, HTTPS = "http://www.example.com/", "https://www.example.com/"


def entry(url: str, status: int, target: str = "", headers: dict[str, str] | None = None) -> Any:
    named = [{"name": name, "value": value} for name, value in (headers or {}).items()]
    return {
        "startedDateTime": iso(10.0),
        "time": 5.0,
        "request": {"url": url},
        "response": {"status": status, "redirectURL": target, "headers": named},
    }


def har(*entries: Any) -> dict[str, Any]:
    return {"log": {"entries": list(entries)}}


def test_a_url_is_taken_apart() -> None:
    run = Recording(visit=replace(VISIT, url="https://www.example.com:8443/a/b?c=d"))
    (step,) = TELLER.tell(run.story())
    assert step.details == {
        "scheme": "https",
        "host": "www.example.com",
        "port": 8443,
        "path": "/a/b?c=d",
    }
    assert (step.proofs[0].file, step.proofs[0].shows) == ("visit.json", "/url")
    assert "HSTS" not in step.told


def test_what_a_browser_writes_anew_is_taken_apart_as_it_sends_it() -> None:
    """Seen: "the host www.example.com\\product\\7"."""
    run = Recording(visit=replace(VISIT, url="https://www.example.com\\product\\7"))
    sent = {**entry(f"{HTTPS}product/7", 200), "_resourceType": "document"}
    (step,) = TELLER.tell(run.story(har=har(sent)))
    assert (step.details["host"], step.details["path"]) == ("www.example.com", "/product/7")
    assert f"It asks for it as {HTTPS}product/7" in step.told
    plain = {**entry(HTTPS, 200), "_resourceType": "document"}
    (same,) = TELLER.tell(Recording(visit=VISIT).story(har=har(plain)))
    assert "It asks for it as" not in same.told


def test_an_address_needs_no_name() -> None:
    run = Recording(visit=replace(VISIT, url="https://[2001:db8::1]/", client="curl"))
    (step,) = TELLER.tell(run.story())
    assert "no name to look up" in step.told
    assert step.told.startswith("curl ")


def test_a_redirect_is_told_when_its_response_is_there() -> None:
    run = Recording(visit=replace(VISIT, url=HTTP))
    fields = {"http.response.code": "301", "http.location": HTTPS}
    frame = run.saw("laptop", 14.0, fields, layers="tcp:http", out=False)
    story = run.story(har=har(entry(HTTP, 301, HTTPS), entry(HTTPS, 200)))
    typed, redirect = TELLER.tell(story)
    assert "No HSTS promise is remembered" in typed.told
    assert redirect.title == f"301: go to {HTTPS}"
    assert redirect.start_ns == at(15.0)
    assert "all is encrypted" in redirect.told
    assert redirect.proofs[0].number == frame.number
    assert redirect.proofs[0].shows == f'http.response.code == 301 && http.location == "{HTTPS}"'
    assert redirect.proofs[2].shows == "/log/entries/0/response/redirectURL"


def test_without_a_har_a_redirect_is_read_from_the_frames() -> None:
    run = Recording(visit=replace(VISIT, url=HTTP, client="curl"))
    fields = {"http.response.code": "302", "http.location": HTTPS}
    run.saw("laptop", 14.0, fields, layers="tcp:http", out=False)
    _, redirect = TELLER.tell(run.story())
    assert redirect.details["status"] == 302
    assert redirect.start_ns == at(14.0)


def test_the_documents_hsts_header_is_pointed_at() -> None:
    headers = {"Server": "nginx", "Strict-Transport-Security": "max-age=60"}
    story = Recording().story(har=har(entry(HTTPS, 200, headers=headers), entry(HTTPS, 200)))
    _, promise = TELLER.tell(story)
    assert promise.details["header"] == "max-age=60"
    assert promise.proofs[0].shows == "/log/entries/0/response/headers/1/value"


def test_a_document_that_never_came_promises_nothing() -> None:
    assert len(list(TELLER.tell(Recording().story(har=har(entry(HTTPS, 0)))))) == 1
