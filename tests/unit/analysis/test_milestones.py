from __future__ import annotations

from dataclasses import replace

from orchestrator.analysis.milestones import circled, number_milestones
from orchestrator.analysis.packets.frames import Frame
from orchestrator.analysis.step import Proof, Step
from tests.unit.analysis.builders import Recording, at


def numbered(frame: Frame, journey: int) -> Frame:
    return frame._replace(captured=frame.captured._replace(journey=journey))


def step(milestone: str, *proofs: Proof) -> Step:
    return Step("kind", "title", "told", (), at(1), at(2), proofs, milestone=milestone)


FRAMES = {
    "laptop": (
        numbered(Recording().saw("laptop", 1), 7),
        numbered(Recording().saw("laptop", 2), 9),
    )
}
FIRST, SECOND = Proof("laptop.pcapng", 1, "ip"), Proof("laptop.pcapng", 2, "ip")


def test_comments_are_numbered_in_the_order_of_the_frames() -> None:
    steps = [step("later", SECOND), step("sooner", FIRST)]
    assert number_milestones(steps, FRAMES) == {7: "① sooner", 9: "② later"}


def test_a_comment_is_at_the_frame_of_its_own_time() -> None:
    """What proves a step best may come last, as a status that is read where the body ends."""
    log = Proof("logs/edge.log", 1, "HIT")
    seen = step("seen", log, SECOND, FIRST)
    assert number_milestones([seen], FRAMES) == {7: "① seen"}
    refused = replace(step("refused", FIRST, SECOND), moment_ns=at(2))
    assert number_milestones([refused], FRAMES) == {9: "① refused"}


def test_two_steps_at_one_frame_share_its_comment() -> None:
    steps = [step("one", FIRST), step("two", FIRST), step("one", FIRST)]
    assert number_milestones(steps, FRAMES) == {7: "① one; two"}


def test_steps_without_a_milestone_or_a_frame_leave_none() -> None:
    gone = replace(FIRST, number=3)
    other = replace(FIRST, file="phone.pcapng")
    assert number_milestones([step("", FIRST), step("x", gone), step("y", other)], FRAMES) == {}


def test_numbers_in_circles_end_at_fifty() -> None:
    assert [circled(n) for n in (1, 20, 21, 35, 36, 50, 51)] == [*"①⑳㉑㉟㊱㊿", "(51)"]
