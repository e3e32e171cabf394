"""Asking a node's checks, from inside its namespace, over its own sockets.

A check that fails says why in a few words; the words are what `lab status` and a start that
does not become ready print.
"""

from __future__ import annotations

import functools
import re
import socket
import ssl
import struct
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from pyroute2.netlink.exceptions import NetlinkError

from orchestrator.plan.addresses import Address, Prefix
from orchestrator.plan.health import (
    BirdCheck,
    DnsCheck,
    HealthCheck,
    HttpCheck,
    LeaseCheck,
    TcpCheck,
    UdpCheck,
)
from orchestrator.refusals import why
from orchestrator.runtime.engine.containers import Container
from orchestrator.runtime.engine.inside import conversation
from orchestrator.runtime.network.namespaces import entered, routing_socket
from orchestrator.runtime.polling import wait_for

_TIMEOUT_S = 2.0
_NEWS_WITHIN_S = 2.0
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_TYPES = {"A": 1, "SOA": 6, "AAAA": 28}
# A row of BIRD's: the first of an answer follows a code and a dash, the others a space.
_ROW = re.compile(r"^(?:\d{4}-| )(\S.*)", re.MULTILINE)
_PREFIX = re.compile(r"^(?:\d{4}-| )([0-9a-f.:]+/\d+) ", re.MULTILINE)
# The last line of an answer: a code followed by a space. 8xxx and 9xxx are errors.
_END = re.compile(rb"(?:^|\n)\d{4} [^\n]*\n$")
_SESSIONS = ("BGP", "RPKI")


class NotYet(Exception):
    """The check's answer is not the one that counts; the message says what it was."""


def ask(check: HealthCheck, container: Container, ca: Path, tries: int = 1) -> str:
    """Why the check fails, or "" when it holds. ``ca`` is the lab's root certificate.

    Who gives no answer in time is asked so many times in all; any answer is one.
    """
    asker: Callable[[Any, Container, Path], None] = _ASKERS[type(check)]
    try:
        asker(check, container, ca)
    except NotYet as reason:
        return str(reason)
    except TimeoutError as error:
        if tries > 1:
            return ask(check, container, ca, tries - 1)
        return f"{_subject(check)}: {why(error)}"
    except (OSError, NetlinkError, ValueError, IndexError) as error:
        return f"{_subject(check)}: {why(error)}"
    return ""


def _subject(check: HealthCheck) -> str:
    return type(check).__name__.removesuffix("Check").lower()


def _connect(
    container: Container, address: Address, port: int, kind: socket.SocketKind
) -> socket.socket:
    with entered(container.namespace):
        opened = socket.socket(_FAMILIES[address.version], kind)
    opened.settimeout(_TIMEOUT_S)
    try:
        opened.connect((str(address), port))
    except BaseException:
        opened.close()
        raise
    return opened


def _ask_tcp(check: TcpCheck, container: Container, ca: Path) -> None:
    _connect(container, check.address, check.port, socket.SOCK_STREAM).close()


def _ask_udp(check: UdpCheck, container: Container, ca: Path) -> None:
    """Whether a socket is bound, as proc(5) tells it: local address and port in hexadecimal."""
    tables = (Path(f"/proc/{container.pid}/net/{name}").read_text() for name in ("udp", "udp6"))
    locals_ = [row.split()[1] for table in tables for row in table.splitlines()[1:]]
    if not any(local.endswith(f":{check.port:04X}") for local in locals_):
        raise NotYet(f"udp: nothing listens at port {check.port}")


def _ask_http(check: HttpCheck, container: Container, ca: Path) -> None:
    with _connect(container, check.address, check.port, socket.SOCK_STREAM) as plain:
        connection: socket.socket = plain
        if check.host:
            context = ssl.create_default_context(cafile=str(ca))
            connection = context.wrap_socket(plain, server_hostname=check.host)
        host = check.host or _in_url(check.address)
        connection.sendall(
            f"GET {check.path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        )
        status = connection.recv(4096).split(b"\r\n", 1)[0].decode("latin-1")
    if status.split(" ")[1:2] != ["200"]:
        raise NotYet(f"http: {check.path} answers '{status}'")


def _in_url(address: Address) -> str:
    """An address as a URL has it, and a Host header (RFC 3986, 3.2.2)."""
    return f"[{address}]" if address.version == 6 else str(address)


def _ask_dns(check: DnsCheck, container: Container, ca: Path) -> None:
    labels = [label.encode() for label in check.name.rstrip(".").split(".") if label]
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    # RFC 1035 section 4.1: a header with one question; recursion is asked for where allowed.
    flags = 0 if check.authoritative else 0x0100
    query = struct.pack("!6H", 0x4C61, flags, 1, 0, 0, 0)
    query += name + struct.pack("!2H", _TYPES[check.kind], 1)
    with _connect(container, check.address, 53, socket.SOCK_DGRAM) as asking:
        asking.send(query)
        reply = asking.recv(4096)
    _, answered, _, answers, _, _ = struct.unpack("!6H", reply[:12])
    if answered & 0xF or not answers:
        raise NotYet(f"dns: {check.name} {check.kind}: rcode {answered & 0xF}, {answers} answers")
    if check.authoritative and not answered & 0x0400:
        raise NotYet(f"dns: {check.name}: the answer is not authoritative")


def _ask_bird(check: BirdCheck, container: Container, ca: Path) -> None:
    told = protocols(container)
    up = established(told)
    down = [name for name in check.sessions if name not in up]
    if down:
        raise NotYet(f"bird: {len(down)} of {len(check.sessions)} sessions down: {down[0]} …")
    open_yet = [name for name in check.shut if name not in shut_down(told)]
    if open_yet:
        raise NotYet(f"bird: its limit of prefixes has not shut {open_yet[0]}")
    # By name, or the tables of ROAs would be told as well.
    known = prefixes(bird(container, "show route table master4 table master6 primary"))
    missing = [written for written in map(_written, check.prefixes) if written not in known]
    if missing:
        count = f"{len(missing)} of {len(check.prefixes)}"
        raise NotYet(f"bird: {count} prefixes missing: {missing[0]} …")


def protocols(container: Container, which: str = "") -> str:
    """What BIRD tells of its protocols (``which`` may be "all"), of RTR sessions when no news is on
    its way: BIRD asks their server every minute, and calls none established until all is there."""
    told = list[str]()

    def is_settled() -> bool:
        told.append(bird(container, f"show protocols {which}".rstrip()))
        return "Sync-" not in told[-1]

    wait_for(is_settled, _NEWS_WITHIN_S, every_s=0.02)
    return told[-1]


@functools.cache
def _written(prefix: Prefix) -> str:
    """A prefix as text, which takes longer than all else that is asked of a large table."""
    return str(prefix)


def established(answer: str) -> set[str]:
    """Names of the sessions, with neighbours or RTR servers, that `show protocols` tells are up."""
    rows = [row.split() for row in _ROW.findall(answer)]
    return {
        row[0] for row in rows if row[1:2] and row[1] in _SESSIONS and row[5:6] == ["Established"]
    }


def shut_down(answer: str) -> set[str]:
    """Names of the sessions that `show protocols` tells BIRD has shut itself, as a limit has it."""
    rows = [row.split() for row in _ROW.findall(answer)]
    return {row[0] for row in rows if row[1:2] and row[1] in _SESSIONS and row[3:4] == ["down"]}


def prefixes(answer: str) -> set[str]:
    """The prefixes that `show route` tells, written as Python writes them (RFC 5952)."""
    return set(_PREFIX.findall(answer))


def bird(container: Container, command: str) -> str:
    """What BIRD answers over its control socket, codes included. Raises OSError."""
    with conversation(container, "/run/bird.ctl") as control:
        control.hear(_is_whole)  # the greeting
        control.say(f"{command}\n")
        return control.hear(_is_whole)


def _is_whole(answer: bytearray) -> bool:
    return bool(_END.search(answer, max(0, answer.rfind(b"\n", 0, -1))))


def _ask_lease(check: LeaseCheck, container: Container, ca: Path) -> None:
    if check.address not in held_addresses(container, check.interface):
        raise NotYet(f"lease: {check.interface} does not hold {check.address}")


def held_addresses(container: Container, interface: str) -> set[Address]:
    """What an interface holds now, of both families; nothing where there is no such interface."""
    with routing_socket(container.namespace) as asking:
        return {
            ip_address(entry.get_attr("IFA_LOCAL") or entry.get_attr("IFA_ADDRESS"))
            for index in asking.link_lookup(ifname=interface)
            for entry in asking.get_addr(index=index)
        }


_ASKERS: dict[type[Any], Callable[[Any, Container, Path], None]] = {
    TcpCheck: _ask_tcp,
    UdpCheck: _ask_udp,
    HttpCheck: _ask_http,
    DnsCheck: _ask_dns,
    BirdCheck: _ask_bird,
    LeaseCheck: _ask_lease,
}
