"""Who has this address on the link? ARP (RFC 826) and Neighbor Discovery (RFC 4861, 7.2).

Told of the client and of its gateway; what routers ask each other is in their captures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.packets.frames import Frame
from orchestrator.analysis.step import Step
from orchestrator.analysis.story import Story, proof
from orchestrator.analysis.teller import Teller, one_unless_saved
from orchestrator.plan.addresses import Address, Family
from orchestrator.plan.hops import is_held
from orchestrator.plan.model import Interface, Node, Plan
from orchestrator.plan.services import HostSettings

KIND = "neighbour"


_SOLICITATION, _ADVERTISEMENT = "135", "136"
_FIELDS = (
    "arp.opcode",
    "arp.src.proto_ipv4",
    "arp.dst.proto_ipv4",
    "arp.src.hw_mac",
    "eth.src",
    "eth.dst",
    "icmpv6.type",
    "icmpv6.nd.ns.target_address",
    "icmpv6.nd.na.target_address",
)
_TERMS = {4: ("ARP", "MAC address", "broadcast"), 6: ("NDP", "MAC address", "multicast")}


@dataclass(frozen=True)
class _Message:
    """Of ARP or NDP: about which address, and for an answer which MAC has it."""

    frame: Frame
    about: Address
    is_answer: bool
    mac: str
    to_all: bool

    @property
    def shows(self) -> str:
        if self.about.version == 6:
            kind = ("na", _ADVERTISEMENT) if self.is_answer else ("ns", _SOLICITATION)
            field = f"icmpv6.nd.{kind[0]}.target_address == {self.about}"
            has = f" && eth.src == {self.mac}" if self.is_answer else ""
            return f"icmpv6.type == {kind[1]} && {field}{has}"
        if self.is_answer:
            holds = f"arp.src.proto_ipv4 == {self.about} && arp.src.hw_mac == {self.mac}"
            return f"arp.opcode == 2 && {holds}"
        return f"arp.opcode == 1 && arp.dst.proto_ipv4 == {self.about}"


def _tell(story: Story) -> Iterator[Step]:
    client = story.client
    gateway = client.settings.gateway if isinstance(client.settings, HostSettings) else ""
    yield from _questions(story, client)
    if gateway in story.plan.nodes:
        for step in _questions(story, story.plan.nodes[gateway]):
            # That it checks now and then who is still there is of no interest to the visit.
            if not step.details["check"] or step.as_expected is not True:
                yield step
    yield from _remembered(story)


def _questions(story: Story, node: Node) -> Iterator[Step]:
    """Each question of a node; one that is repeated before it is answered is one step."""
    asked: dict[tuple[str, Address], list[_Message]] = {}
    for message in _messages(story, node.name):
        key = (message.frame.captured.interface, message.about)
        if message.frame.outbound and not message.is_answer:
            asked.setdefault(key, []).append(message)
        elif message.is_answer and not message.frame.outbound and key in asked:
            yield _step(story, node, asked.pop(key), message)
    for questions in asked.values():
        yield _step(story, node, questions, None)


def _messages(story: Story, node: str) -> Iterator[_Message]:
    for d in story.dissected(node, "arp.opcode", "icmpv6.type"):
        # The lowest bit of the first octet tells multicast and broadcast (IEEE 802).
        to_all = bool(int(d.one("eth.dst")[:2] or "0", 16) & 1)
        message = _read_arp(d, to_all) if d.has("arp.opcode") else _read_ndp(d, to_all)
        if message is not None:
            yield message


def _read_arp(d: Dissection, to_all: bool) -> _Message | None:
    is_answer = d.one("arp.opcode") == "2"
    about = d.one("arp.src.proto_ipv4" if is_answer else "arp.dst.proto_ipv4")
    mac = d.one("arp.src.hw_mac") if is_answer else ""
    return _Message(d.frame, ip_address(about), is_answer, mac, to_all) if about else None


def _read_ndp(d: Dissection, to_all: bool) -> _Message | None:
    kind = d.one("icmpv6.type")
    if kind not in (_SOLICITATION, _ADVERTISEMENT):
        return None
    is_answer = kind == _ADVERTISEMENT
    about = d.one(f"icmpv6.nd.{'na' if is_answer else 'ns'}.target_address")
    mac = d.one("eth.src") if is_answer else ""
    return _Message(d.frame, ip_address(about), is_answer, mac, to_all) if about else None


def _step(story: Story, node: Node, asked: list[_Message], answer: _Message | None) -> Step:
    first, about = asked[0], asked[0].about
    holder = _holder(story.plan, node, first.frame, about)
    expected = holder[1].mac if holder else ""
    name = holder[0] if holder else "nobody in the plan"
    end = answer or asked[-1]
    proofs = [proof(question.frame, question.shows, f"{node.name} asks") for question in asked]
    proofs += [proof(answer.frame, answer.shows, f"{name} answers")] if answer else []
    if answer is None:
        title = f"Nobody tells {node.name} who has {about}"
    elif first.to_all:
        title = f"{node.name} learns the MAC address of {name} ({about})"
    else:
        title = f"{node.name} checks that {name} is still there ({about})"
    return Step(
        kind=KIND,
        title=title,
        told=_told(node, name, asked, answer),
        nodes=(node.name, holder[0]) if holder else (node.name,),
        start_ns=first.frame.time_ns,
        end_ns=end.frame.time_ns,
        proofs=tuple(proofs),
        details={
            "address": str(about),
            "mac": answer.mac if answer else "",
            "asked": len(asked),
            "check": not first.to_all,
        },
        expected=f"{about} is at {expected}" if expected else "",
        as_expected=answer.mac == expected if answer and expected else None,
        terms=_TERMS[about.version],
        milestone=f"{node.name} asks who has {about}",
    )


def _told(node: Node, name: str, asked: list[_Message], answer: _Message | None) -> str:
    first, about = asked[0], asked[0].about
    kind = "ARP" if about.version == 4 else "Neighbor Discovery"
    whom = "its neighbour alone" if not first.to_all else "all on the link"
    if first.to_all and about.version == 6:
        whom = "the multicast group of that address"
    told = [f"{node.name} asks {whom} by {kind}: who has {about}? (That is {name}.)"]
    if len(asked) > 1:
        told.append(f"It has to ask {len(asked)} times.")
    if answer is None:
        told.append("No answer comes.")
    else:
        took_ms = (answer.frame.time_ns - first.frame.time_ns) / 1e6
        told.append(f"After {took_ms:.2f} ms the answer: it is at {answer.mac}.")
    return " ".join(told)


def _holder(plan: Plan, node: Node, frame: Frame, about: Address) -> tuple[str, Interface] | None:
    """Whose address it is, of those on this link or LAN, and at which interface."""
    mine = node.interface(frame.captured.interface)
    for other in plan.nodes.values():
        for interface in other.interfaces:
            held = about == interface.link_local or is_held(other, about)
            if interface != mine and held and _same_link(plan, mine, interface):
                return other.name, interface
    return None


def _remembered(story: Story) -> Iterator[Step]:
    """The gateway's MAC address, where the client sent to it without asking first."""
    settings = story.client.settings
    # What was not captured may have been a question.
    if story.evidence.drops or not isinstance(settings, HostSettings):
        return
    if settings.gateway not in story.plan.nodes:
        return
    mine = story.client.interfaces[0]
    gateway = story.plan.nodes[settings.gateway]
    theirs = next((i for i in gateway.interfaces if _same_link(story.plan, mine, i)), None)
    families: tuple[Family, ...] = (4, 6)
    for family in families:
        frame = _first_sent(story, family)
        if theirs is not None and frame is not None and not _asked(story, gateway, family, frame):
            yield _saved_step(story, gateway, theirs, family, frame)


def _same_link(plan: Plan, a: Interface, b: Interface) -> bool:
    """Whether two interfaces are on one link or LAN."""
    ends = [{plan.links[i.link].a.node, plan.links[i.link].b.node} for i in (a, b)]
    return a.link == b.link or bool(ends[0] & ends[1] & set(plan.switches))


def _first_sent(story: Story, family: Family) -> Frame | None:
    """The first packet that the client sent to one node, broadcast and multicast aside."""
    for frame in story.frames_of(story.client.name):
        if frame.outbound and frame.source and frame.source_address.version == family:
            to_one = not frame.captured.data[0] & 1 if frame.captured.data else False
            if to_one and any(frame.source):
                return frame
    return None


def _asked(story: Story, gateway: Node, family: Family, before: Frame) -> bool:
    """Whether the client asked for its gateway, or could have learnt of it otherwise."""
    for message in _messages(story, story.client.name):
        own = message.frame.outbound and not message.is_answer and message.to_all
        link_locals = [interface.link_local for interface in gateway.interfaces]
        for_gateway = is_held(gateway, message.about) or message.about in link_locals
        earlier = message.frame.number < before.number
        if message.about.version == family and (earlier or (own and for_gateway)):
            return True
    return False


def _saved_step(
    story: Story, gateway: Node, theirs: Interface, family: Family, frame: Frame
) -> Step:
    mac, client = frame.captured.data[:6].hex(":"), story.client.name
    kind = "ARP" if family == 4 else "Neighbor Discovery"
    shows = f"eth.dst == {mac} && {'ip' if family == 4 else 'ipv6'}"
    return Step(
        kind=KIND,
        title=f"{client} still knows the MAC address of {gateway.name} (IPv{family})",
        told=(
            f"{client} sends its first IPv{family} packet of this visit to {mac} at once. It has "
            f"the address of {gateway.name} in its neighbour cache and does not ask by {kind}."
        ),
        nodes=(client, gateway.name),
        start_ns=frame.time_ns,
        end_ns=frame.time_ns,
        proofs=(proof(frame, shows, f"sent to {mac} without a question"),),
        details={"mac": mac},
        saved=f"a question by {kind}",
        expected=f"{gateway.name} is at {theirs.mac}",
        as_expected=mac == theirs.mac,
        terms=_TERMS[family],
    )


TELLER = Teller(KIND, _tell, _FIELDS, answered=True, round_trips=one_unless_saved, alike=True)
