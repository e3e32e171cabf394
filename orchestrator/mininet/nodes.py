"""Nodes of a running lab, as Mininet has them: `cmd`, `sendCmd`, `monitor`, `popen`, `IP`.

How commands are sent and their end is recognised is Mininet's own; what a node is, and where its
shell runs, is the lab's. A shell is opened by a node's first command: fifty of them take a while.
"""

from __future__ import annotations

import codecs
import os
import re
import select
import shlex
from subprocess import PIPE
from typing import Any, NoReturn

from mininet.log import error
from mininet.node import Node

from orchestrator.errors import DeployError, UsageError
from orchestrator.mininet.links import LabIntf
from orchestrator.mininet.places import Place
from orchestrator.mininet.terminals import PROMPT, Terminal

_INTERRUPT = chr(3)
_STUBBORN = 3  # so many ^C without effect: the node is frozen, or the command wants none
_SHELL_WITHIN_S = 10.0
_TELL_PID = r'printf "\001%d\n" $$; '  # as Mininet's monitor expects it


class LabNode(Node):  # type: ignore[misc]
    """A container of the lab. Commands run as root, with the capabilities of the container."""

    isSetup = True  # Mininet would look for `mnexec`
    shell: Terminal | None
    readbuf: str

    def __init__(self, name: str, kind: str, place: Place) -> None:
        self.kind, self.place = kind, place
        self._programs: list[Any] = []
        self._interrupts = 0
        super().__init__(name)

    @property
    def pid(self) -> int | None:
        """A process in the node's namespaces; Mininet's is that of the node's shell."""
        return self.place.pid

    @pid.setter
    def pid(self, pid: int | None) -> None:
        """Mininet starts with None, as it has no shell yet."""

    def __repr__(self) -> str:
        held = ",".join(f"{intf.name}:{intf.IP()}" for intf in self.intfList())
        return f"<{self.kind.capitalize()} {self.name}: {held} pid={self.pid}>"

    # ── the shell ─────────────────────────────────────────────────────────────

    def startShell(self, mnopts: str | None = None) -> None:
        """Not yet: see above."""

    def sendCmd(self, *args: Any, **kwargs: Any) -> None:
        """Send a command and return; `monitor` and `waitOutput` read what comes.

        Raises DeployError where the node does not run, UsageError while a command still runs.
        """
        if self.waiting:
            hint = "wait for its end: waitOutput(), or end it: sendInt()"
            raise UsageError(f"{self.name} still runs '{self.lastCmd}'", hint)
        self._require_shell()
        self._interrupts = 0
        command = self._worded(args)
        if kwargs.get("printPid") and not command.rstrip().endswith("&"):
            become = "" if re.search(r"[;|&()\n]", command) else "exec "
            command = f"bash -c {shlex.quote(_TELL_PID + become + command)}"
        super().sendCmd(command)

    def cmd(self, *args: Any, **kwargs: Any) -> str:
        """What a command prints, to its end. Raises as sendCmd does."""
        self._require_shell()
        return str(super().cmd(*args, **kwargs))

    def sendInt(self, intr: str = _INTERRUPT) -> None:
        """Interrupt the command. A shell that heeds no ^C is let go of, and hangs up."""
        self._interrupts += 1
        if self._interrupts < _STUBBORN:
            super().sendInt(intr)
        elif self.shell:
            error(f"*** {self.name}: no end after {_STUBBORN} interrupts: hung up\n")
            self._drop_shell()

    def read(self, size: int = 1024) -> str:
        """What the shell printed, "" once it has ended."""
        if len(self.readbuf) < size and self.shell:
            try:
                piece = os.read(self.shell.fileno(), size)
            except OSError:  # how a terminal without a shell ends
                piece = b""
            self.readbuf += self.decoder.decode(piece)
            if not piece:
                self._drop_shell()
                error(f"*** the shell in {self.name} has ended\n")
        data, self.readbuf = self.readbuf[:size], self.readbuf[size:]
        return str(data)

    def _require_shell(self) -> None:
        """A shell that listens: the one there is, or another if the node restarted meanwhile."""
        if self.shell and not self.shell.is_alive():
            self._drop_shell()
        if not self.shell:
            self._open_shell()

    def _open_shell(self) -> None:
        terminal = self.place.open_terminal()
        self.shell = self.stdin = self.stdout = terminal
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.readbuf = self.decoder.decode(terminal.early)
        self.pollOut = select.poll()
        self.pollOut.register(terminal, select.POLLIN)
        self.outToNode[terminal.fileno()] = self.inToNode[terminal.fileno()] = self
        try:
            self._await_prompt()
            self.cmd("unset HISTFILE; stty -echo; set +m")
        except BaseException:
            self._drop_shell()
            raise

    def _await_prompt(self) -> None:
        said = ""
        while not said.endswith(PROMPT):
            if not self.readbuf and not self.pollOut.poll(_SHELL_WITHIN_S * 1000):
                raise DeployError(f"{self.name}: its shell is silent", "is it frozen? lab status")
            said += self.read()
            if not self.shell:
                raise DeployError(f"{self.name}: no shell: {said.strip()}", "see: lab status")

    def _drop_shell(self) -> None:
        terminal, self.shell, self.waiting = self.shell, None, False
        if terminal is None:
            return
        for nodes in (self.outToNode, self.inToNode):
            nodes.pop(terminal.fileno(), None)
        terminal.close()

    # ── programs beside the shell ─────────────────────────────────────────────

    def popen(self, *args: Any, **kwargs: Any) -> Any:
        """A program as a Popen object: `popen('ping -c1 tv')`, `popen(['ls', '/'])`, with
        ``shell=True`` by bash. Its signals reach it. Raises DeployError where the node does not
        run."""
        options = {"stdout": PIPE, "stderr": PIPE, **kwargs}
        options.pop("mncmd", None)
        if options.pop("shell", False):
            argv = ["bash", "-c", self._worded(args)]
        elif len(args) == 1 and isinstance(args[0], str):
            argv = self._worded(args).split()
        else:
            words = args[0] if len(args) == 1 else args
            argv = [self._worded([word]) for word in words]
        program = self.place.start(argv, **options)
        self._programs.append(program)
        return program

    def _worded(self, args: Any) -> str:
        """A command as the node's shell is to have it: interfaces by the names they have there."""
        words = args[0] if len(args) == 1 and isinstance(args[0], list | tuple) else args
        command = " ".join(w.name if isinstance(w, LabIntf) else str(w) for w in words)
        names = "|".join(re.escape(intf.name) for intf in self.intfList())
        own = rf"(?<![\w.-]){re.escape(self.name)}-({names})(?![\w.-])"
        return re.sub(own, r"\1", command) if names else command

    # ── what stays as it is ───────────────────────────────────────────────────

    def attach(self, intf: LabIntf) -> None:
        """List an interface that the node has; ports count from 0."""
        port = len(self.ports)
        self.intfs[port], self.ports[intf] = intf, port
        self.nameToIntf[intf.name] = self.nameToIntf[str(intf)] = intf

    def terminate(self) -> None:
        """Let go: end the shell and the programs that were started here. The node runs on."""
        for program in self._programs:
            if program.poll() is None:
                program.terminate()
                program.wait()
        self._programs.clear()
        self._drop_shell()

    def stop(self, deleteIntfs: bool = False) -> None:
        """Let go, as `terminate` does."""
        self.terminate()

    def cleanup(self) -> None:
        """Nothing is left to clean up."""

    def newPort(self) -> NoReturn:
        """Raises UsageError: Mininet's links would be made of the host's interfaces."""
        raise UsageError(f"{self.name}: a node of a running lab gets no more links")

    def addIntf(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises UsageError: Mininet would move an interface of the host's."""
        self.newPort()

    def dpctl(self, *args: Any) -> str:
        """What `dpctl` says of a switch."""
        return f"{self.name} is a bridge of the kernel's: it speaks no OpenFlow\n"
