"""The steps of a journey, as an explicit list. To add one: a module, and its line in TELLERS.

A module has a TELLER: what it is called, the fields that tshark is to read for it, and the
function that finds its steps in a story. A teller finds nothing where nothing of its kind
happened, or where the evidence for it is not there; it never raises for the want of evidence.
"""

from __future__ import annotations

from orchestrator.analysis.steps import (
    app,
    balancer,
    browser_dns,
    crossing,
    database,
    dhcp,
    dns_cache,
    dns_query,
    edge,
    exchange_point,
    icmp_error,
    nat,
    neighbour,
    page,
    racing,
    request,
    rerouting,
    resources,
    response,
    retransmission,
    slaac,
    slow_start,
    tcp,
    teardown,
    tls,
    url,
)
from orchestrator.analysis.teller import Teller

# In the order in which they happen, for those that begin at the same moment.
TELLERS: tuple[Teller, ...] = (
    url.TELLER,
    dhcp.TELLER,
    slaac.TELLER,
    browser_dns.TELLER,
    neighbour.TELLER,
    dns_cache.TELLER,
    dns_query.TELLER,
    racing.TELLER,
    tcp.TELLER,
    tls.TELLER,
    request.TELLER,
    edge.TELLER,
    balancer.TELLER,
    app.TELLER,
    database.TELLER,
    response.TELLER,
    resources.TELLER,
    slow_start.TELLER,
    retransmission.TELLER,
    rerouting.TELLER,
    icmp_error.TELLER,
    nat.TELLER,
    crossing.TELLER,
    exchange_point.TELLER,
    page.TELLER,
    teardown.TELLER,
)


def fields() -> tuple[str, ...]:
    """All that tshark is asked for, each once."""
    return tuple(dict.fromkeys(name for teller in TELLERS for name in teller.fields))
