"""How a fault, its target and its options are understood."""

from __future__ import annotations

import pytest

from orchestrator.errors import UsageError
from orchestrator.faults.asked import find_fault, find_target, read_options
from orchestrator.faults.fault import Fault
from tests.unit.compile.texts import compiled

PLAN = compiled("""
name: pair
as: {isp: {asn: 64501, routers: [ber, fra]}}
""")


def told(call: object, *arguments: object) -> tuple[str, str]:
    """The message and the hint of a UsageError."""
    with pytest.raises(UsageError) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.message, caught.value.hint


def test_a_fault_has_a_nearest() -> None:
    assert isinstance(find_fault("link-down"), Fault)
    assert told(find_fault, "link-dwon") == (
        "there is no fault 'link-dwon'",
        "did you mean 'link-down'?",
    )
    assert told(find_fault, "zzz")[1] == "see: lab fault list"


def test_a_target_has_a_nearest() -> None:
    stop = find_fault("node-stop")
    assert find_target(stop, PLAN, "ber") == "ber"
    assert told(find_target, stop, PLAN, "bre")[1] == "did you mean 'ber'?"
    assert told(find_target, stop, PLAN, "moon")[1] == "there is: ber, fra"
    assert told(find_target, find_fault("edge-down"), PLAN, "x") == (
        "there is no edge 'x' for edge-down",
        "this lab has no edge",
    )


def test_options_have_defaults() -> None:
    reboot = find_fault("node-reboot")
    assert read_options(reboot, {}) == {"off": "2s"}
    assert read_options(reboot, {"off": "1s"}) == {"off": "1s"}


def test_every_mistake_in_options_is_told() -> None:
    message, _ = told(read_options, find_fault("node-reboot"), {"of": "1s", "off": "never"})
    assert "node-reboot has no option 'of'; did you mean 'off'?" in message
    assert "off: 'never' is not a time" in message
    assert told(read_options, find_fault("node-stop"), {"x": "1"})[0].endswith("there is none")
