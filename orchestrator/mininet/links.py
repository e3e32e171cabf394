"""Interfaces and links of a running lab, as Mininet has them.

An interface shows as Mininet would name it, `laptop-eth0`, so that listings can be read; its
``name`` is what the node calls it, `eth0`. Commands of its node may use either.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from mininet.link import Intf, Link
from pyroute2 import IPRoute

from orchestrator.errors import LabError, UsageError
from orchestrator.plan.addresses import Address
from orchestrator.runtime.network.namespaces import routing_socket

_IFF_UP, _IFF_RUNNING = 0x1, 0x40  # linux/if.h
_LOOPBACK = "lo"


class LabIntf(Intf):  # type: ignore[misc]
    """One interface of a node or a switch. Its addresses are IPv4, as Mininet's are."""

    def __init__(self, node: Any, name: str, mac: str, addresses: Iterable[Address]) -> None:
        # Mininet's own would move the interface, and configure it.
        self.node, self.name, self.mac = node, name, mac
        self.link: LabLink | None = None
        self._planned = [str(address) for address in addresses if address.version == 4]
        self.ip: str | None = next(iter(self._planned), None)
        self.prefixLen: str | None = None
        self.params: dict[str, Any] = {}

    def __str__(self) -> str:
        return _LOOPBACK if self.name == _LOOPBACK else f"{self.node.name}-{self.name}"

    def IP(self) -> str | None:
        """The address it has by the plan, else the one it was leased; None without one."""
        return self.ip or self.updateIP()

    def updateIP(self) -> str | None:
        """The address it holds now: that of the plan, or else its first. Where the node does not
        run, the one it had."""
        try:
            held = self._held()
        except (LabError, OSError):
            return self.ip
        usable = [ip for ip in held if ip in self._planned] or list(held)
        self.ip = usable[0] if usable else None
        self.prefixLen = held.get(self.ip or "")
        return self.ip

    def updateMAC(self) -> str:
        """The interface's MAC, which is planned and never changes."""
        return self.mac

    def updateAddr(self) -> tuple[str | None, str]:
        """The IPv4 address, looked up again, and the MAC."""
        return self.updateIP(), self.mac

    def isUp(self, setUp: bool = False) -> bool:
        """Whether it is up and has a carrier."""
        if setUp:
            self._refuse()
        return self.status() == "OK"

    def status(self) -> str:
        """OK, DOWN where it has no carrier or was taken down, MISSING where it is not there."""
        try:
            with routing_socket(self.node.place.namespace()) as socket:
                flags = self._flags(socket)
        except (LabError, OSError):
            return "MISSING"
        if flags is None:
            return "MISSING"
        both = _IFF_UP | _IFF_RUNNING
        return "OK" if flags & both == both else "DOWN"

    def ifconfig(self, *args: str) -> str:
        """How `ip` shows it. Raises UsageError for changes."""
        if args:
            self._refuse()
        return str(self.node.cmd("ip addr show dev", self.name))

    def config(self, *args: Any, **params: Any) -> NoReturn:
        """Raises UsageError: impairments are the business of `lab link set`."""
        self._refuse()

    def delete(self) -> NoReturn:
        """Refused: a lab keeps the links of its plan. Raises UsageError."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        hint = "take the link down, use 'lab link', or 'ip' in the node"
        raise UsageError(f"{self}: an interface of a running lab stays as it is", hint)

    def _held(self) -> dict[str, str]:
        """Its IPv4 addresses now, each with the length of its prefix."""
        with routing_socket(self.node.place.namespace()) as socket:
            return {
                str(entry.get_attr("IFA_LOCAL")): str(entry["prefixlen"])
                for index in socket.link_lookup(ifname=self.name)
                for entry in socket.get_addr(index=index, family=2)
                if not str(entry.get_attr("IFA_LOCAL")).startswith("127.")
            }

    def _flags(self, socket: IPRoute) -> int | None:
        for index in socket.link_lookup(ifname=self.name):
            for entry in socket.get_links(index):
                return int(entry["flags"])
        return None


class LabLink(Link):  # type: ignore[misc]
    """A link of the lab, by its name there."""

    def __init__(self, name: str, intf1: LabIntf, intf2: LabIntf) -> None:
        # Mininet's own would make a veth pair.
        self.name, self.intf1, self.intf2 = name, intf1, intf2
        intf1.link = intf2.link = self

    def delete(self) -> NoReturn:
        """Refused: a lab keeps the links of its plan. Raises UsageError."""
        raise UsageError(f"{self.name}: a link of a lab stays", "take it down: link A B down")

    def stop(self) -> None:
        """Nothing: the link belongs to the lab."""
