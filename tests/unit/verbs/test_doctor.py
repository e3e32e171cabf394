"""What is said of this machine."""

from __future__ import annotations

from orchestrator.verbs.doctor import examine_priority


def test_routers_that_wait_as_all_others_are_told_of() -> None:
    engine = {"CgroupDriver": "none", "CgroupVersion": "2", "SecurityOptions": ["name=rootless"]}
    finding = examine_priority(engine)
    assert finding.verdict == "note"
    assert "may lose sessions" in finding.detail
    assert "without root" in finding.detail
