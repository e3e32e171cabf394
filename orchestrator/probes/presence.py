"""A node as a prober stands in it: where sockets are opened, also after the node came back.

A socket keeps the namespace it was opened in, and so the links in it, even when the node is gone.
So the end of the node's first process is heard of at once (pidfd_open(2)): then all sockets are
to be closed, and the node's new process is looked for until there is one.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable

from orchestrator.probes.question import Failed
from orchestrator.runtime.network.namespaces import entered

_LOOK_EVERY_S = 0.1
# The id of a node's first process, 0 while there is none; called in a thread, may raise OSError.
Find = Callable[[], int]


class Presence:
    """Inside the network namespace of one node."""

    def __init__(self, node: str, find: Find) -> None:
        self._node, self._find = node, find
        self._pid, self._descriptor = 0, -1
        self._closers: list[Callable[[], None]] = []
        self._looking: asyncio.Task[None] | None = None

    def on_loss(self, close: Callable[[], None]) -> None:
        """Call ``close`` whenever the node goes down; it must let go of the node's sockets."""
        self._closers.append(close)

    def enter(self, pid: int) -> bool:
        """Be where the process ``pid`` is, until it ends; False where it has ended already."""
        try:
            self._descriptor = os.pidfd_open(pid) if pid else -1
        except ProcessLookupError:
            self._descriptor = -1
        if self._descriptor < 0:
            return False
        self._pid = pid
        asyncio.get_running_loop().add_reader(self._descriptor, self._leave)
        return True

    def open(self, family: int, kind: int, protocol: int) -> socket.socket:
        """A socket of the node's. Raises Failed("unreachable") while it is down."""
        try:
            if self._pid:
                with entered(f"/proc/{self._pid}/ns/net"):
                    return socket.socket(family, kind, protocol)
        except FileNotFoundError:
            pass  # it ended a moment ago, and we are about to hear of it
        raise Failed("unreachable", f"{self._node} is down")

    def _leave(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._pid, self._descriptor = 0, -1
        for close in self._closers:
            close()
        self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while True:
            try:
                pid = await asyncio.to_thread(self._find)
            except OSError:
                pid = 0
            if pid and self.enter(pid):
                return
            await asyncio.sleep(_LOOK_EVERY_S)
