"""Compile the C programs of the package, for wheels and for `pip install -e .` alike.

Clicklab has two kinds of work that Python is too slow for; each is one C file that needs nothing
but the C library. To add one, add a line to `PROGRAMS` and its output to `.gitignore`.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PROGRAMS = [
    # (source, the program it becomes)
    ("orchestrator/capture/mux.c", "orchestrator/capture/capmux"),
]
COMPILE = ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-std=gnu17"]
HINT = "a C compiler and the headers are needed: apt-get install gcc libc6-dev linux-libc-dev"


class CustomBuildHook(BuildHookInterface[Any]):
    """Puts the compiled programs into the wheel, which is then one for this machine's kind."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        for source, program in PROGRAMS:
            self._compile(Path(self.root, source), Path(self.root, program))
            build_data["artifacts"].append(f"/{program}")
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def _compile(self, source: Path, program: Path) -> None:
        if program.exists() and program.stat().st_mtime > source.stat().st_mtime:
            return
        unfinished = program.with_suffix(".new")
        try:
            subprocess.run([*COMPILE, "-o", str(unfinished), str(source)], check=True)
        except FileNotFoundError:
            self.app.abort(f"no `cc` on this machine; {HINT}")
        except subprocess.CalledProcessError:
            self.app.abort(f"cannot compile {source.name}; {HINT}")
        # Renamed into place: a capture that is running keeps the program it started with.
        unfinished.replace(program)
