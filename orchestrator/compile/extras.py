"""Nodes and links that the user draws by hand, beside what the sections bring."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface, IPv4Network

from orchestrator.compile.addressing import BY_HAND, Pool
from orchestrator.compile.draft import Draft, Machine, Port
from orchestrator.compile.systems import add_ospf_link, add_router
from orchestrator.plan.model import Route
from orchestrator.plan.services import HostSettings, OspfPort
from orchestrator.spec.model import LinkSpec
from orchestrator.spec.problems import did_you_mean

LONGEST_NAME = 15  # IFNAMSIZ of Linux, without its final NUL


def add_nodes(draft: Draft) -> None:
    """Routers join the OSPF and iBGP of their AS; hosts start with nothing but their links."""
    for name, spec in draft.topology.nodes.items():
        path = ("nodes", name)
        if spec.role == "router":
            system = draft.systems[str(spec.as_)]
            machine = add_router(draft, system, name, path)
        else:
            machine = draft.add(name, spec.role, path)
            machine.asn = draft.systems[spec.as_].asn if spec.as_ else None
            machine.settings = HostSettings("", None, None, tuple(draft.topology.zones))
        machine.at = spec.at


def add_links(draft: Draft) -> None:
    """Links by hand: addresses as written, or a /31 out of 172.16.0.0/12."""
    explicit = [a.network for spec in draft.topology.links for a in spec.addresses or ()]
    pool = Pool(BY_HAND, reserved=explicit)
    for index, spec in enumerate(draft.topology.links):
        ends = list(_ends(draft, spec, index))
        if len(ends) == 2:
            (a, name_a), (b, name_b) = ends
            ports = draft.connect(a, b, (name_a, name_b))
            for port, address in zip(ports, _addresses(draft, pool, spec, index), strict=True):
                port.addresses.append(address)
            _route(draft, a, b, ports)


def _ends(draft: Draft, spec: LinkSpec, index: int) -> Iterator[tuple[Machine, str]]:
    known = draft.machines | draft.switches
    for number, end in enumerate(spec.ends):
        path = ("links", index, "ends", number)
        name, _, interface = end.partition(":")
        if name not in known:
            hint = did_you_mean(name, known) or "see 'lab plan' for the nodes there are"
            draft.report(f"there is no node '{name}' to link", *path, hint=hint)
        elif len(interface) > LONGEST_NAME:
            hint = f"at most {LONGEST_NAME} characters"
            draft.report(f"interface name '{interface}' is too long", *path, hint=hint)
        elif interface in [port.name for port in known[name].ports]:
            draft.report(f"'{end}' is taken", *path, hint="choose another, or none")
        else:
            yield known[name], interface


def _addresses(
    draft: Draft, pool: Pool, spec: LinkSpec, index: int
) -> tuple[IPv4Interface, IPv4Interface]:
    if spec.addresses is not None:
        return spec.addresses[0], spec.addresses[1]
    prefix = draft.take(pool, 31, "link", ("links", index))
    return IPv4Interface((prefix[0], 31)), IPv4Interface((prefix[-1], 31))


def _route(draft: Draft, a: Machine, b: Machine, ports: tuple[Port, Port]) -> None:
    """Within an AS the link joins OSPF; a host that hangs off a router routes through it."""
    if a.role == b.role == "router" and a.asn == b.asn:
        add_ospf_link(draft, a, b, ports[0].name, ports[1].name)
        return
    for router, port, other in ((a, ports[0], b), (b, ports[1], a)):
        if router.role == "router" and other.role == "host":
            draft.ospf[router.name].append(OspfPort(port.name, 10, stub=True))
            if not other.routes:
                everywhere = IPv4Network("0.0.0.0/0")
                other.routes.append(Route(everywhere, port.addresses[0].ip))
