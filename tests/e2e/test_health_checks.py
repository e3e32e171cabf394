"""Health checks asked of small servers in a namespace of their own, over both families.

Needs root, no Docker: a namespace stands for a container.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest

from orchestrator.plan.addresses import Address
from orchestrator.plan.health import DnsCheck, HttpCheck, LeaseCheck, TcpCheck
from orchestrator.runtime.daemons.health import ask
from orchestrator.runtime.network.namespaces import (
    create_namespace,
    entered,
    path_of,
    remove_namespace,
    routing_socket,
)
from tests.e2e.standins import Standin, standin

IPV4, IPV6 = ip_address("127.0.0.1"), ip_address("::1")
BOTH = pytest.mark.parametrize("address", [IPV4, IPV6], ids=["IPv4", "IPv6"])
_PORT = 8080
_AAAA = 28


@pytest.fixture
def node() -> Iterator[Standin]:
    """A namespace in which nothing but the loopback is there."""
    name = f"probing-{os.getpid()}"
    create_namespace(name)
    with routing_socket(path_of(name)) as asking:
        asking.link("set", index=1, state="up")
    yield standin(path_of(name))
    remove_namespace(name)


def opened(node: Standin, address: Address, port: int, kind: socket.SocketKind) -> socket.socket:
    """A socket of the node's, bound; it gives up after two seconds."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with entered(node.namespace):
        serving = socket.socket(family, kind)
    serving.settimeout(2)
    serving.bind((str(address), port))
    return serving


def answering(serving: socket.socket, answer: Callable[[bytes], bytes]) -> Thread:
    """A server that answers one request."""

    def serve() -> None:
        with serving, suppress(TimeoutError):
            if serving.type == socket.SOCK_DGRAM:
                request, origin = serving.recvfrom(2048)
                serving.sendto(answer(request), origin)
                return
            with serving.accept()[0] as connection:
                connection.sendall(answer(connection.recv(2048)))

    if serving.type == socket.SOCK_STREAM:
        serving.listen()
    thread = Thread(target=serve)
    thread.start()
    return thread


@BOTH
def test_something_listens_or_not(node: Standin, address: Address) -> None:
    check = TcpCheck(address, _PORT)
    assert "refused" in ask(check, node, Path())
    with opened(node, address, _PORT, socket.SOCK_STREAM) as serving:
        serving.listen()
        assert ask(check, node, Path()) == ""


@pytest.mark.parametrize(("address", "host"), [(IPV4, b"127.0.0.1"), (IPV6, b"[::1]")])
def test_a_web_server_is_asked_by_its_address(node: Standin, address: Address, host: bytes) -> None:
    requests: list[bytes] = []

    def answer(request: bytes) -> bytes:
        requests.append(request)
        return b"HTTP/1.1 200 OK\r\n\r\n"

    thread = answering(opened(node, address, _PORT, socket.SOCK_STREAM), answer)
    assert ask(HttpCheck(address, _PORT, "/healthz"), node, Path()) == ""
    thread.join()
    assert b"\r\nHost: " + host + b"\r\n" in requests[0]


@BOTH
def test_a_name_server_is_asked_for_an_ipv6_address(node: Standin, address: Address) -> None:
    def answer(query: bytes) -> bytes:
        (kind,) = struct.unpack("!H", query[-4:-2])
        return query[:2] + struct.pack("!5H", 0x8400, 1, int(kind == _AAAA), 0, 0) + query[12:]

    for kind, reason in (("AAAA", ""), ("A", "0 answers")):
        thread = answering(opened(node, address, 53, socket.SOCK_DGRAM), answer)
        check = DnsCheck(address, "www.example.com", kind, authoritative=True)
        assert ask(check, node, Path()).endswith(reason)
        thread.join()


@BOTH
def test_an_interface_holds_an_address_or_not(node: Standin, address: Address) -> None:
    assert ask(LeaseCheck("lo", address), node, Path()) == ""
    other = address + 77
    assert ask(LeaseCheck("lo", other), node, Path()) == f"lease: lo does not hold {other}"
    assert ask(LeaseCheck("eth0", address), node, Path()) == f"lease: eth0 does not hold {address}"
