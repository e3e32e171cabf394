from __future__ import annotations

from typing import Any

import pytest

from orchestrator.browser.click import Click
from orchestrator.browser.curl import VARIABLES, curl_argv, judge_fetch, parse_output, to_visit
from orchestrator.errors import DeployError, UsageError
from orchestrator.records.visit import Timings, Transfer

URL = "https://www.example.com/"
REPORT: dict[str, Any] = {
    "exitcode": 0, "errormsg": "", "http_code": 200, "http_version": "2", "scheme": "HTTPS",
    "remote_ip": "198.18.0.1", "num_connects": 1, "time_namelookup": 0.010, "time_connect": 0.030,
    "time_appconnect": 0.070, "time_pretransfer": 0.071, "time_starttransfer": 0.101,
    "time_total": 0.111, "time_redirect": 0.0, "num_redirects": 0,
    "size_header": 340, "size_download": 8000,
    "content_type": "text/html", "url_effective": "https://www.example.com/?q=1",
}  # fmt: skip


def timings(click: Click, **changes: Any) -> Timings:
    return to_visit(click, URL, {**REPORT, **changes}, 0.0).timings_ms


def rounded(value: Timings) -> dict[str, float | None]:
    return {name: ms if ms is None else round(ms, 6) for name, ms in vars(value).items()}


def test_a_good_fetch(click: Click) -> None:
    seen = to_visit(click, URL, REPORT, 1.5)
    assert (seen.client, seen.status, seen.protocol) == ("curl", 200, "h2")
    assert (seen.error, seen.remote_address) == (None, "198.18.0.1")
    assert seen.started == "1970-01-01T00:00:01.500000+00:00"
    assert rounded(seen.timings_ms) == rounded(Timings(10, 20, 40, 30, 10, None, 111))


def test_what_a_fetch_tells_of_vitals_and_octets(click: Click) -> None:
    seen = to_visit(click, URL, REPORT, 0.0)
    assert (seen.vitals.ttfb, seen.vitals.fully_loaded) == pytest.approx((101, 111))
    assert seen.transfers == (Transfer("document", 1, 8340),)


def test_the_first_byte_is_since_the_start_with_all_redirects_in_it(click: Click) -> None:
    redirected = {**REPORT, "num_redirects": 1, "time_redirect": 0.04, "time_total": 0.151}
    seen = to_visit(click, URL, redirected, 0.0)
    assert seen.vitals.ttfb == pytest.approx(141)
    assert seen.timings_ms.download == pytest.approx(10)
    assert seen.transfers[0].requests == 2


def test_a_visit_that_ran_out_of_time_lasted_as_long_as_it_had(click: Click) -> None:
    late = {**REPORT, "exitcode": 28, "http_code": 0, "time_starttransfer": 0, "time_total": 100.0}
    seen = to_visit(click, URL, late, 0.0)
    assert (seen.error, seen.ended_ms) == ("timeout", 100_000)


def test_without_tls(click: Click) -> None:
    assert timings(click, scheme="HTTP", time_appconnect=0).tls is None


def test_a_reused_connection_costs_nothing(click: Click) -> None:
    saved = dict.fromkeys(("time_namelookup", "time_connect", "time_appconnect"), 0)
    again = timings(click, num_connects=0, **saved)
    assert (again.dns, again.connect, again.tls) == (0, 0, 0)


def test_a_refused_connection_leaves_only_its_dns_time(click: Click) -> None:
    stopped = {key: 0 for key in REPORT if key.startswith("time_")}
    seen = timings(click, **{**stopped, "time_namelookup": 0.01, "exitcode": 7, "http_code": 0})
    assert seen == Timings(dns=10)


# Of libcurl-errors(3) what GET over HTTP(S) can end with.
CODES = {
    "url": (3,),
    "dns": (6,),
    "connect": (5, 7, 45, 96, 97),
    "tls": (35, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91, 98),
    "http": (1, 2, 8, 16, 18, 22, 23, 27, 33, 43, 47, 52, 55, 56, 61, 63, 65, 92, 93, 95, 100),
    "timeout": (28,),
}


@pytest.mark.parametrize(
    ("step", "code"), [(s, code) for s, codes in CODES.items() for code in codes]
)
def test_exit_codes(code: int, step: str) -> None:
    assert judge_fetch({"exitcode": code, "errormsg": "why", "http_code": 0}) == (step, "why")


def test_an_address_of_a_response_that_is_none_is_http() -> None:
    assert judge_fetch({"exitcode": 3, "errormsg": "why", "http_code": 302}) == ("http", "why")


def test_an_error_status_is_http() -> None:
    judged = judge_fetch({"exitcode": 0, "errormsg": "", "http_code": 503})
    assert judged == ("http", "HTTP status 503")


def line(**changes: Any) -> str:
    return "\t".join(str({**REPORT, **changes}[name]) for name in VARIABLES) + "\n"


def test_a_report_is_a_line_of_variables() -> None:
    assert parse_output(line()) == REPORT
    assert parse_output(line(http_code="000", http_version="0"))["http_code"] == 0


def test_the_last_transfer_counts() -> None:
    assert parse_output(line(num_connects=1) + line(num_connects=0))["num_connects"] == 0


def test_what_a_server_calls_its_content_is_no_part_of_the_line() -> None:
    """A tab in it, or nothing, was a curl that reported nothing."""
    for told in ("text/html;\tcharset=utf-8", ""):
        assert parse_output(line(content_type=told))["content_type"] == told


@pytest.mark.parametrize("text", ["", "curl: (2) no such option"])
def test_no_report_is_an_error(text: str) -> None:
    with pytest.raises(DeployError, match="curl reported nothing"):
        parse_output(text)


def argv(url: str = URL, http: str = "2") -> list[str]:
    return curl_argv(url, ca_file="/lab/ca.pem", timeout_s=2.5, http=http)


def test_the_command_line() -> None:
    assert "--http2 --cacert /lab/ca.pem --max-time 2.500" in " ".join(argv())
    assert argv().count(URL) == 1
    assert "--http3-only" in argv(http="3")


def test_only_web_addresses() -> None:
    with pytest.raises(UsageError):
        argv("file:///etc/passwd")
