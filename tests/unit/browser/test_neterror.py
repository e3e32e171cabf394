from __future__ import annotations

import pytest

from orchestrator.browser.neterror import classify_error

CASES = {
    "url": ["UNSAFE_PORT", "INVALID_URL", "DISALLOWED_URL_SCHEME", "BLOCKED_BY_CLIENT"],
    "dns": ["NAME_NOT_RESOLVED", "NAME_RESOLUTION_FAILED", "DNS_TIMED_OUT"],
    "connect": [
        "CONNECTION_REFUSED",
        "CONNECTION_RESET",
        "CONNECTION_TIMED_OUT",
        "ADDRESS_UNREACHABLE",
        "INTERNET_DISCONNECTED",
        "NETWORK_CHANGED",
        "TIMED_OUT",
    ],
    "tls": ["CERT_AUTHORITY_INVALID", "CERT_DATE_INVALID", "SSL_PROTOCOL_ERROR"],
    "http": [
        "HTTP2_PROTOCOL_ERROR",
        "EMPTY_RESPONSE",
        "INVALID_RESPONSE",
        "TOO_MANY_REDIRECTS",
        "QUIC_PROTOCOL_ERROR",
        "SOMETHING_NEW",
    ],
}


@pytest.mark.parametrize(
    ("name", "step"), [(name, step) for step, names in CASES.items() for name in names]
)
def test_every_error_belongs_to_a_step(name: str, step: str) -> None:
    assert classify_error(f"net::ERR_{name}") == step


@pytest.mark.parametrize("name", ["CONNECTION_RESET", "CONNECTION_CLOSED", "CONNECTION_ABORTED"])
def test_a_connection_that_ends_after_the_request_was_made(name: str) -> None:
    assert classify_error(f"net::ERR_{name}") == "connect"
    assert classify_error(f"net::ERR_{name}", was_sent=True) == "http"


def test_a_request_that_went_nowhere_does_not_make_it_a_matter_of_http() -> None:
    assert classify_error("net::ERR_CONNECTION_REFUSED", was_sent=True) == "connect"
    assert classify_error("net::ERR_CERT_DATE_INVALID", was_sent=True) == "tls"
