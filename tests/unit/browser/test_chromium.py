from __future__ import annotations

import base64

import pytest

from orchestrator.browser.chromium import (
    Folder,
    chromium_argv,
    last_words,
    managed_policy,
    resolver_rules,
)
from orchestrator.errors import UsageError

URL = "https://www.example.com/"


def flags(url: str = URL, http: str = "2") -> list[str]:
    return chromium_argv(url, Folder("/tmp/v"), zones=["example.com."], http=http)


def test_the_sandbox_stays_on() -> None:
    assert not [flag for flag in flags() if "sandbox" in flag or "insecure" in flag]


def test_only_the_labs_names_are_looked_up() -> None:
    assert resolver_rules([], ["example.com.", "example.org"]) == (
        "MAP * ^NOTFOUND , EXCLUDE example.com , EXCLUDE *.example.com"
        " , EXCLUDE example.org , EXCLUDE *.example.org"
    )


def test_the_host_that_was_asked_for_is_looked_up_in_any_zone() -> None:
    rules = next(f for f in flags("https://nowhere.invalid/") if "resolver-rules" in f)
    assert "EXCLUDE nowhere.invalid" in rules


def test_every_file_is_in_the_folder() -> None:
    assert "--user-data-dir=/tmp/v/profile" in flags()
    assert "--ssl-key-log-file=/tmp/v/keys.log" in flags()
    assert "--log-net-log=/tmp/v/netlog.json" in flags()


def test_http_versions() -> None:
    assert {"--disable-http2", "--disable-quic"} <= set(flags(http="1.1"))
    assert "--disable-quic" in flags()
    assert "--origin-to-force-quic-on=www.example.com:443" in flags(http="3")
    assert "--disable-quic" not in flags(http="3")


@pytest.mark.parametrize("url", ["www.example.com", "ftp://a/", "https:///x", "http://a:99999/"])
def test_what_is_no_web_address(url: str) -> None:
    with pytest.raises(UsageError, match="not a web address"):
        flags(url)


def test_an_unknown_http_version() -> None:
    with pytest.raises(UsageError, match="no HTTP version 4"):
        flags(http="4")


def test_the_policy_trusts_the_root_and_predicts_nothing() -> None:
    policy = managed_policy(b"\x30\x82")
    assert policy["CACertificates"] == [base64.b64encode(b"\x30\x82").decode()]
    assert policy["NetworkPredictionOptions"] == 2


def test_last_words_leave_out_the_bus() -> None:
    assert last_words("a\n[1:ERROR:dbus/bus.cc] no\n\nb\nc\nd\n") == "b\nc\nd"
