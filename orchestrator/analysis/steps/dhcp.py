"""How the client comes by its IPv4 address: DHCP (RFC 2131)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.leases import first_from, planned_lease
from orchestrator.analysis.packets.frames import Frame
from orchestrator.analysis.step import Detail, Proof, Step
from orchestrator.analysis.story import Story, proof
from orchestrator.analysis.teller import Teller
from orchestrator.plan.services import HostSettings

KIND = "dhcp"
_FIELDS = (
    "dhcp.option.dhcp",
    "dhcp.id",
    "dhcp.hw.mac_addr",
    "dhcp.ip.your",
    "dhcp.ip.client",
    "dhcp.option.router",
    "dhcp.option.domain_name_server",
    "dhcp.option.ip_address_lease_time",
    "dhcp.option.dhcp_server_id",
)
_TYPES = {
    "1": "DISCOVER",
    "2": "OFFER",
    "3": "REQUEST",
    "4": "DECLINE",
    "5": "ACK",
    "6": "NAK",
    "7": "RELEASE",
    "8": "INFORM",
}
_NUMBERS = {name: number for number, name in _TYPES.items()}
_TERMS = ("DHCP", "lease", "broadcast")


@dataclass(frozen=True)
class _Message:
    """One of DHCP's, as the client's interface saw it."""

    frame: Frame
    type: str
    found: Dissection

    @property
    def identifier(self) -> str:
        return self.found.one("dhcp.id")

    def prove(self, says: str, *fields: str) -> Proof:
        terms = [f"dhcp.option.dhcp == {_NUMBERS[self.type]}", f"dhcp.id == {self.identifier}"]
        terms += [f"{name} == {self.found.one(name)}" for name in fields if self.found.one(name)]
        return proof(self.frame, " && ".join(terms), f"{self.type}: {says}")


def _tell(story: Story) -> Iterator[Step]:
    messages = list(_messages(story))
    by_exchange: dict[str, list[_Message]] = {}
    for message in messages:
        by_exchange.setdefault(message.identifier, []).append(message)
    for exchange in by_exchange.values():
        yield from _exchange(story, exchange)
    # What was not captured may have been a question.
    if not messages and not story.evidence.drops:
        yield from _kept(story)


def _messages(story: Story) -> Iterator[_Message]:
    """Those to and from the client; on a LAN others' broadcasts come by too."""
    mac = story.client.interfaces[0].mac
    for d in story.dissected(story.client.name, "dhcp.option.dhcp"):
        if d.one("dhcp.hw.mac_addr") == mac:
            kind = _TYPES.get(d.one("dhcp.option.dhcp"), "")
            if kind:
                yield _Message(d.frame, kind, d)


def _exchange(story: Story, messages: list[_Message]) -> Iterator[Step]:
    first, last = messages[0], messages[-1]
    if first.type == "RELEASE":
        yield _released(story, first)
        return
    answer = next((m for m in messages if m.type in ("ACK", "NAK")), None)
    client, server = story.client.name, _server(story, answer or last)
    expected, as_expected = _expect(story, answer)
    names = [m.type for m in messages]
    address = answer.found.one("dhcp.ip.your") if answer else ""
    granted = answer is not None and answer.type == "ACK"
    yield Step(
        kind=KIND,
        title=f"{client} leases {address}" if granted else f"{client} gets no lease",
        told=_told(client, server, messages, answer),
        nodes=(client, server) if server in story.plan.nodes else (client,),
        start_ns=first.frame.time_ns,
        end_ns=last.frame.time_ns,
        proofs=tuple(_proofs(messages)),
        details={"messages": tuple(names), **_details(answer)},
        expected=expected,
        as_expected=as_expected,
        terms=_TERMS,
        milestone=f"{client} asks for an address: DHCP {names[0]}",
    )


def _released(story: Story, message: _Message) -> Step:
    client, server = story.client.name, _server(story, message)
    address = message.found.one("dhcp.ip.client")
    return Step(
        kind=KIND,
        title=f"{client} gives {address} back",
        told=(
            f"{client} tells {server} that it no longer needs {address} (RELEASE). "
            "A visit with empty caches begins so: the client comes as one new on its network."
        ),
        nodes=(client,),
        start_ns=message.frame.time_ns,
        end_ns=message.frame.time_ns,
        proofs=(message.prove("the lease is given back", "dhcp.ip.client"),),
        details={"address": address},
        terms=_TERMS,
    )


def _told(client: str, server: str, messages: list[_Message], answer: _Message | None) -> str:
    names = [m.type for m in messages]
    told = [f"{client} has no address yet and asks by broadcast: {', '.join(names)}."]
    if names[0] != "DISCOVER":
        told = [f"{client} asks for its address again: {', '.join(names)}."]
    if answer is None:
        return " ".join([*told, "Nobody grants it one."])
    if answer.type == "NAK":
        return " ".join([*told, f"{server} refuses."])
    d = answer.found
    told.append(
        f"{server} gives it {d.one('dhcp.ip.your')} for "
        f"{d.one('dhcp.option.ip_address_lease_time')} s, with the router "
        f"{d.one('dhcp.option.router')} and the DNS server "
        f"{', '.join(d.all('dhcp.option.domain_name_server'))}."
    )
    return " ".join(told)


def _server(story: Story, message: _Message) -> str:
    """The name of who has the server's address in the client's home, else the address."""
    address = message.found.one("dhcp.option.dhcp_server_id")
    settings = story.client.settings
    gateway = settings.gateway if isinstance(settings, HostSettings) else ""
    node = story.plan.nodes.get(gateway)
    held = [str(e.ip) for port in node.interfaces for e in port.addresses] if node else []
    return gateway if address in held else address


def _proofs(messages: list[_Message]) -> Iterator[Proof]:
    offered = (
        "dhcp.ip.your",
        "dhcp.option.router",
        "dhcp.option.domain_name_server",
        "dhcp.option.ip_address_lease_time",
    )
    says = {
        "DISCOVER": ("who has an address for me?", ()),
        "OFFER": ("this one", offered),
        "REQUEST": ("I take it", ()),
        "ACK": ("it is yours", offered),
    }
    for message in messages:
        words, fields = says.get(message.type, (message.type.lower(), ()))
        yield message.prove(words, *fields)


def _details(answer: _Message | None) -> dict[str, Detail]:
    if answer is None or answer.type != "ACK":
        return {}
    d = answer.found
    return {
        "address": d.one("dhcp.ip.your"),
        "router": d.one("dhcp.option.router"),
        "dns_servers": d.all("dhcp.option.domain_name_server"),
        "lease_s": int(d.one("dhcp.option.ip_address_lease_time") or 0),
        "server": d.one("dhcp.option.dhcp_server_id"),
    }


def _expect(story: Story, answer: _Message | None) -> tuple[str, bool | None]:
    planned = planned_lease(story, 4)
    if planned is None:
        return "", None
    given = answer.found.one("dhcp.ip.your") if answer else ""
    return f"{planned} is reserved for {story.client.interfaces[0].mac}", given == str(planned)


def _kept(story: Story) -> Iterator[Step]:
    """No question in the capture, and packets with the address that the plan has for the client."""
    planned = planned_lease(story, 4)
    frame = first_from(story, planned) if planned else None
    if planned is None or frame is None:
        return
    client = story.client.name
    yield Step(
        kind=KIND,
        title=f"{client} already has {planned}",
        told=(
            f"{client} sends its first IPv4 packet of this visit from {planned}. No DHCP message "
            "was needed: its lease from before is still valid."
        ),
        nodes=(client,),
        start_ns=frame.time_ns,
        end_ns=frame.time_ns,
        proofs=(proof(frame, f"ip.src == {planned}", f"sent from {planned}"),),
        details={"address": str(planned)},
        saved="four DHCP messages",
        expected=f"{planned} is reserved for {story.client.interfaces[0].mac}",
        as_expected=True,
        terms=_TERMS,
    )


TELLER = Teller(KIND, _tell, _FIELDS, answered=True)
