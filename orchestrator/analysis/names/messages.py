"""DNS messages as tshark reads them (RFC 1035).

tshark gives a message's records as one list per field; they are put together again here: each
record takes the next value of the field of its type.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.packets.frames import Frame

Section = Literal["answer", "authority", "additional"]
_RESPONSE, _AUTHORITATIVE, _TRUNCATED, _RCODE = 0x8000, 0x0400, 0x0200, 0x000F
_TYPES = {"1": "A", "2": "NS", "5": "CNAME", "6": "SOA", "28": "AAAA", "41": "OPT", "65": "HTTPS"}
NUMBERS = {name: number for number, name in _TYPES.items()}
# The field that holds what a record of a type says, in the order of the message.
VALUE_FIELDS = {
    "A": "dns.a",
    "AAAA": "dns.aaaa",
    "NS": "dns.ns",
    "CNAME": "dns.cname",
    "SOA": "dns.soa.mname",
}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
FIELDS = (
    "dns.id",
    "dns.flags",
    "dns.qry.name",
    "dns.qry.type",
    "dns.count.answers",
    "dns.count.auth_rr",
    "dns.resp.name",
    "dns.resp.type",
    "dns.resp.ttl",
    *VALUE_FIELDS.values(),
    "dns.opt.client.addr4",
    "dns.opt.client.addr6",
)


@dataclass(frozen=True)
class ResourceRecord:
    """A record of a message; ``value`` is "" for types that no step tells of."""

    section: Section
    name: str
    type: str
    ttl: int
    value: str


@dataclass(frozen=True)
class Message:
    """A query or a response. Names are as tshark writes them; the root is "<Root>"."""

    frame: Frame
    identifier: str
    flags: int
    name: str
    type: str
    records: tuple[ResourceRecord, ...] = ()
    client_subnet: str = ""

    @property
    def is_response(self) -> bool:
        """Whether the message is a response (its QR bit, RFC 1035)."""
        return bool(self.flags & _RESPONSE)

    @property
    def is_authoritative(self) -> bool:
        """AA: of the server's own zone."""
        return bool(self.flags & _AUTHORITATIVE)

    @property
    def is_truncated(self) -> bool:
        """TC: too long for UDP."""
        return bool(self.flags & _TRUNCATED)

    @property
    def rcode(self) -> str:
        """The response code by its name: NOERROR, NXDOMAIN, …."""
        code = self.flags & _RCODE
        return RCODES.get(code, str(code))

    @property
    def last_name(self) -> str:
        """The name that its code is about: the last that CNAMEs lead to (RFC 6604)."""
        aliases = {r.name.lower(): r.value for r in self.of("answer", "CNAME")}
        name, seen = self.name, set[str]()
        while name.lower() in aliases and name.lower() not in seen:
            seen.add(name.lower())
            name = aliases[name.lower()]
        return name

    def of(self, section: Section, *types: str) -> tuple[ResourceRecord, ...]:
        """The records of a section, of some types or of all."""
        return tuple(
            r for r in self.records if r.section == section and (not types or r.type in types)
        )

    @property
    def is_referral(self) -> bool:
        """Whether it names other servers, below, in place of an answer (RFC 1034, 4.3.1)."""
        servers = self.of("authority", "NS")
        return bool(servers) and not self.is_authoritative and not self.of("answer")


def read_message(dissection: Dissection) -> Message:
    """The (first) DNS message of a frame."""
    subnet = dissection.one("dns.opt.client.addr4") or dissection.one("dns.opt.client.addr6")
    kind = dissection.one("dns.qry.type")
    return Message(
        frame=dissection.frame,
        identifier=dissection.one("dns.id"),
        flags=int(dissection.one("dns.flags") or "0", 0),
        name=dissection.one("dns.qry.name"),
        type=_TYPES.get(kind, f"TYPE{kind}"),
        records=tuple(_records(dissection)),
        client_subnet=subnet,
    )


def _records(dissection: Dissection) -> Iterator[ResourceRecord]:
    values = {kind: iter(dissection.all(field)) for kind, field in VALUE_FIELDS.items()}
    ttls = iter(dissection.all("dns.resp.ttl"))
    answers = int(dissection.one("dns.count.answers") or 0)
    authority = answers + int(dissection.one("dns.count.auth_rr") or 0)
    pairs = zip(dissection.all("dns.resp.name"), dissection.all("dns.resp.type"), strict=False)
    for place, (name, number) in enumerate(pairs):
        kind = _TYPES.get(number, f"TYPE{number}")
        if kind == "OPT":  # no record: its TTL is flags (RFC 6891), which tshark names otherwise
            continue
        section: Section = "additional"
        if place < authority:
            section = "answer" if place < answers else "authority"
        value = next(values[kind], "") if kind in values else ""
        yield ResourceRecord(section, name, kind, int(next(ttls, "0")), value)
