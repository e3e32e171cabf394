"""One module per kind of probe, and this list of those that the agent asks.

A visit is not among them: a browser makes it, from the program's own process (visit.py).
"""

from collections.abc import Callable, Mapping

from orchestrator.probes.dns import Dns
from orchestrator.probes.http import Http
from orchestrator.probes.icmp import Icmp
from orchestrator.probes.question import Asker, Setting
from orchestrator.probes.tcp import Tcp
from orchestrator.spec.probing import ProbeKind

PROBES: Mapping[ProbeKind, Callable[[Setting], Asker]] = {
    "http": Http,
    "icmp": Icmp,
    "dns": Dns,
    "tcp": Tcp,
}
