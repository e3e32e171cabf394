"""How the effect of a fault is seen by means that are not the orchestrator's own.

A witness asks kernels (`ip`, /sys, /proc), daemons (`birdc`) and Docker, and sends packets from
inside nodes. It never reads what the orchestrator wrote down about a fault.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import docker

from orchestrator.plan.addresses import Address
from orchestrator.plan.model import Node, Plan
from orchestrator.runtime.engine.exec import run_exec
from orchestrator.runtime.network.namespaces import entered

_PATIENCE_S = 0.6


@dataclass(frozen=True)
class Try:
    """A fault on a target of the default lab; ``probes`` is what its check needs to know.

    ``needs`` are nodes that the check goes by and ``probes`` does not name; ``far`` says that it
    crosses the Internet and goes by any number of them.

    ``visitor`` is a host that the fault concerns, and ``ends`` how a visit of its to
    www.example.com may end while all caches are cold (`visiting.Visited.outcome`). A warm one may
    have the page as well.
    """

    target: str
    options: Mapping[str, str] = field(default_factory=dict)
    probes: Any = None
    needs: tuple[str, ...] = ()
    far: bool = False
    visitor: str = "laptop"
    ends: tuple[str, ...] = ("page",)


@dataclass(frozen=True)
class Effect:
    """``seen`` says whether the fault's effect is there. It is asked before the fault too, when it
    must say no, and then until it says yes; of faults that pass by themselves once they did."""

    tries: tuple[Try, ...]
    seen: Callable[[Witness], bool]


class Witness:
    """Somebody who looks at one try of a fault in a running lab."""

    def __init__(self, client: docker.DockerClient, plan: Plan, tried: Try) -> None:
        self.client, self.plan, self.tried = client, plan, tried
        self.noted: dict[str, Any] = {}

    @property
    def target(self) -> str:
        return self.tried.target

    def note(self, key: str, value: Any) -> Any:
        """What was first noted under a name, before the fault."""
        return self.noted.setdefault(key, value)

    def node(self, name: str) -> Node:
        return self.plan.nodes[name]

    def inspect(self, node: str) -> dict[str, Any]:
        """Docker's word on a node's container: Running, Paused, Pid, StartedAt."""
        details = self.client.api.inspect_container(f"clicklab.{self.plan.name}.{node}")
        state: dict[str, Any] = details["State"]
        return state

    def run(self, node: str, *argv: str) -> tuple[int, str]:
        """Exit code and output of a command in a node; the SDK's own exec loses some of it on a
        busy machine (runtime/engine/exec.py)."""
        result = run_exec(self.client, f"clicklab.{self.plan.name}.{node}", argv)
        return result.code, (result.stdout + result.stderr).decode(errors="replace")

    def processes(self, node: str) -> set[str]:
        """The names of a node's processes, as `docker top` has them; none where it is off."""
        if not self.inspect(node)["Running"]:
            return set()
        top = self.client.api.top(f"clicklab.{self.plan.name}.{node}", ps_args="-eo pid,comm")
        return {row[-1] for row in top["Processes"]}

    def pings(self, node: str, target: Address | str, count: int = 1) -> bool:
        """Whether a node gets an answer from an address."""
        wait = str(_PATIENCE_S)
        code, _ = self.run(node, "ping", "-n", "-c", str(count), "-W", wait, str(target))
        return code == 0

    def port(self, node: str, interface: str) -> dict[str, Any] | None:
        """An interface as `ip` shows it; None where there is none."""
        code, shown = self.run(node, "ip", "-j", "link", "show", interface)
        found: dict[str, Any] | None = json.loads(shown)[0] if code == 0 else None
        return found

    def lost_carrier(self, node: str, interface: str) -> bool:
        found = self.port(node, interface)
        return found is not None and "NO-CARRIER" in found["flags"]

    def connects(self, node: str, target: Address, port: int) -> bool:
        """Whether a TCP connection from a node to an address comes about."""
        try:
            self._socket(node, target, port, socket.SOCK_STREAM).close()
        except OSError:
            return False
        return True

    def answers_http(self, node: str, target: Address, port: int) -> bool:
        """Whether a server says anything at all to a request."""
        try:
            with self._socket(node, target, port, socket.SOCK_STREAM) as opened:
                opened.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                return bool(opened.recv(1))
        except OSError:
            return False

    def answers_dns(self, node: str, target: Address, zone: str = ".") -> bool:
        """Whether a server answers a question for a zone's SOA over UDP (RFC 1035)."""
        labels = [label.encode() for label in zone.split(".") if label]
        name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
        try:
            with self._socket(node, target, 53, socket.SOCK_DGRAM) as asking:
                asking.send(struct.pack("!6H", 7, 0, 1, 0, 0, 0) + name + b"\0\6\0\1")
                return bool(asking.recv(4096))
        except OSError:
            return False

    def birdc(self, node: str, *words: str) -> str:
        """What BIRD says; "" where it does not run."""
        code, said = self.run(node, "birdc", *words)
        return said if code == 0 else ""

    def sessions(self, node: str) -> dict[str, str]:
        """The state of each of a node's BGP sessions by name."""
        rows = [line.split() for line in self.birdc(node, "show", "protocols").splitlines()]
        return {r[0]: r[5] if len(r) > 5 else r[3] for r in rows if len(r) > 3 and r[1] == "BGP"}

    def _socket(
        self, node: str, target: Address, port: int, kind: socket.SocketKind
    ) -> socket.socket:
        family = socket.AF_INET6 if target.version == 6 else socket.AF_INET
        with entered(f"/proc/{self.inspect(node)['Pid']}/ns/net"):
            opened = socket.socket(family, kind)
        opened.settimeout(_PATIENCE_S)
        try:
            opened.connect((str(target), port))
        except OSError:
            opened.close()
            raise
        return opened
