"""How the client comes by its IPv6 address: router advertisements (RFC 4861, 6), SLAAC
(RFC 4862), and what it asks of stateless DHCPv6 (RFC 8415, 18.2.6)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Network

from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.leases import first_from, planned_lease
from orchestrator.analysis.step import Proof, Step
from orchestrator.analysis.story import Story, proof
from orchestrator.analysis.teller import Teller
from orchestrator.plan.addresses import eui64

KIND = "slaac"
_FIELDS = (
    "icmpv6.type",
    "icmpv6.opt.prefix",
    "icmpv6.opt.prefix.length",
    "icmpv6.opt.rdnss",
    "dhcpv6.msgtype",
)
_SOLICITATION, _ADVERTISEMENT = "133", "134"
_INFORMATION_REQUEST, _REPLY = "11", "7"
_TERMS = ("SLAAC", "router advertisement", "IPv6 prefix")


def _tell(story: Story) -> Iterator[Step]:
    seen = list(story.dissected(story.client.name, "icmpv6.type"))
    asked = [d for d in seen if d.one("icmpv6.type") == _SOLICITATION and d.frame.outbound]
    heard = [d for d in seen if d.one("icmpv6.type") == _ADVERTISEMENT and not d.frame.outbound]
    for advertisement in heard:
        before = [d for d in asked if d.frame.number < advertisement.frame.number]
        yield _advertised(story, before[-1:], advertisement)
        asked = [d for d in asked if d not in before]
    # What was not captured may have been an advertisement.
    if not heard and not story.evidence.drops:
        yield from _kept(story)
    yield from _informed(story)


def _advertised(story: Story, asked: list[Dissection], heard: Dissection) -> Step:
    client, mac = story.client.name, story.client.interfaces[0].mac
    prefixes = [
        IPv6Network(f"{prefix}/{length}")
        for prefix, length in zip(
            heard.all("icmpv6.opt.prefix"), heard.all("icmpv6.opt.prefix.length"), strict=False
        )
    ]
    made = [str(eui64(prefix, mac)) for prefix in prefixes if prefix.prefixlen == 64]
    servers = heard.all("icmpv6.opt.rdnss")
    planned = planned_lease(story, 6)
    who = f"{client} asks for routers, and its gateway" if asked else "The gateway"
    told = [
        f"{who} advertises {', '.join(map(str, prefixes)) or 'no prefix'}.",
        f"With its MAC address {mac}, {client} makes {', '.join(made)} of it." if made else "",
        f"DNS servers: {', '.join(servers)}." if servers else "",
    ]
    return Step(
        kind=KIND,
        title=f"{client} hears a router advertisement",
        told=" ".join(filter(None, told)),
        nodes=(client,),
        start_ns=(asked or [heard])[0].frame.time_ns,
        end_ns=heard.frame.time_ns,
        proofs=(_prove_advertisement(heard), *_prove_solicitations(asked)),
        details={"prefixes": tuple(map(str, prefixes)), "dns_servers": servers},
        expected=f"{client} is to have {planned}" if planned else "",
        as_expected=str(planned) in made if planned and made else None,
        terms=_TERMS,
        milestone=f"{client} hears a router advertisement",
        moment_ns=heard.frame.time_ns,
    )


def _prove_advertisement(heard: Dissection) -> Proof:
    prefixes = [f"icmpv6.opt.prefix == {p}" for p in heard.all("icmpv6.opt.prefix")]
    terms = [f"icmpv6.type == {_ADVERTISEMENT}", *prefixes]
    return proof(heard.frame, " && ".join(terms), "the router advertises itself")


def _prove_solicitations(asked: list[Dissection]) -> Iterator[Proof]:
    for d in asked:
        yield proof(d.frame, f"icmpv6.type == {_SOLICITATION}", "who is a router here?")


def _informed(story: Story) -> Iterator[Step]:
    """Stateless DHCPv6: no address is asked for, only what else there is to know."""
    found = list(story.dissected(story.client.name, "dhcpv6.msgtype"))
    asked = [d for d in found if d.one("dhcpv6.msgtype") == _INFORMATION_REQUEST]
    replies = [d for d in found if d.one("dhcpv6.msgtype") == _REPLY]
    if not asked:
        return
    proofs = [
        proof(d.frame, f"dhcpv6.msgtype == {d.one('dhcpv6.msgtype')}", says)
        for d, says in ((asked[0], "Information-request"), *((d, "Reply") for d in replies[:1]))
    ]
    client = story.client.name
    answered = "and is told" if replies else "and gets no answer"
    yield Step(
        kind=KIND,
        title=f"{client} asks for DNS servers by DHCPv6",
        told=f"{client} has its address already, asks only for the rest (DNS servers), {answered}.",
        nodes=(client,),
        start_ns=asked[0].frame.time_ns,
        end_ns=(replies or asked)[0].frame.time_ns,
        proofs=tuple(proofs),
        terms=("DHCPv6",),
    )


def _kept(story: Story) -> Iterator[Step]:
    """No advertisement in the capture, and packets with the address that the plan has."""
    planned = planned_lease(story, 6)
    frame = first_from(story, planned) if planned else None
    if planned is None or frame is None:
        return
    client, mac = story.client.name, story.client.interfaces[0].mac
    yield Step(
        kind=KIND,
        title=f"{client} already has {planned}",
        told=(
            f"{client} sends its first IPv6 packet of this visit from {planned}, which it made of "
            f"its home's prefix and its MAC address {mac} (SLAAC) when it last heard its router."
        ),
        nodes=(client,),
        start_ns=frame.time_ns,
        end_ns=frame.time_ns,
        proofs=(proof(frame, f"ipv6.src == {planned}", f"sent from {planned}"),),
        details={"address": str(planned)},
        saved="a router solicitation and its answer",
        expected=f"{client} is to have {planned}",
        as_expected=True,
        terms=_TERMS,
    )


TELLER = Teller(KIND, _tell, _FIELDS)
