"""The comments that journey.pcapng carries: what a reader of the packets should stop at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from orchestrator.analysis.packets.frames import Frame
from orchestrator.analysis.step import Step

_CAPTURE = ".pcapng"
# Unicode has circled numbers in three places (Enclosed Alphanumerics, Enclosed CJK).
_CIRCLED = ((1, 20, 0x2460), (21, 35, 0x3251), (36, 50, 0x32B1))


def number_milestones(
    steps: Iterable[Step], frames: Mapping[str, Sequence[Frame]]
) -> dict[int, str]:
    """Frame of journey.pcapng → its comment, numbered in the order of the frames.

    A step's comment is at the first frame that proves it; two at one frame share the comment.
    """
    said: dict[int, list[str]] = {}
    for step in steps:
        frame = _first_frame(step, frames)
        if step.milestone and frame is not None:
            said.setdefault(frame.captured.journey, []).append(step.milestone)
    return {
        frame: f"{circled(place)} {'; '.join(dict.fromkeys(said[frame]))}"
        for place, frame in enumerate(sorted(said), start=1)
    }


def _first_frame(step: Step, frames: Mapping[str, Sequence[Frame]]) -> Frame | None:
    for proof in step.proofs:
        if proof.file.endswith(_CAPTURE):
            seen = frames.get(proof.file.removesuffix(_CAPTURE), ())
            return seen[proof.number - 1] if 0 < proof.number <= len(seen) else None
    return None


def circled(number: int) -> str:
    """A number in a circle, ① to ㊿; greater ones in brackets."""
    for first, last, code in _CIRCLED:
        if first <= number <= last:
            return chr(code + number - first)
    return f"({number})"
