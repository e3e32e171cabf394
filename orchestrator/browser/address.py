"""What may be visited."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from orchestrator.errors import UsageError

HTTP_VERSIONS = ("1.1", "2", "3")


def split_address(url: str) -> SplitResult:
    """The parts of a web address. Raises UsageError unless it is http(s) and names a host."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise UsageError(f"not a web address: {url}", "write it like https://www.example.com/")
    return parts


def check_http_version(version: str) -> None:
    """Raises UsageError when `version` is not an HTTP version that a visit can ask for."""
    if version not in HTTP_VERSIONS:
        raise UsageError(f"no HTTP version {version}", f"choose one of {', '.join(HTTP_VERSIONS)}")
