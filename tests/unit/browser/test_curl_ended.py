"""A visit with curl whose node ends under it."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.browser.click import Click
from orchestrator.browser.client import Client
from orchestrator.browser.fetch import Fetch
from orchestrator.errors import DeployError
from orchestrator.runtime.engine.exec import ExecResult

_NOBODY: Any = None


@pytest.mark.parametrize("printed", [b"", b"{}", b'{"time_total": 1}\f1700000000.5'])
def test_what_curl_could_not_say_is_no_bug(printed: bytes) -> None:
    """`docker restart` of the host: ValueError, not enough values to unpack, exit 3."""
    fetch = Fetch(Client(_NOBODY, "laptop"), "https://www.example.com/", timeout_s=5)
    fetch._said = ExecResult(137, printed, b"")
    with pytest.raises(DeployError, match="curl ended before it could say"):
        fetch.finish(Click("run", "laptop", ""))
