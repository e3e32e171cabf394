"""What a lab leaves on disk while it is up, so that any later command finds all of it.

    <root>/<lab>/plan.json     the plan it was made from; written first
                 state.json    what was made outside of Docker, written before it is made
                 nodes/<node>/ what the node sees as /lab
                 resolv/<node> the node's /etc/resolv.conf
                 issuer.pem, issuer.key    what signed the certificates of servers
    <root>/<lab>.names         what is in it by name, for everybody (labs.py)
    <root>/<lab>.lock          held by the command that works on the lab, and gone with it

Whatever ends a command, `lab down` reads this and Docker's labels, and needs nothing else.
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from orchestrator.errors import DeployError, Mistake, UsageError
from orchestrator.files import replace_file, replace_json
from orchestrator.plan.codec import from_plain, plan_from_plain, to_plain
from orchestrator.plan.model import Plan
from orchestrator.refusals import cannot_write, writing
from orchestrator.runtime.disk.labs import known_labs, names_file, state_root
from orchestrator.runtime.disk.origin import Origin
from orchestrator.runtime.disk.processes import Process
from orchestrator.runtime.polling import wait_for
from orchestrator.spec.domains import check_label

_LOCK_WITHIN_S = 15.0
# The last plan that was read, by its file.
_plans: dict[tuple[Path, int, int], Plan] = {}


@dataclass(frozen=True)
class RunningCapture:
    """A capture that outlives the command that started it; it writes to ``folder``.

    ``filter`` and ``limit_mib`` are as they were asked for; ``started_s`` counts from 1970.
    """

    id: int
    process: Process
    folder: str
    nodes: tuple[str, ...]
    interfaces: int
    filter: str
    limit_mib: int | None
    started_s: float


@dataclass(frozen=True)
class Record:
    """What state.json holds. ``ready`` says that ``lab up`` ran to its end; ``origin`` is None in
    labs of older versions."""

    namespaces: tuple[str, ...] = ()
    keeper: Process | None = None
    wire: Process | None = None
    wire_restarts: int = 0
    captures: tuple[RunningCapture, ...] = ()
    ready: bool = False
    origin: Origin | None = None


class LabState:
    """The folder of one lab."""

    def __init__(self, lab: str) -> None:
        """Raises UsageError for what can be no lab's name: `..` is a folder too."""
        try:
            check_label(lab)
        except Mistake as mistake:
            raise UsageError(f"no lab can be called so: {mistake}", mistake.hint) from None
        self.lab = lab
        self.folder = state_root() / lab

    def exists(self) -> bool:
        """Whether a lab of this name was ever started and not yet taken down."""
        return self.folder.is_dir()

    def node_folder(self, node: str) -> Path:
        """What the node sees as /lab."""
        return self.folder / "nodes" / node

    def resolv_conf(self, node: str) -> Path:
        """The node's /etc/resolv.conf."""
        return self.folder / "resolv" / node

    @property
    def hosts(self) -> Path:
        """The /etc/hosts of every node."""
        return self.folder / "hosts"

    @property
    def wire_socket(self) -> Path:
        """Where the lab's `wire` process listens."""
        return self.folder / "wire.sock"

    def create(self, plan: Plan) -> None:
        """A fresh folder with the plan in it, readable by root only: it will hold keys."""
        self.folder.mkdir(parents=True, mode=0o700)
        self.folder.chmod(0o700)
        replace_json(self.folder / "plan.json", to_plain(plan))

    def keep_issuer(self, certificate_pem: str, key_pem: str) -> None:
        """The authority that signs servers' certificates, for those that are minted later."""
        for name, text in (("issuer.pem", certificate_pem), ("issuer.key", key_pem)):
            replace_file(self.folder / name, text, mode=0o600)

    def issuer(self) -> tuple[str, str]:
        """Its certificate and its key, as PEM. Raises FileNotFoundError in labs without."""
        return (self.folder / "issuer.pem").read_text(), (self.folder / "issuer.key").read_text()

    def plan(self) -> Plan:
        """The plan the lab was made from. Raises UsageError where there is no such lab.

        It is read once: while its file stays the same one, so does the value, by which what
        follows from a plan is known again.
        """
        try:
            path = self.folder / "plan.json"
            stamp = (path, path.stat().st_ino, path.stat().st_mtime_ns)
            if stamp not in _plans:
                _plans.clear()
                _plans[stamp] = plan_from_plain(json.loads(path.read_text()))
            return _plans[stamp]
        except FileNotFoundError:
            hint = f"labs there are: {', '.join(known_labs()) or 'none'}; start one: lab up"
            raise UsageError(f"there is no lab '{self.lab}'", hint) from None
        except json.JSONDecodeError:
            raise self._damaged("plan.json") from None
        except (KeyError, TypeError):
            hint = f"take it down and up again: lab down --name {self.lab}"
            raise DeployError(f"'{self.lab}' was made by another version", hint) from None

    def record(self) -> Record:
        """What was made so far; an empty record where nothing was. Raises DeployError where it
        cannot be read."""
        try:
            plain = dict(json.loads((self.folder / "state.json").read_text()))
            return from_plain(Record, plain)
        except FileNotFoundError:
            return Record()
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self._damaged("state.json") from None

    def _damaged(self, file: str) -> DeployError:
        hint = f"all that it made is found without: lab down {self.lab}"
        return DeployError(f"{self.folder / file} is damaged", hint)

    def update(self, **changes: Any) -> None:
        """Change fields of the record, all or nothing, also if the machine loses power."""
        record = dataclasses.replace(self.record(), **changes)
        replace_json(self.folder / "state.json", to_plain(record), durable=True)

    def mend_record(self) -> None:
        """Begin a record that cannot be read anew, for who takes the lab down."""
        try:
            self.record()
        except DeployError:
            (self.folder / "state.json").unlink()

    def remove(self) -> None:
        """Forget the lab."""
        names_file(self.lab).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lab for one command. Raises DeployError if another one keeps it, HostError
        where what is done to the lab cannot be recorded."""
        try:
            state_root().mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(state_root(), error, "the variable CLICKLAB_STATE") from error
        path = state_root() / f"{self.lab}.lock"
        with writing(state_root()):
            lock = wait_for(lambda: _try_lock(path), _LOCK_WITHIN_S)
            if lock is None:
                hint = "wait for it to end, or end it"
                raise DeployError(f"another command is working on lab '{self.lab}'", hint)
            with lock:
                yield
                if not self.folder.exists():  # nothing is left of the lab, nor is this
                    path.unlink(missing_ok=True)


def _try_lock(path: Path) -> TextIO | None:
    """The locked file; None while another has it, or had it and removed it meanwhile."""
    handle = path.open("a")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(handle.fileno()), path.stat()):
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    handle.close()
    return None
