"""Which step of a visit a Chromium network error belongs to.

The names are those of net/base/net_error_list.h, as the protocol reports them ("net::ERR_…").
"""

from __future__ import annotations

from orchestrator.records.visit import ErrorKind

# The first prefix that matches decides, so an exception stands before its family.
STEPS: tuple[tuple[str, ErrorKind], ...] = (
    ("INVALID_URL", "url"),
    ("UNSAFE_PORT", "url"),
    ("DISALLOWED_URL_SCHEME", "url"),
    ("BLOCKED_BY_CLIENT", "url"),
    ("BLOCKED_BY_ADMINISTRATOR", "url"),
    ("NAME_NOT_RESOLVED", "dns"),
    ("NAME_RESOLUTION_FAILED", "dns"),
    ("DNS_", "dns"),
    ("ICANN_NAME_COLLISION", "dns"),
    ("CERT_", "tls"),
    ("CERTIFICATE_", "tls"),
    ("SSL_", "tls"),
    ("BAD_SSL_CLIENT_AUTH_CERT", "tls"),
    ("ECH_", "tls"),
    ("CONNECTION_", "connect"),
    ("ADDRESS_", "connect"),
    ("INTERNET_DISCONNECTED", "connect"),
    ("NETWORK_", "connect"),
    ("SOCKET_", "connect"),
    ("TIMED_OUT", "connect"),
    ("QUIC_HANDSHAKE_FAILED", "connect"),
)


# What ends a connection also once a request was on its way.
_ENDED = ("CONNECTION_RESET", "CONNECTION_CLOSED", "CONNECTION_ABORTED", "SOCKET_NOT_CONNECTED")


def classify_error(name: str, *, was_sent: bool = False) -> ErrorKind:
    """The step at which "net::ERR_X" ends a visit; "http" for whatever comes after a handshake.

    ``was_sent``: the request was, so that there was a connection to end.
    HTTP2_*, QUIC_PROTOCOL_ERROR, EMPTY_RESPONSE, INVALID_RESPONSE, TOO_MANY_REDIRECTS,
    HTTP_RESPONSE_CODE_FAILURE and the like are all "http". "timeout" is never the network's word:
    it means that the visit's own deadline passed.
    """
    reason = name.removeprefix("net::").removeprefix("ERR_")
    if was_sent and reason.startswith(_ENDED):
        return "http"
    return next((step for prefix, step in STEPS if reason.startswith(prefix)), "http")
