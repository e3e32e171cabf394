"""What a finding is: a step of the journey, and what proves it.

A proof can be checked by anyone, and the tests check every one. What `shows` means depends on the
kind of the file:

    <node>.pcapng   frame `number` passes the display filter `shows` (wireshark-filter(4))
    *.json, *.har   the JSON pointer `shows` (RFC 6901) leads to a value
    any other       line `number`, from 1, holds the text `shows`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.records.server_logs import Logged

# What tshark and Wireshark are to be told (`-o`) before they read above TCP. By default a segment
# that came late hides what is behind it, and a damaged one, which its receiver dropped, is taken
# for the data.
PREFERENCES = ("tcp.reassemble_out_of_order:TRUE", "tcp.check_checksum:TRUE")
# A detail is shown as it is; numbers keep their type for whoever reads the JSON.
Detail = str | int | float | bool | tuple[str, ...]


@dataclass(frozen=True)
class Proof:
    """A place in the evidence, and in `says` what it is there, in a few words."""

    file: str
    number: int
    shows: str
    says: str = ""


def proof_in_log(entry: Logged, says: str = "") -> Proof:
    """The line of a server's log that tells a request."""
    return Proof(f"logs/{entry.node}.log", entry.line.number, entry.says, says)


@dataclass(frozen=True)
class Step:
    """Something that happened on the way.

    kind        which kind of step it is: the name of its teller
    title       a few words, as in a table of contents
    told        what happened, in whole sentences a student understands, values included
    nodes       between whom, in the order in which it went
    start_ns    since 1970-01-01 UTC; `end_ns` likewise
    proofs      what shows it, the most telling first
    details     what else is known, by name, in the order to show it; units in the names
    saved       what a cache or a reused connection saved here; "" if nothing
    expected    what the plan has it to be; "" if the plan does not say
    as_expected whether it was so; None if the plan does not say
    terms       words of the glossary that a newcomer may want to look up
    milestone   what journey.pcapng says at the frame that shows it; "" for no comment
    moment_ns   when the milestone is; None: when the step starts
    """

    kind: str
    title: str
    told: str
    nodes: tuple[str, ...]
    start_ns: int
    end_ns: int
    proofs: tuple[Proof, ...]
    details: Mapping[str, Detail] = field(default_factory=dict)
    saved: str = ""
    expected: str = ""
    as_expected: bool | None = None
    terms: tuple[str, ...] = ()
    milestone: str = ""
    moment_ns: int | None = None

    @property
    def duration_ms(self) -> float:
        """How long the step took, in milliseconds."""
        return (self.end_ns - self.start_ns) / 1e6
