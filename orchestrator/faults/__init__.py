"""One module per fault, and this list of them."""

from orchestrator.faults import link_blackhole
from orchestrator.faults.fault import Fault

FAULTS: dict[str, Fault] = {fault.name: fault for fault in (link_blackhole.FAULT,)}
