"""Completing command lines: what a shell is told between two presses of a key.

click asks a verb's module for the words that may come, and that module imports all that the verb
does with: Docker's client, netlink, a browser. A completion calls none of it, so that stand-ins
take its place. What is in a lab is read from its file of names (runtime/disk/labs.py). Whatever
goes wrong, the shell hears nothing, and the line stays as it is.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import click
from click.shell_completion import shell_complete

# What is imported as it is, beside the standard library: what declares words, and what lists them.
_REAL = (
    *("click", "orchestrator.cli", "orchestrator.errors", "orchestrator.shipped"),
    *("orchestrator.verbs.labs", "orchestrator.runtime.disk.labs"),
)


def complete(command: click.Command, asked: str) -> int:
    """Print what a shell asks for: "bash_complete", or "bash_source", its script. 1 on a mishap."""
    sys.meta_path.insert(0, StandIns())
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return shell_complete(command, {}, "lab", "_LAB_COMPLETE", asked)
    except Exception:
        return 1


class StandIns(MetaPathFinder, Loader):
    """Finds, for each module that is not needed, one with nothing in it under any name."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Nothing for what is real: it is found by others."""
        if fullname.partition(".")[0] in sys.stdlib_module_names:
            return None
        if any(_is_in(fullname, real) or _is_in(real, fullname) for real in _REAL):
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty one."""
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is done."""


def _is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


class _StandIn(ModuleType):
    def __getattr__(self, name: str) -> Any:
        return _nothing(name)


class _Type(type):
    """Of what may be called, looked into and gone through, and is nothing all the same."""

    def __call__(cls, *args: Any, **named: Any) -> Any:
        return cls

    def __getattr__(cls, name: str) -> Any:
        return _nothing(name)

    def __iter__(cls) -> Any:
        return iter(())


class _Nothing(metaclass=_Type):
    pass


def _nothing(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return _Nothing
