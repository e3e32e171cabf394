"""BGP between ASes as pure computation: who reaches whom, and along which AS path.

The model is Gao and Rexford's (IEEE/ACM ToN 9(6), 2001): a route learnt from a customer is
preferred over one from a peer, that over one from a provider; what is not learnt from a
customer is passed on to customers only. Then the shorter AS path wins, then the lower
neighbour ASN. BIRD breaks ties inside an AS by distance, which this does not model yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush

from orchestrator.plan.model import AutonomousSystem

Systems = Mapping[int, AutonomousSystem]
AsPath = tuple[int, ...]


def best_paths(systems: Systems, origin: int) -> dict[int, AsPath]:
    """The AS path each AS uses towards ``origin``: from itself to the origin, both included.

    An AS that cannot reach the origin without a valley in the path is left out.
    """
    paths = _climb(systems, origin)
    across = {
        asn: min((len(paths[peer]), peer) for peer in system.peers if peer in paths)[1]
        for asn, system in systems.items()
        if asn not in paths and any(peer in paths for peer in system.peers)
    }
    paths |= {asn: (asn, *paths[peer]) for asn, peer in across.items()}
    return _descend(systems, paths)


def _climb(systems: Systems, origin: int) -> dict[int, AsPath]:
    """Routes learnt from customers: from the origin upwards, shortest first."""
    paths: dict[int, AsPath] = {}
    queue: list[tuple[int, int, AsPath]] = [(0, 0, (origin,))]
    while queue:
        _, _, path = heappop(queue)
        if path[0] in paths:
            continue
        paths[path[0]] = path
        for provider in systems[path[0]].providers:
            if provider not in paths:
                heappush(queue, (len(path), path[0], (provider, *path)))
    return paths


def _descend(systems: Systems, paths: dict[int, AsPath]) -> dict[int, AsPath]:
    """Routes learnt from providers: whatever a provider uses, its customers hear."""
    settled: dict[int, AsPath] = dict(paths)
    queue: list[tuple[int, int, AsPath]] = []

    def offer(path: AsPath) -> None:
        for customer in systems[path[0]].customers:
            if customer not in settled:
                heappush(queue, (len(path), path[0], (customer, *path)))

    for path in paths.values():
        offer(path)
    while queue:
        _, _, path = heappop(queue)
        if path[0] not in settled:
            settled[path[0]] = path
            offer(path)
    return settled
