"""Mininet's own command line over a running lab, and where it needs other words."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from mininet.cli import CLI as MininetCLI  # noqa: N811 (a class, for all its capitals)
from mininet.log import error, output

from orchestrator.errors import LabError
from orchestrator.mininet.nodes import LabNode

_TERMINALS = {"xterm": ("xterm", "-title"), "gterm": ("gnome-terminal", "--title")}
_RUN = {"xterm": "-e", "gterm": "--"}


class CLI(MininetCLI):  # type: ignore[misc]
    """Mininet's command line. Names of nodes may have dashes, and mistakes end no session."""

    identchars = MininetCLI.identchars + "-"

    def onecmd(self, line: str) -> Any:
        """One command; what cannot be done is said, and the next one asked for."""
        try:
            return super().onecmd(line)
        except LabError as problem:
            error(f"*** {problem}\n")

    def getLocals(self) -> dict[str, Any]:
        """Nodes by names that Python takes as well: `py edge_fra.IP()`."""
        named = {name.replace("-", "_"): node for name, node in self.mn.items()}
        self.locals.update({**named, **dict(self.mn.items())})
        return dict(self.locals)

    def waitForNode(self, node: LabNode) -> None:
        """Print what a command prints until it ends. Only a terminal's keys are passed on to it:
        what a file or a pipe holds are the commands that come next."""
        if self.isatty():
            super().waitForNode(node)
            return
        while node.waiting:
            try:
                output(node.monitor())
            except KeyboardInterrupt:
                node.sendInt()

    def do_source(self, line: str) -> None:
        """Read commands from an input file.
        Usage: source <file>"""
        names = line.split()
        if len(names) == 1 and not Path(names[0]).is_file():
            error(f"error reading file {names[0]}\n")
        else:
            super().do_source(line)

    def do_xterm(self, line: str, term: str = "xterm") -> None:
        """Spawn xterm(s) for the given node(s).
        Usage: xterm node1 node2 ..."""
        program, title = _TERMINALS[term]
        names = line.split()
        unknown = [name for name in names if name not in self.mn]
        if not names or unknown:
            usage = f"usage: {term} node1 node2 ...\n"
            error("".join(f"node '{name}' not in network\n" for name in unknown) or usage)
        elif not os.environ.get("DISPLAY"):
            error(f"{term}: there is no display; 'lab shell NODE' opens a shell right here\n")
        elif shutil.which(program) is None:
            error(f"{term}: {program} is not installed: apt-get install {program}\n")
        else:
            for name in names:
                shell = self.mn[name].place.shell_argv()
                argv = [program, title, f"Node: {name}", _RUN[term], *shell]
                self.mn.terms.append(subprocess.Popen(argv, start_new_session=True))

    def do_x(self, line: str) -> None:
        """Not in a lab: its nodes hold no X clients."""
        error("x: nodes of a lab hold no X clients; see: xterm\n")

    def do_switch(self, line: str) -> None:
        """Not in a lab: its switches stay."""
        error("switch: a lab's switches stay; take links down: link node1 node2 down\n")
