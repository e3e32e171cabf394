"""DNS messages for a Recording, seen at both ends, as tshark would read them."""

from __future__ import annotations

from orchestrator.analysis.packets.frames import TCP, UDP
from tests.unit.analysis.builders import Recording

NUMBERS = {"A": "1", "NS": "2", "CNAME": "5", "SOA": "6", "AAAA": "28"}
FIELDS = {
    "A": "dns.a",
    "NS": "dns.ns",
    "CNAME": "dns.cname",
    "SOA": "dns.soa.mname",
    "AAAA": "dns.aaaa",
}
# A record as (owner, type, ttl, value).
Record = tuple[str, str, int, str]
End = tuple[str, str]  # node, address


def ask(
    run: Recording,
    at_ms: float,
    asker: End,
    server: End,
    name: str,
    kind: str,
    *,
    identifier: str = "0x0001",
    arrives: bool = True,
    over_tcp: bool = False,
) -> None:
    """A query, which reaches the server 1 ms later (or gets lost)."""
    fields = _question(identifier, "0x0100", name, kind)
    said = f"{identifier}{name}{kind}?"
    _cross(run, at_ms, asker, server, fields, (40000, 53), arrives, said, over_tcp)


def answer(
    run: Recording,
    at_ms: float,
    server: End,
    asker: End,
    name: str,
    kind: str,
    *,
    answers: tuple[Record, ...] = (),
    authority: tuple[Record, ...] = (),
    additional: tuple[Record, ...] = (),
    flags: str = "0x8180",
    identifier: str = "0x0001",
    arrives: bool = True,
    over_tcp: bool = False,
) -> None:
    """A response, which reaches the asker 1 ms later (or gets lost)."""
    records = (*answers, *authority, *additional)
    fields: dict[str, str | tuple[str, ...]] = {
        **_question(identifier, flags, name, kind),
        "dns.count.answers": str(len(answers)),
        "dns.count.auth_rr": str(len(authority)),
        "dns.resp.name": (*(r[0] for r in records), "<Root>"),
        "dns.resp.type": (*(NUMBERS[r[1]] for r in records), "41"),
        "dns.resp.ttl": tuple(str(r[2]) for r in records),
    }
    for kind_of_record, field in FIELDS.items():
        fields[field] = tuple(r[3] for r in records if r[1] == kind_of_record)
    found = {field: value for field, value in fields.items() if value}
    said = f"{identifier}{name}{kind}!"
    _cross(run, at_ms, server, asker, found, (53, 40000), arrives, said, over_tcp)


def _question(
    identifier: str, flags: str, name: str, kind: str
) -> dict[str, str | tuple[str, ...]]:
    return {
        "dns.id": identifier,
        "dns.flags": flags,
        "dns.qry.name": name,
        "dns.qry.type": NUMBERS[kind],
    }


def _cross(
    run: Recording,
    at_ms: float,
    sender: End,
    receiver: End,
    fields: dict[str, str | tuple[str, ...]],
    ports: tuple[int, int],
    arrives: bool,
    said: str,
    over_tcp: bool,
) -> None:
    seen = [(sender[0], at_ms, True), (receiver[0], at_ms + 1.0, False)]
    for node, when, out in seen if arrives else seen[:1]:
        run.saw(
            node,
            when,
            fields,
            layers="tcp:dns" if over_tcp else "udp:dns",
            out=out,
            source=sender[1],
            target=receiver[1],
            ports=ports,
            protocol=TCP if over_tcp else UDP,
            identity=hash((said, over_tcp)),
        )
