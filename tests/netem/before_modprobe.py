"""What a kernel without netem is told. Run by name, before the module is there."""

from __future__ import annotations

import pytest

from orchestrator.errors import FaultError
from orchestrator.plan.impairment import CLEAR, Impairment
from tests.netem.link import Link


def test_a_kernel_without_netem_is_an_error_with_a_hint(link: Link) -> None:
    with pytest.raises(FaultError, match="no netem") as caught:
        link.impair(Impairment(delay_ms=10))
    assert "modprobe sch_netem" in caught.value.hint
    assert link.impairment() == CLEAR


def test_nothing_to_remove_is_no_error(link: Link) -> None:
    link.impair(CLEAR)
    assert link.counters() == {}
