"""A running lab against its plan: what is not as it should be, in words.

    helpers       the keeper, and `wire` where it is needed
    containers    every node runs, and none is frozen
    links         cuts, impairments and carriers, as recorded and as the kernel has them
    addresses     of every interface; none is missing, none too many
    families      no host is kept from IPv4 or IPv6
    files         what nodes find below /lab, against what the plan renders; certificates
    routes        every router's forwarding table, against what the plan computes
    services      every node's health checks

To add one: a function in a module of this package, and its line in _CHECKS.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from orchestrator.drift.look import Finding, Look, look, planned_of
from orchestrator.drift.nodes import (
    compare_certificates,
    compare_containers,
    compare_files,
    compare_services,
)
from orchestrator.drift.routes import compare_routes
from orchestrator.drift.wires import compare_addresses, compare_families, compare_links
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import connect, require_root
from orchestrator.runtime.links.state import changed_links

__all__ = ["Reality", "differences"]

_Check = Callable[[Look, Collection[str]], Iterator[Finding]]
_LAB = "lab"


def _compare_helpers(look: Look, subjects: Collection[str]) -> Iterator[Finding]:
    keeper, wire = look.record.keeper, look.record.wire
    if keeper is None or not keeper.is_alive():
        yield _LAB, "the keeper is gone"
    if wire is not None and not wire.is_alive():
        yield _LAB, "wire is gone"


# What is cheap and tells most goes first.
_CHECKS: Mapping[str, _Check] = {
    "helpers": _compare_helpers,
    "containers": compare_containers,
    "links": compare_links,
    "addresses": compare_addresses,
    "families": compare_families,
    "files": compare_files,
    "certificates": compare_certificates,
    "routes": compare_routes,
    "services": compare_services,
}


class Reality:
    """A running lab, to be compared with its plan over and over."""

    def __init__(self, lab: str, *, but_links_changed: bool = False) -> None:
        """Links that `lab link` changed are not compared where that is said. Raises UsageError
        where there is no such lab."""
        require_root()
        self._but_links_changed = but_links_changed
        self._client, self._state = connect(), LabState(lab)
        self._planned = planned_of(self._state.plan())
        # Who is asked again before all others, by check.
        self._ailing: dict[str, set[str]] = {}
        self._findings: dict[str, list[Finding]] = {}

    @property
    def findings(self) -> dict[str, list[Finding]]:
        """What was found last, by check: who is not as planned, and what is not so."""
        return dict(self._findings)

    def differences(self) -> tuple[str, ...]:
        """What is not as the plan says, a sentence each; all is asked anew."""
        self._look = self._look_anew()
        plan = self._planned.plan
        apart = changed_links(plan.links, self._look.links) if self._but_links_changed else ()
        links = [name for name in plan.links if name not in apart]
        subjects = {"helpers": [_LAB], "links": links}
        return self._ask({check: subjects.get(check, list(plan.nodes)) for check in _CHECKS})

    def still_different(self) -> tuple[str, ...]:
        """The same for who waits until nothing is: what failed last is asked first, and all the
        rest only once that holds."""
        if self._ailing:
            changing = "containers" in self._ailing
            self._look = self._look_anew() if changing else self._look.again()
            found = self._ask(dict(self._ailing))
            if found:
                return found
        return self.differences()

    def _look_anew(self) -> Look:
        return look(self._client, self._state, self._planned)

    def _ask(self, asked: Mapping[str, Collection[str]]) -> tuple[str, ...]:
        told: list[str] = []
        self._ailing, self._findings = {}, {}
        for check, subjects in asked.items():
            found = list(_CHECKS[check](self._look, subjects))
            if found:
                self._ailing[check] = {subject for subject, _ in found}
                self._findings[check] = found
            told += [sentence for _, sentence in found]
        return tuple(told)


def differences(lab: str) -> tuple[str, ...]:
    """What in a lab is not as its plan says, a sentence each; () where all is.

    Raises UsageError where there is no such lab.
    """
    return Reality(lab).differences()
