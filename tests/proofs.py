"""Every proof of a journey, opened with the tool that its reader would use."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.analysis.step import PREFERENCES, Proof

CAPTURE = ".pcapng"
# A line to sharkd may have 2 kB.
_FILTER_LENGTH = 1500


def unproved(folder: Path, proofs: Iterable[Proof]) -> list[Proof]:
    """The proofs that do not show what they claim to, in the files of a run."""
    by_file: dict[Path, list[Proof]] = defaultdict(list)
    for proof in dict.fromkeys(proofs):
        by_file[folder / proof.file].append(proof)
    captures = {path: p for path, p in by_file.items() if path.suffix == CAPTURE and path.exists()}
    others = [entry for entry in by_file.items() if entry[0] not in captures]
    failed = [proof for path, found in others for proof in _not_in_text(path, found)]
    return [*failed, *_not_in_captures(captures)]


def _not_in_text(path: Path, proofs: list[Proof]) -> list[Proof]:
    if not path.exists():
        return proofs
    if path.suffix in (".json", ".har"):
        document = json.loads(path.read_text(encoding="utf-8"))
        return [proof for proof in proofs if not _leads_somewhere(document, proof.shows)]
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [proof for proof in proofs if not _in_line(lines, proof)]


def _not_in_captures(captures: Mapping[Path, list[Proof]]) -> list[Proof]:
    """By a filter for all proofs of a file; where a frame fails, by one for each that names it."""
    passed = _passing((path, _joined(proofs)) for path, proofs in captures.items())
    suspects = [
        (path, proof)
        for (path, proofs), passing in zip(captures.items(), passed, strict=True)
        for proof in proofs
        if proof.number not in passing
    ]
    alone = _passing((path, _joined([proof])) for path, proof in suspects)
    return [p for (_, p), passing in zip(suspects, alone, strict=True) if p.number not in passing]


def _joined(proofs: Iterable[Proof]) -> list[str]:
    """Filters that a frame passes if it shows what all proofs that name it claim; several, since
    sharkd takes no longer lines."""
    claims: dict[int, list[str]] = defaultdict(list)
    for proof in proofs:
        claims[proof.number].append(f"({proof.shows})")
    joined: list[str] = []
    for number, shown in claims.items():
        term = f"(frame.number == {number} && {' && '.join(shown)})"
        if joined and len(joined[-1]) + len(term) < _FILTER_LENGTH:
            joined[-1] += f" || {term}"
        else:
            joined.append(term)
    return joined


def _passing(asked: Iterable[tuple[Path, list[str]]]) -> list[set[int]]:
    """The frames of each capture that pass one of its filters.

    Wireshark without its window, sharkd, opens one capture after the other: a tshark for each
    would take a third of a second to start.
    """
    asked = list(asked)
    preferences = (preference.split(":") for preference in PREFERENCES)
    lines = [_request("setconf", name=name, value=value) for name, value in preferences]
    for path, filters in asked:
        lines.append(_request("load", file=str(path)))
        lines += [_request("frames", filter=f, column0="frame.number:1") for f in filters]
    done = subprocess.run(
        ["sharkd", "-"], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    answers = (json.loads(line) for line in done.stdout.splitlines() if line)
    results = iter([_result(answer) for answer in answers][len(PREFERENCES) :])
    found = []
    for _, filters in asked:
        next(results)
        found.append({frame["num"] for _ in filters for frame in next(results)})
    return found


def _request(method: str, **parameters: str) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})


def _result(answer: Mapping[str, Any]) -> Any:
    assert "result" in answer, answer
    return answer["result"]


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
