"""Who reaches whom, by ping: a node asks all others at once, one node after the other.

Only pairs that the plan has a way for are asked: whoever sits behind a NAT has no address that
others could ping, and a loss that is no fault would hide those that are.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from orchestrator.errors import UsageError
from orchestrator.mininet.nodes import LabNode
from orchestrator.plan.model import Plan
from orchestrator.routes.forwarding import ForwardingPlane, NoPath, round_trip_ms

DEFAULT_TIMEOUT_S = 2.0
_AT_ONCE = 64  # what a node's processor and a line of its terminal bear
# One line per ping, whole: they end in any order.
_SCRIPT = (
    "(for ip in {addresses}; do "
    '(out=$(ping -n -c1 -W {timeout:g} $ip 2>&1); echo "$ip" $out) & '
    "done; wait)"
)
_COUNTED = re.compile(r"(\d+) packets transmitted, (\d+)(?: packets)? received")
_TIMES = re.compile(r"rtt min/avg/max/mdev = ([\d.]+)/([\d.]+)/([\d.]+)/([\d.]+) ms")

# sent, received, then the least, mean, greatest and mean deviation of round trips in ms
Outcome = tuple[int, int, float, float, float, float]
LOST: Outcome = (1, 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Reach:
    """Which pairs of a lab the plan has a way for, there and back."""

    plan: Plan

    @functools.cached_property
    def _plane(self) -> ForwardingPlane:
        return ForwardingPlane(self.plan)

    def has_way(self, source: LabNode, target: LabNode) -> bool:
        """Whether a ping can be answered where nothing is broken."""
        address = target.IP()
        if address is None or source.name not in self.plan.nodes:
            return False
        try:
            round_trip_ms(self._plane, source.name, ip_address(address))
        except NoPath:
            return False
        return True


def read_timeout(text: str | float | None) -> float:
    """How long to wait for an answer, in seconds. Raises UsageError."""
    if text in (None, ""):
        return DEFAULT_TIMEOUT_S
    try:
        timeout_s = float(text or 0)
    except ValueError:
        timeout_s = 0.0
    if not 0.01 <= timeout_s <= 60:
        raise UsageError(f"'{text}' is no time to wait for an answer", "seconds, like: pingall 1")
    return timeout_s


def ping_from(
    source: LabNode, targets: Sequence[LabNode], timeout_s: float
) -> Mapping[str, Outcome]:
    """One ping to each target, all at once: outcomes by the target's name."""
    addresses = {target.name: str(target.IP()) for target in targets}
    asked, found = sorted(set(addresses.values())), dict[str, Outcome]()
    for first in range(0, len(asked), _AT_ONCE):
        some = asked[first : first + _AT_ONCE]
        printed = source.cmd(_SCRIPT.format(addresses=" ".join(some), timeout=timeout_s))
        found.update(read(printed, some))
    return {name: found.get(address, LOST) for name, address in addresses.items()}


def read(printed: str, addresses: Collection[str]) -> Iterator[tuple[str, Outcome]]:
    """What pings printed, a line each: address, then its output."""
    for line in printed.splitlines():
        address, _, told = line.partition(" ")
        if address in addresses:
            yield address, read_outcome(told)


def read_outcome(told: str) -> Outcome:
    """One ping's output. What sent nothing, for want of a route, counts as lost."""
    counted, times = _COUNTED.search(told), _TIMES.search(told)
    if counted is None or times is None:
        return LOST
    least, mean, greatest, deviation = map(float, times.groups())
    return (int(counted[1]), int(counted[2]), least, mean, greatest, deviation)
