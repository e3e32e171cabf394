"""What can be asked of a lab over and over, and how it can fail: the words of a scenario that
trials and findings are told in too. Here is what is the same for every probe of a kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

ProbeKind = Literal["http", "icmp", "dns", "tcp", "visit"]
# How a question failed: "lost" had no answer in time, "unreachable" an ICMP error, "refused" and
# "reset" a TCP RST before and after the handshake; "dns", "tls" and "http" (status of 400 or
# more, of a page or of a file that it needs) are the step that failed; "wrong" is an answer that
# is not the one expected; "skipped" was not asked, because the one before it was not over.
FailureKind = Literal[
    "lost", "unreachable", "refused", "reset", "dns", "tls", "http", "wrong", "skipped"
]
# Of a trial: until the first fault, while faults are in force, and once all are healed.
Phase = Literal["before", "during", "after"]
PHASES: tuple[Phase, ...] = get_args(Phase)
# What makes a visit, and over which HTTP.
ClientKind = Literal["chromium", "curl"]
HttpVersion = Literal["1.1", "2"]


@dataclass(frozen=True)
class Kind:
    """What is the same for every probe of a kind.

    timeout_ms      how long an answer may take where the scenario does not say
    least_every_ms  as often as it can be asked without the asking being what is measured
    over            what carries a question: an echo, or the first packets of one
    about           what is asked: a URL, a name to look up, or a name, node or address to reach
    options         what a scenario can say of this kind and few others (ProbeSpec)
    by_browser      a client makes it as a visitor would, not the agent
    """

    timeout_ms: float
    least_every_ms: float
    over: Literal["icmp", "tcp", "udp"]
    about: Literal["url", "name", "node"]
    options: tuple[str, ...] = ()
    by_browser: bool = False


KINDS: Mapping[ProbeKind, Kind] = {
    "http": Kind(2_000.0, 20.0, "tcp", "url"),
    "icmp": Kind(1_000.0, 5.0, "icmp", "node"),
    "dns": Kind(2_000.0, 5.0, "udp", "name", ("server", "answer")),
    "tcp": Kind(1_000.0, 5.0, "tcp", "node", ("port",)),
    "visit": Kind(20_000.0, 1_000.0, "tcp", "url", ("version", "client"), by_browser=True),
}
