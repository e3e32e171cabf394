"""What a node may take of the machine."""

from __future__ import annotations

import pytest

from orchestrator.errors import UsageError
from orchestrator.roles import ROLES
from orchestrator.roles.base import Limits
from orchestrator.runtime.engine.containers import scaled


def test_all_but_the_processor_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLICKLAB_LIMITS", "2.5")
    assert scaled(Limits(10, 100, 20, 512)) == Limits(25, 250, 50, 512)


@pytest.mark.parametrize("said", ["", "off", "0", "-1", "nan", "inf", "1e9", "4 times"])
def test_what_is_no_number_is_told(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("CLICKLAB_LIMITS", said)
    with pytest.raises(UsageError, match="CLICKLAB_LIMITS"):
        scaled(Limits())


def test_routing_goes_before_pages() -> None:
    routing = min(role.limits.cpu_shares for role in ROLES.values() if role.routes and role.speaks)
    pages = max(role.limits.cpu_shares for role in ROLES.values() if role.browser)
    assert routing > pages


def test_no_node_may_fill_its_memory_with_files() -> None:
    for role in ROLES.values():
        paths = {"/run", "/tmp", *role.tmpfs}
        assert len(paths) * role.limits.files_mib < role.limits.memory_mib
