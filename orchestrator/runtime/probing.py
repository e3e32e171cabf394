"""Asking a node's probes, from inside its namespace, over its own sockets.

A probe that fails says why in a few words; the words are what `lab status` and a start that
does not become ready print.
"""

from __future__ import annotations

import errno
import fcntl
import re
import socket
import ssl
import struct
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from orchestrator.plan.probes import (
    BirdProbe,
    DnsProbe,
    HttpProbe,
    LeaseProbe,
    Probe,
    TcpProbe,
)
from orchestrator.runtime.containers import Container
from orchestrator.runtime.namespaces import entered

_TIMEOUT_S = 2.0
_SIOCGIFADDR = 0x8915
_TYPES = {"A": 1, "SOA": 6}


class NotYet(Exception):
    """The probe's answer is not the one that counts; the message says what it was."""


def ask(probe: Probe, container: Container, ca: Path) -> str:
    """Why the probe fails, or "" when it holds. ``ca`` is the lab's root certificate."""
    asker: Callable[[Any, Container, Path], None] = _ASKERS[type(probe)]
    try:
        asker(probe, container, ca)
    except NotYet as reason:
        return str(reason)
    except (OSError, ValueError, IndexError) as error:
        return f"{_subject(probe)}: {error}"
    return ""


def _subject(probe: Probe) -> str:
    return type(probe).__name__.removesuffix("Probe").lower()


def _open(container: Container, kind: socket.SocketKind) -> socket.socket:
    with entered(container.namespace):
        opened = socket.socket(socket.AF_INET, kind)
    opened.settimeout(_TIMEOUT_S)
    return opened


def _ask_tcp(probe: TcpProbe, container: Container, ca: Path) -> None:
    with _open(container, socket.SOCK_STREAM) as connection:
        connection.connect((str(probe.address), probe.port))


def _ask_http(probe: HttpProbe, container: Container, ca: Path) -> None:
    with _open(container, socket.SOCK_STREAM) as plain:
        plain.connect((str(probe.address), probe.port))
        connection: socket.socket = plain
        if probe.host:
            context = ssl.create_default_context(cafile=str(ca))
            connection = context.wrap_socket(plain, server_hostname=probe.host)
        host = probe.host or str(probe.address)
        connection.sendall(
            f"GET {probe.path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        )
        status = connection.recv(4096).split(b"\r\n", 1)[0].decode("latin-1")
    if status.split(" ")[1:2] != ["200"]:
        raise NotYet(f"http: {probe.path} answers '{status}'")


def _ask_dns(probe: DnsProbe, container: Container, ca: Path) -> None:
    labels = [label.encode() for label in probe.name.rstrip(".").split(".") if label]
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    # RFC 1035 section 4.1: a header with one question; recursion is asked for where allowed.
    flags = 0 if probe.authoritative else 0x0100
    query = struct.pack("!6H", 0x4C61, flags, 1, 0, 0, 0)
    query += name + struct.pack("!2H", _TYPES[probe.kind], 1)
    with _open(container, socket.SOCK_DGRAM) as asking:
        asking.connect((str(probe.address), 53))
        asking.send(query)
        reply = asking.recv(4096)
    _, answered, _, answers, _, _ = struct.unpack("!6H", reply[:12])
    if answered & 0xF or not answers:
        raise NotYet(f"dns: {probe.name} {probe.kind}: rcode {answered & 0xF}, {answers} answers")
    if probe.authoritative and not answered & 0x0400:
        raise NotYet(f"dns: {probe.name}: the answer is not authoritative")


def _ask_bird(probe: BirdProbe, container: Container, ca: Path) -> None:
    states = dict(_bgp_states(container))
    down = [name for name in probe.sessions if states.get(name) != "Established"]
    if down:
        raise NotYet(f"bgp: {len(down)} of {len(probe.sessions)} sessions down: {down[0]} …")
    table = bird(container, "show route primary")
    known = set(re.findall(r"^(?:1007-)?\s*(\d+\.\d+\.\d+\.\d+/\d+)", table, re.MULTILINE))
    missing = [prefix for prefix in probe.prefixes if str(prefix) not in known]
    if missing:
        raise NotYet(f"bgp: {len(missing)} of {len(probe.prefixes)} prefixes missing: {missing[0]}")


def _bgp_states(container: Container) -> list[tuple[str, str]]:
    """Name and state of every BGP session, as `show protocols` tells them."""
    lines = bird(container, "show protocols").splitlines()
    rows = [re.sub(r"^\d{4}-", " ", line).split() for line in lines]
    return [(row[0], row[-1]) for row in rows if len(row) > 4 and row[1] == "BGP"]


def bird(container: Container, command: str) -> str:
    """What BIRD answers over its control socket, codes included. Raises OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
        control.settimeout(_TIMEOUT_S)
        control.connect(f"{container.root}/run/bird.ctl")
        stream = control.makefile("rb")
        stream.readline()  # the greeting
        control.sendall(command.encode() + b"\n")
        lines: list[str] = []
        for raw in stream:
            lines.append(raw.decode())
            # A code followed by a space ends the answer; 8xxx and 9xxx are errors.
            if re.match(r"\d{4} ", lines[-1]):
                break
    return "".join(lines)


def _ask_lease(probe: LeaseProbe, container: Container, ca: Path) -> None:
    held = address_of(container, probe.interface)
    if held != probe.address:
        raise NotYet(f"dhcp: {probe.interface} holds {held} instead of {probe.address}")


def address_of(container: Container, interface: str) -> IPv4Address | None:
    """The first IPv4 address of an interface, or None (netdevice(7))."""
    with _open(container, socket.SOCK_DGRAM) as asking:
        try:
            answer = fcntl.ioctl(
                asking.fileno(), _SIOCGIFADDR, struct.pack("256s", interface.encode())
            )
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                return None
            raise
    return IPv4Address(answer[20:24])


_ASKERS: dict[type[Any], Callable[[Any, Container, Path], None]] = {
    TcpProbe: _ask_tcp,
    HttpProbe: _ask_http,
    DnsProbe: _ask_dns,
    BirdProbe: _ask_bird,
    LeaseProbe: _ask_lease,
}
