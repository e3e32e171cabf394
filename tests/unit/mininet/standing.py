"""A lab whose nodes are shells on this machine: no container, no namespace, no privilege."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from orchestrator.errors import DeployError
from orchestrator.mininet.net import LabNet
from orchestrator.mininet.processes import start_in_namespace
from orchestrator.mininet.terminals import NamespaceTerminal, Terminal
from tests.unit.compile.texts import compiled

PLAN = compiled("""
name: pair
as:
  isp: {asn: 64501, routers: [ber, fra]}
dns: {as: isp}
homes:
  house: {isp: isp, hosts: [laptop, phone]}
nodes: {left-pc: {role: host}, right-pc: {role: host}}
links: [[left-pc, ber], [right-pc, fra]]
""")


class LocalPlace:
    """Where commands run here. A node that is ``down`` runs none."""

    pid = 1

    def __init__(self, name: str) -> None:
        self.name, self.down = name, False

    def namespace(self) -> str:
        if self.down:
            raise DeployError(f"{self.name} does not run", "see: lab status")
        return ""

    def open_terminal(self) -> Terminal:
        return NamespaceTerminal(self.namespace(), self.name)

    def start(self, argv: Sequence[str], **options: Any) -> Any:
        return start_in_namespace(self.namespace(), argv, **options)

    def shell_argv(self) -> list[str]:
        return ["bash"]


@contextmanager
def standing() -> Iterator[LabNet]:
    """The lab, let go of at the end."""
    with LabNet(PLAN, LocalPlace) as lab:
        yield lab
