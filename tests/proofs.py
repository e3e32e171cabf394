"""Every proof of a journey, opened with the tool that its reader would use."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from orchestrator.analysis.step import PREFERENCES, Proof
from orchestrator.runtime.engine.client import in_parallel


def unproved(folder: Path, proofs: Iterable[Proof]) -> list[Proof]:
    """The proofs that do not show what they claim to, in the files of a run."""
    by_file: dict[str, list[Proof]] = defaultdict(list)
    for proof in dict.fromkeys(proofs):
        by_file[proof.file].append(proof)
    files = [(folder / name, found) for name, found in by_file.items()]
    return [proof for failed in in_parallel(_unproved_in, files) for proof in failed]


def _unproved_in(entry: tuple[Path, list[Proof]]) -> list[Proof]:
    path, proofs = entry
    if not path.exists():
        return proofs
    if path.suffix == ".pcapng":
        return _not_in_capture(path, proofs)
    if path.suffix in (".json", ".har"):
        document = json.loads(path.read_text(encoding="utf-8"))
        return [proof for proof in proofs if not _leads_somewhere(document, proof.shows)]
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [proof for proof in proofs if not _in_line(lines, proof)]


def _not_in_capture(path: Path, proofs: list[Proof]) -> list[Proof]:
    """One run of tshark for all; where a frame fails, one more for each proof that names it."""
    by_frame: dict[int, list[Proof]] = defaultdict(list)
    for proof in proofs:
        by_frame[proof.number].append(proof)
    passed = _passing(path, proofs)
    suspects = [proof for number in by_frame.keys() - passed for proof in by_frame[number]]
    return [p for p in suspects if p.number not in _passing(path, [p])]


def _passing(path: Path, proofs: Iterable[Proof]) -> set[int]:
    """The frames that pass the filters of all proofs that name them."""
    filters: dict[int, list[str]] = defaultdict(list)
    for proof in proofs:
        filters[proof.number].append(f"({proof.shows})")
    terms = (f"(frame.number == {number} && {' && '.join(f)})" for number, f in filters.items())
    told = [option for name in PREFERENCES for option in ("-o", name)]
    argv = ["tshark", "-n", *told, "-r", str(path), "-Y", " || ".join(terms)]
    done = subprocess.run(
        [*argv, "-T", "fields", "-e", "frame.number"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {int(line) for line in done.stdout.split()}


def _leads_somewhere(document: Any, pointer: str) -> bool:
    """Whether a JSON pointer (RFC 6901) leads to a value."""
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        try:
            document = document[int(key)] if isinstance(document, list) else document[key]
        except (KeyError, IndexError, ValueError, TypeError):
            return False
    return True


def _in_line(lines: Sequence[str], proof: Proof) -> bool:
    return 0 < proof.number <= len(lines) and proof.shows in lines[proof.number - 1]
