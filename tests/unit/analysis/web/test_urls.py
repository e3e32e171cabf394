"""What is typed and what is sent are two spellings of one URL."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.analysis.web.urls import as_sent, find_start, host_of, same_target, same_url
from tests.unit.analysis.builders import VISIT
from tests.unit.analysis.shopping import Shop

SITE = "https://www.example.com"
# As Chromium sent them, seen in its HAR.
TYPED = {
    f"{SITE}/product/7?q=a b": f"{SITE}/product/7?q=a%20b",
    f"{SITE}/product/7?q=ü": f"{SITE}/product/7?q=%C3%BC",
    f"{SITE}/product/7?q='\"": f"{SITE}/product/7?q=%27%22",
    f"{SITE}/a/../product/7": f"{SITE}/product/7",
    f"{SITE}\\product\\7": f"{SITE}/product/7",
    f" {SITE}/a/%2E%2e/./b/.. ": f"{SITE}/",
    "HTTPS://www.Example.com:443": f"{SITE}/",
    "https://me:secret@www.example.com/#top": f"{SITE}/",
    "http://[2001:db8::1]:8080?q": "http://[2001:db8::1]:8080/?q",
    "https://bücher.example/": "https://xn--bcher-kva.example/",
}


@pytest.mark.parametrize(("typed", "sent"), TYPED.items())
def test_a_url_is_sent_as_browsers_write_it(typed: str, sent: str) -> None:
    assert as_sent(typed) == sent
    assert as_sent(sent) == sent


def test_urls_are_the_same_but_for_fragments_and_what_goes_without_saying() -> None:
    assert same_url("https://a.example", "https://a.example:443/#top")
    assert not same_url("https://a.example/", "http://a.example/")
    assert not same_url("https://a.example/?q=1", "https://a.example/?q=2")
    assert not same_url("https://a.example/", "https://a.example:8443/")


def test_a_backslash_in_a_query_is_no_slash() -> None:
    assert as_sent(f"{SITE}/?q=a\\b") == f"{SITE}/?q=a\\b"


def test_a_host_is_found_behind_backslashes() -> None:
    assert host_of("https://www.example.com\\product\\7") == "www.example.com"


def test_octets_that_tshark_does_not_show_are_any() -> None:
    assert same_url(f"{SITE}/?q=ü", f"{SITE}/?q=\ufffd\ufffd")
    assert not same_url(f"{SITE}/?q=ü", f"{SITE}/?q=\ufffd")


def test_what_is_no_url_is_nobodys() -> None:
    assert not same_url("https://[bad", f"{SITE}/")
    assert host_of("https://[bad") == ""


def test_targets_are_compared_as_urls_are() -> None:
    assert same_target("/?q='", "/?q=%27")
    assert not same_target("/a", "/b")


def test_a_visit_starts_with_what_its_browser_asked_for_first() -> None:
    sent = f"{SITE}/product/7"
    entries = [
        {"request": {"url": sent}, "_resourceType": "document"},
        {"request": {"url": f"{SITE}/frame"}, "_resourceType": "document"},
    ]
    shop = Shop(replace(VISIT, url=f"{SITE}/a/../product/7"))
    assert find_start(shop.story(har={"log": {"entries": entries}})) == sent
    assert find_start(shop.story()) == shop.visit.url
