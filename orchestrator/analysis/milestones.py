"""The comments that journey.pcapng carries: what a reader of the packets should stop at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from orchestrator.analysis.packets.frames import Frame
from orchestrator.analysis.step import Step

_CAPTURE = ".pcapng"
# Unicode has circled numbers in three places (Enclosed Alphanumerics, Enclosed CJK).
_CIRCLED = ((1, 20, 0x2460), (21, 35, 0x3251), (36, 50, 0x32B1))


def number_milestones(
    steps: Iterable[Step], frames: Mapping[str, Sequence[Frame]]
) -> dict[int, str]:
    """Frame of journey.pcapng → its comment, numbered in the order of the frames.

    A step's comment is at the frame nearest to its moment of those that prove it; two at one frame
    share the comment.
    """
    said: dict[int, list[str]] = {}
    for step in steps:
        frame = _frame_of(step, frames)
        if step.milestone and frame is not None:
            said.setdefault(frame.captured.journey, []).append(step.milestone)
    return {
        frame: f"{circled(place)} {'; '.join(dict.fromkeys(said[frame]))}"
        for place, frame in enumerate(sorted(said), start=1)
    }


def _frame_of(step: Step, frames: Mapping[str, Sequence[Frame]]) -> Frame | None:
    """What proves a step best may be later: HTTP/1.1 is read where its body ends."""
    moment_ns = step.start_ns if step.moment_ns is None else step.moment_ns
    proving = _proving(step, frames)
    return min(proving, key=lambda frame: abs(frame.time_ns - moment_ns), default=None)


def _proving(step: Step, frames: Mapping[str, Sequence[Frame]]) -> Iterator[Frame]:
    for proof in step.proofs:
        seen = frames.get(proof.file.removesuffix(_CAPTURE), ())
        if proof.file.endswith(_CAPTURE) and 0 < proof.number <= len(seen):
            yield seen[proof.number - 1]


def circled(number: int) -> str:
    """A number in a circle, ① to ㊿; greater ones in brackets."""
    for first, last, code in _CIRCLED:
        if first <= number <= last:
            return chr(code + number - first)
    return f"({number})"
