"""The sessions of a BIRD as it tells them: BGP, RTR and BFD, and its OSPF neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from orchestrator.plan.addresses import Address
from orchestrator.runtime.daemons.health import bird, protocols
from orchestrator.runtime.daemons.rib import lines_of
from orchestrator.runtime.engine.containers import Container

_PROTOCOL = re.compile(
    r"^(?P<name>\S+)\s+(?P<kind>BGP|RPKI)\s+\S+\s+(?P<state>\w+)\s+(?P<since>\S+)\s+(?P<info>\S*)"
    r"\s*(?P<error>.*)$"
)
_DETAIL = re.compile(r"^\s+(?P<key>[\w .]+?)\s*:\s+(?P<value>.*)$")
_COUNTS = re.compile(r"(\d+) (imported|exported|preferred)")
_ROAS = re.compile(r"(\d+) of \d+ routes")
_UP = "Established"


@dataclass(frozen=True)
class Session:
    """A session as BIRD has it. ``state`` is BGP's (RFC 4271, section 8), or BIRD's of an RTR
    session; ``since`` is when its protocol last went up or down, ``error`` the last one."""

    name: str
    kind: str
    state: str
    since: str
    error: str
    imported: int = 0
    exported: int = 0
    best: int = 0

    @property
    def is_up(self) -> bool:
        """Whether it is established."""
        return self.state == _UP


@dataclass(frozen=True)
class Adjacency:
    """An OSPF neighbour: the instance of BIRD's, the interface towards it and the state."""

    instance: str
    router_id: str
    interface: str
    state: str

    @property
    def is_up(self) -> bool:
        """Whether both have each other's whole database (RFC 2328, section 10.1)."""
        return self.state.startswith("Full")


@dataclass(frozen=True)
class Bird:
    """What a BIRD tells of its sessions. ``bfd`` is the state of each neighbour that is watched;
    ``roas`` counts those that RTR servers told, of both families."""

    sessions: dict[str, Session]
    bfd: dict[Address, str]
    adjacencies: tuple[Adjacency, ...]
    roas: int


def sessions_of(container: Container, validates: bool) -> Bird:
    """Ask a BIRD. ``validates`` says that it has tables of ROAs. Raises OSError."""
    tables = ("roas4", "roas6") if validates else ()
    return Bird(
        read_sessions(protocols(container, "all")),
        read_bfd(bird(container, "show bfd sessions")),
        read_adjacencies(bird(container, "show ospf neighbors")),
        sum(read_count(bird(container, f"show route table {table} count")) for table in tables),
    )


def read_sessions(answer: str) -> dict[str, Session]:
    """BGP and RTR sessions of `show protocols all`, by name."""
    return {session.name: session for session in _sessions(lines_of(answer))}


def _sessions(lines: list[str]) -> Iterator[Session]:
    heads = [n for n, line in enumerate(lines) if line and not line[0].isspace()]
    for start, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        head = _PROTOCOL.match(lines[start])
        if head is None:
            continue
        details = {d["key"]: d["value"] for line in lines[start:end] if (d := _DETAIL.match(line))}
        counts = {what: int(count) for count, what in _COUNTS.findall(details.get("Routes", ""))}
        yield Session(
            head["name"],
            head["kind"],
            # Of one that is down it says why instead, in several words.
            head["state"] if head["state"] == "down" else head["info"] or head["state"],
            head["since"],
            details.get("Last error", head["error"]).strip(),
            counts.get("imported", 0),
            counts.get("exported", 0),
            counts.get("preferred", 0),
        )


def read_bfd(answer: str) -> dict[Address, str]:
    """The state of each session of `show bfd sessions`, by its neighbour."""
    rows = [line.split() for line in lines_of(answer)]
    return {ip_address(row[0]): row[2] for row in rows if len(row) == 6 and _is_address(row[0])}


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def read_adjacencies(answer: str) -> tuple[Adjacency, ...]:
    """The neighbours of `show ospf neighbors`, of every instance."""
    found: list[Adjacency] = []
    instance = ""
    for line in lines_of(answer):
        fields = line.split()
        if len(fields) == 1 and fields[0].endswith(":"):
            instance = fields[0][:-1]
        elif len(fields) == 6 and _is_address(fields[0]):
            found.append(Adjacency(instance, fields[0], fields[4], fields[2]))
    return tuple(found)


def read_count(answer: str) -> int:
    """The number of routes of `show route … count`."""
    found = _ROAS.search(answer)
    return int(found[1]) if found else 0
