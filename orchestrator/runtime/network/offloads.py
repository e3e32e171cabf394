"""Frames as they would be on a real wire: at most an MTU long, with their checksums in them.

Linux passes frames of up to 64 kB between namespaces and leaves their checksums to hardware that
is not there. A capture would show packets that no network has ever carried, so while one runs the
offloads of the interfaces it looks at are off (ethtool(8); SIOCETHTOOL, linux/ethtool.h).

Captures overlap: a visit has its own while another may run for hours. What was switched off is
kept in one ledger for the machine, with those who need it so. Whoever is the last to go switches
it on again, also what those left behind that were killed.

    <state root>/offloads.json    {"holders": {name: [pid, start]}, "off": […]}
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import secrets
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from orchestrator.files import replace_json
from orchestrator.runtime.disk.labs import state_root
from orchestrator.runtime.disk.processes import Process, start_time
from orchestrator.runtime.network.namespaces import entered

Interfaces = Mapping[str, Iterable[str]]
"""Namespace path → interface names."""

_SIOCETHTOOL = 0x8946
# What reads and what sets a feature. The checksum goes last and comes back first: the kernel
# segments nothing whose checksum it may not fill in.
_FEATURES = {
    "tso": (0x1E, 0x1F),
    "gso": (0x23, 0x24),
    "gro": (0x2B, 0x2C),
    "rx checksum": (0x14, 0x15),
    "tx checksum": (0x16, 0x17),
}


# Namespace, its inode, interface, feature. The inode tells it from a later one at the same path.
_Entry = tuple[str, int, str, str]


@dataclass
class _Ledger:
    """Who needs exact frames, and what was switched off."""

    holders: dict[str, tuple[int, int]] = field(default_factory=dict)
    off: list[_Entry] = field(default_factory=list)


@contextmanager
def exact_frames(interfaces: Interfaces) -> Iterator[None]:
    """The interfaces' offloads are off until the block ends, or longer if others need it."""
    holder = secrets.token_hex(8)
    try:
        hold(interfaces, holder, Process(os.getpid(), start_time(os.getpid()) or 0))
        yield
    finally:
        release(holder)


def hold(interfaces: Interfaces, holder: str, process: Process) -> None:
    """Switch offloads off for ``holder``, for as long as ``process`` lives or until `release`."""
    with _ledger() as ledger, ExitStack() as stack:
        ledger.holders[holder] = (process.pid, process.started)
        found: list[tuple[socket.socket, _Entry]] = []
        for namespace, names in interfaces.items():
            asking, inode = stack.enter_context(_asking(namespace))
            found += [(asking, (namespace, inode, *each)) for each in _active(asking, names)]
        known = set(ledger.off)
        ledger.off += [entry for _, entry in found if entry not in known]
        _write(ledger)  # before it is done, so that it can be undone whatever comes
        for asking, (*_, name, feature) in found:
            _ask(asking, name, _FEATURES[feature][1], 0)


def release(holder: str) -> None:
    """Switch offloads on again unless somebody else needs them off; fine if nothing is held."""
    with _ledger() as ledger:
        ledger.holders.pop(holder, None)
        living = {name: p for name, p in ledger.holders.items() if Process(*p).is_alive()}
        ledger.holders = living
        if not living:
            _switch_on(ledger.off)
            ledger.off = []


def _switch_on(off: list[_Entry]) -> None:
    """On again; a namespace or an interface that is gone by now needs nothing."""
    for namespace in dict.fromkeys(entry[0] for entry in off):
        entries = [entry for entry in reversed(off) if entry[0] == namespace]
        try:
            with _asking(namespace) as (asking, inode):
                for _, was, name, feature in entries:
                    if was == inode:
                        _ask(asking, name, _FEATURES[feature][1], 1)
        except OSError:
            continue


@contextmanager
def _asking(namespace: str) -> Iterator[tuple[socket.socket, int]]:
    """A socket in the namespace, and the namespace's inode."""
    inode = Path(namespace).stat().st_ino
    with entered(namespace):
        asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with asking:
        yield asking, inode


def _active(asking: socket.socket, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Interface and feature, of all that are on."""
    for name in names:
        for feature, (read, _) in _FEATURES.items():
            if _ask(asking, name, read):
                yield name, feature


def _ask(asking: socket.socket, name: str, command: int, value: int = 0) -> int:
    """Ethtool's answer, or 0 where the interface has no such feature, or is no more."""
    request = ctypes.create_string_buffer(struct.pack("II", command, value), 8)
    ifreq = struct.pack("16sP", name.encode(), ctypes.addressof(request))
    try:
        fcntl.ioctl(asking.fileno(), _SIOCETHTOOL, ifreq)
    except OSError:
        return 0
    return int(struct.unpack("II", request.raw)[1])


@contextmanager
def _ledger() -> Iterator[_Ledger]:
    """The ledger, held by nobody else; written back at the end, even of a failure."""
    state_root().mkdir(parents=True, exist_ok=True)
    with (state_root() / "offloads.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ledger = _read()
        try:
            yield ledger
        finally:
            _write(ledger)


def _path() -> Path:
    return state_root() / "offloads.json"


def _read() -> _Ledger:
    try:
        plain = json.loads(_path().read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return _Ledger()
    holders = {name: (pid, started) for name, (pid, started) in plain["holders"].items()}
    return _Ledger(holders, [(path, ino, name, f) for path, ino, name, f in plain["off"]])


def _write(ledger: _Ledger) -> None:
    if not ledger.holders and not ledger.off:
        _path().unlink(missing_ok=True)
        return
    replace_json(_path(), asdict(ledger))
