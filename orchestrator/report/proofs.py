"""A proof as a line that can be typed in the run's folder, to see for oneself."""

from __future__ import annotations

import json
import re
import shlex

from orchestrator.analysis.step import PREFERENCES, Proof

# Fields of what TCP carries.
_ABOVE_TCP = re.compile(r"\b(http2?|pgsql|tls)\.")


def command(proof: Proof) -> str:
    """The line that shows a proof: tshark for frames, sed for logs, jq for JSON."""
    file = shlex.quote(proof.file)
    if proof.file.endswith(".pcapng"):
        wanted = f"frame.number == {proof.number}"
        both = f"{wanted} && ({proof.shows})" if proof.shows else wanted
        told = "".join(f" -o {name}" for name in PREFERENCES if _ABOVE_TCP.search(proof.shows))
        return f"tshark{told} -r {file} -Y {shlex.quote(both)}"
    if proof.file.endswith((".json", ".har")):
        return f"jq {shlex.quote(_query(proof.shows))} {file}"
    return f"sed -n {proof.number}p {file}"


def _query(pointer: str) -> str:
    """A JSON pointer (RFC 6901) as a path of jq."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    path = "".join(_member(part) for part in parts)
    return path if path.startswith(".") else f".{path}"


def _member(part: str) -> str:
    if part.isdecimal():
        return f"[{part}]"
    return f".{part}" if part.isidentifier() and part.isascii() else f"[{json.dumps(part)}]"
