"""What in a running lab is broken or changed on purpose."""

from __future__ import annotations

from orchestrator.runtime.disk.ledger import read_ledger
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.links.state import changed_links, load_links


def tell_changes(state: LabState) -> tuple[str, ...]:
    """The faults in force, then the links that `lab link` changed, a few words each."""
    faults = read_ledger(state)
    links = [
        f"link {name} changed"
        for name in changed_links(state.plan().links, load_links(state))
        if not any(name in fault.target.split(",") for fault in faults)
    ]
    return (*map(str, faults), *links)
