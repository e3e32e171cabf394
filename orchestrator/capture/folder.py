"""The folder of a capture, and what is done there once it is over: capture.json, journey.pcapng,
and names in the nodes' files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from orchestrator.capture.mux import CaptureSummary
from orchestrator.errors import LabError, UsageError
from orchestrator.files import replace_file
from orchestrator.plan.legend import address_names, names_for_nodes
from orchestrator.plan.model import Plan
from orchestrator.records.embedding import embed_names, embedding
from orchestrator.records.merge import JOURNEY, merge
from orchestrator.refusals import cannot_write
from orchestrator.runtime.disk.ownership import give_to_user

JOURNEY_AT_MOST_BYTES = 512 << 20
"""Above this the nodes' files are not merged: it is done in memory."""

ANNOTATED_AT_MOST_BYTES = 128 << 20
"""Larger files get neither names nor secrets, for which they are written again."""


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """A folder for one capture, empty at first; it is removed again if the block fails.

    Raises UsageError where something is in it already, HostError where it cannot be made.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty", "choose another with --output")
    except OSError as error:
        raise cannot_write(folder, error, "--output") from error
    give_to_user(missing)
    try:
        yield
    except BaseException:
        for file in folder.iterdir():
            file.unlink()
        with suppress(OSError):  # somebody else may have put something above by now
            for path in missing:
                path.rmdir()
        raise


def write_counts(
    folder: Path, outcome: CaptureSummary | str, asked: Mapping[str, Any] | None = None
) -> None:
    """capture.json: packets and drops, or the error that says why they are not known."""
    unknown = {"packets": None, "drops": None}
    counted = {**unknown, "error": outcome} if isinstance(outcome, str) else asdict(outcome)
    text = json.dumps({**counted, **(asked or {})}, indent=1)
    (folder / "capture.json").write_text(text, encoding="utf-8")


def write_journey(folder: Path, plan: Plan, at_most_bytes: int = JOURNEY_AT_MOST_BYTES) -> str:
    """Merge the nodes' files of a folder, with the names of addresses.

    Returns why there is no journey.pcapng, or "".
    """
    files = sorted(file for file in folder.glob("*.pcapng") if file.name != JOURNEY)
    size = sum(file.stat().st_size for file in files)
    if not files:
        return "there are no packets"
    if size > at_most_bytes:
        command = f"mergecap -w {folder}/{JOURNEY} {folder}/*.pcapng"
        return f"{JOURNEY} is not made of {size >> 20} MiB; if you want it: {command}"
    try:
        merged = merge({file.name: file.read_bytes() for file in files})
    except LabError as error:
        return f"{JOURNEY} could not be made: {error.message}"
    (folder / JOURNEY).write_bytes(embed_names(merged, address_names(plan)))
    return ""


def annotate(folder: Path, plan: Plan, keylog: bytes = b"") -> None:
    """Put the names of addresses and TLS secrets into the nodes' files, where there are any."""
    names = names_for_nodes(plan)
    embed = embedding(keylog, names)
    for file in folder.glob("*.pcapng") if names or keylog else ():
        if file.name != JOURNEY and file.stat().st_size <= ANNOTATED_AT_MOST_BYTES:
            with suppress(LabError):  # what is no capture stays as it is
                replace_file(file, embed(file.read_bytes()))
