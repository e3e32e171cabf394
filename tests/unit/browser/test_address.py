"""What is typed → what is visited: as browsers read it, or a mistake that says where."""

from __future__ import annotations

import math

import pytest

from orchestrator.browser.address import check_timeout, complete_address, read_address
from orchestrator.browser.chromium import Folder, chromium_argv
from orchestrator.browser.curl import curl_argv
from orchestrator.errors import UsageError

READ = {
    "https://www.example.com": "https://www.example.com/",
    "HTTPS://WWW.Example.COM:443/": "https://www.example.com/",
    "http://www.example.com:80?x": "http://www.example.com/?x",
    "http://www.example.com:8080/x#y z": "http://www.example.com:8080/x#y%20z",
    "https://www.example.com./": "https://www.example.com./",
    "  https://www.example.com/a\n\tb ": "https://www.example.com/ab",
    # As in what is found in logs: a path, a query and backslashes that browsers rewrite.
    "https://www.example.com/a/../product/7": "https://www.example.com/product/7",
    "https://www.example.com/a/%2E%2e/./b/..": "https://www.example.com/",
    "https://www.example.com\\product\\7": "https://www.example.com/product/7",
    "https://www.example.com//a//b/": "https://www.example.com//a//b/",
    "https://www.example.com/ü/{7}?q=a b": "https://www.example.com/%C3%BC/%7B7%7D?q=a%20b",
    "https://www.example.com/?q=ü": "https://www.example.com/?q=%C3%BC",
    "https://www.example.com/?q='\"": "https://www.example.com/?q=%27%22",
    "https://www.example.com/?q=%27%22%ZZ": "https://www.example.com/?q=%27%22%ZZ",
    "https://www.example.com/\x1b[31m": "https://www.example.com/%1B[31m",
    "https://www.example.com/?q=\udcff": "https://www.example.com/?q=%EF%BF%BD",
    "https://www.example.com/?set=source[/model/2013/x.jpg]": (
        "https://www.example.com/?set=source[/model/2013/x.jpg]"
    ),
    # Names that the DNS has in another form (UTS #46), as the hosts of no more than letters.
    "https://Bücher.example/": "https://xn--bcher-kva.example/",
    "https://faß.example/": "https://xn--fa-hia.example/",
    "https://😀.example/": "https://xn--e28h.example/",
    "https://www。example．com/": "https://www.example.com/",
    "https://ex%61mple.com/": "https://example.com/",
    "https://a_b.example/": "https://a_b.example/",
    "https://[FD00:0::1]:8443/": "https://[fd00::1]:8443/",
    # Nobody's password goes into a run's name, its record, or a capture.
    "https://user:secret@www.example.com/": "https://www.example.com/",
    "https://user:se@cret@www.example.com:8443/?mail=a@b": "https://www.example.com:8443/?mail=a@b",
}
REFUSED = {
    "https://exa mple.com/": "there is a space in the host",
    "https://*/": "there is '*' in the host",
    "https://a.example,MAP%20b/": "there is ',' in the host",
    "https://%zz/": "there is '%' in the host",
    "https:///x": "it names no host",
    "https://a..example/": "its host has an empty label",
    f"https://{'a' * 64}.example/": "its host is longer than names can be",
    f"https://{'a.' * 130}example/": "its host is longer than names can be",
    "https://\ue000.example/": "no host is called so",
    "http://www.example.com:99999/": "it names no port that there is",
    "http://www.example.com:0/": "it names no port that there is",
    "http://www.example.com:-1/": "it names no port that there is",
    "http://[::1/": "is no IPv6 address",
    "http://[fe80::1%25eth0]/": "its address has a zone",
    "ftp://www.example.com/": "not a web address",
    "https:/www.example.com/": "did you mean https://www.example.com/?",
}


@pytest.mark.parametrize("typed", READ)
def test_what_is_typed_is_read_as_browsers_do(typed: str) -> None:
    assert read_address(typed) == READ[typed]
    assert read_address(READ[typed]) == READ[typed]


@pytest.mark.parametrize("typed", REFUSED)
def test_what_cannot_be_visited_is_refused_and_said_why(typed: str) -> None:
    with pytest.raises(UsageError) as refused:
        complete_address(typed)
    assert REFUSED[typed] in str(refused.value)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("www.example.com", "https://www.example.com/"),
        ("www.example.com/?u=http://x", "https://www.example.com/?u=http://x"),
        ("www.example.com:8080/x", "https://www.example.com:8080/x"),
        ("user:secret@www.example.com", "https://www.example.com/"),
        ("http:\\\\www.example.com\\x", "http://www.example.com/x"),
    ],
)
def test_without_a_scheme_it_is_https(typed: str, read: str) -> None:
    assert complete_address(typed) == read


@pytest.mark.parametrize(
    "typed", ["https://user:secret@exa mple.com/", "https://user:se/cret@www.example.com/"]
)
def test_no_password_is_told(typed: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_address(typed)
    assert "cret" not in str(refused.value)
    assert "user" not in str(refused.value)


@pytest.mark.parametrize("length", [9_000, 70_000])
def test_a_long_address_is_for_the_server_to_judge(length: int) -> None:
    url = f"https://www.example.com/?{'x' * length}"
    assert read_address(url) == url
    assert len(curl_argv(url, ca_file="ca", timeout_s=1, http="2")[-1]) == len(url)


@pytest.mark.parametrize("url", ["https://bücher.example/", "https://user:secret@bücher.example/"])
def test_neither_client_is_given_what_it_reads_in_a_way_of_its_own(url: str) -> None:
    """A host in other letters voided all of Chromium's rules, and curl took it for no address."""
    rules = next(a for a in _chromium(url) if "resolver-rules" in a)
    assert "EXCLUDE xn--bcher-kva.example , " in rules
    assert curl_argv(url, ca_file="ca", timeout_s=1, http="2")[-1] == read_address(url)
    for argument in (*_chromium(url), *curl_argv(url, ca_file="ca", timeout_s=1, http="2")):
        assert argument.isascii()
        assert "secret" not in argument


def _chromium(url: str) -> list[str]:
    return chromium_argv(url, Folder("/tmp/v"), zones=["example.com."], http="2")


@pytest.mark.parametrize("timeout_s", [-1, 0, -0.0, 1e-9, 86_401, 1e300, math.inf, math.nan])
def test_no_client_is_given_a_time_that_it_takes_for_none(timeout_s: float) -> None:
    with pytest.raises(UsageError, match="a visit cannot be given") as refused:
        check_timeout(timeout_s)
    assert "--timeout takes 0.001 to 86,400 seconds" in str(refused.value)


def test_a_tiny_time_is_one() -> None:
    check_timeout(0.001)
    argv = curl_argv("https://a.example/", ca_file="ca", timeout_s=0.0004, http="2")
    assert argv[argv.index("--max-time") + 1] == "0.001"
