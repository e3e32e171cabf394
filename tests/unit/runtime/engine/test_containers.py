"""How a role becomes a container."""

from __future__ import annotations

from orchestrator.runtime.engine.containers import known


def test_sysctls_that_the_kernel_lacks_are_left_out() -> None:
    asked = {"net.ipv4.ip_forward": "1", "net.ipv4.no_such_thing": "1", "net.no.such": "0"}
    assert known(asked) == {"net.ipv4.ip_forward": "1"}
