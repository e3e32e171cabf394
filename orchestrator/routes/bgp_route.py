"""A BGP route as one router has it, and what becomes of it on its way to the next."""

from __future__ import annotations

from typing import NamedTuple

from orchestrator.plan.addresses import Address
from orchestrator.plan.routing import BgpSession
from orchestrator.routes.bgp_sessions import BgpSpeaker, Channel
from orchestrator.routes.ospf import Interior

# What BIRD gives a route that has no local preference, and our filters give one's own none.
OWN_PREFERENCE = 100


class BgpRoute(NamedTuple):
    """A route in a router's table.

    ``as_path`` starts with the neighbour's ASN and is empty inside the AS that originates.
    ``relation`` is the class that the AS gave it: "own", "customer", "peer" or "provider"
    ("member" at a route server). ``border`` is the node of the own AS where packets leave:
    whoever holds the eBGP ``session`` it came over, or who originates it. ``next_hop`` is the
    BGP next hop at this router, and ``next_node`` who has that address: over eBGP the neighbour
    (the member, where a route server told), over iBGP the border; None and "" for one's own.

    The rest decides ties: the ``channel`` it was heard over (None for one's own), whether that
    is ``external``, the interior cost to the next hop, the router id of who brought it into the
    AS (its originator, RFC 4456), the reflectors it passed, the address of who told.

    A named tuple and not a dataclass: millions of them are made for a lab of a thousand ASes.
    """

    as_path: tuple[int, ...]
    relation: str
    preference: int
    med: int | None
    no_export: bool
    border: str
    session: BgpSession | None
    next_hop: Address | None
    next_node: str
    channel: Channel | None
    external: bool
    metric: int
    originator: int
    clusters: tuple[int, ...]
    address: int

    @property
    def told_by(self) -> str:
        """The node that told of it; the one that has it for one's own."""
        return self.channel.teller.name if self.channel else self.border

    @property
    def is_for_all(self) -> bool:
        """Whether peers and providers hear of it too, and not only customers."""
        return self.relation in ("own", "customer", "member")


def own_route(speaker: BgpSpeaker) -> BgpRoute:
    """What a speaker announces of itself."""
    return BgpRoute(
        as_path=(),
        relation="own",
        preference=OWN_PREFERENCE,
        med=None,
        no_export=False,
        border=speaker.name,
        session=None,
        next_hop=None,
        next_node="",
        channel=None,
        external=True,
        metric=0,
        originator=speaker.router_id,
        clusters=(),
        address=0,
    )


def tell_outside(channel: Channel, route: BgpRoute) -> BgpRoute | None:
    """The route as the neighbour over eBGP has it, or None: it is not told, or is a loop.

    Gao-Rexford on export; NO_EXPORT stays inside (RFC 1997), but a route server, which is in
    nobody's path, hands everything on as it is (RFC 7947, section 2.2).
    """
    policy, clear = channel.told.policy, channel.transparent
    if not clear and (route.no_export or not (channel.everything or route.is_for_all)):
        return None
    as_path = channel.prepended + route.as_path
    if channel.hearer.asn in as_path:
        return None
    return BgpRoute(
        as_path,
        channel.heard.relation,
        channel.preference,
        route.med if clear else policy.med,
        route.no_export if clear else policy.no_export,
        channel.hearer.name,
        channel.heard,
        route.next_hop if clear else channel.told.local,
        route.next_node if clear else channel.teller.name,
        channel,
        True,
        0,
        channel.teller.router_id,
        (),
        channel.address,
    )


def tell_inside(channel: Channel, route: BgpRoute, interior: Interior) -> BgpRoute | None:
    """The route as the neighbour over iBGP has it, or None.

    What came over iBGP goes on only from or to a client, with who brought it and the reflectors
    it passed written down against loops (RFC 4456); its next hop stays, others' is the teller.
    """
    teller, hearer, source = channel.teller, channel.hearer, route.channel
    if source is not None and source.internal:
        if channel.is_opposite(source) or not (channel.reflects or source.heard.client):
            return None
        clusters = (teller.router_id, *route.clusters)
        if hearer.router_id == route.originator or hearer.router_id in clusters:
            return None
        told = route._replace(clusters=clusters)
    else:
        told = route._replace(
            border=teller.name,
            next_hop=channel.told.local,
            next_node=teller.name,
            originator=teller.router_id,
            clusters=(),
        )
    metric = interior.metric(hearer.name, told.border)
    if metric is None:
        return None
    return told._replace(channel=channel, external=False, metric=metric, address=channel.address)
