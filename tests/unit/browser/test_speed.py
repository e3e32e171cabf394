from __future__ import annotations

import pytest

from orchestrator.browser.speed import judge_completeness, measure_speed

WHITE, HALF, DONE = (100, 0, 0), (50, 50, 0), (0, 80, 20)


def test_completeness_is_how_far_the_shades_have_come() -> None:
    """Half has come 50 of 100 from white and 50 of 80 to grey: 100 of the 200 there are to go."""
    assert judge_completeness([WHITE, HALF, DONE]) == [0.0, 0.5, 1.0]


def test_more_than_was_asked_for_is_no_more_progress() -> None:
    too_grey = (0, 100, 0)
    assert judge_completeness([WHITE, too_grey, DONE]) == [0.0, 0.9, 1.0]


def test_the_wrong_way_is_no_progress() -> None:
    start, wrong, end = (50, 50, 0), (100, 0, 0), (0, 50, 50)
    assert judge_completeness([start, wrong, end]) == [0.0, 0.0, 1.0]


def test_a_page_that_never_changed_was_complete_at_once() -> None:
    assert judge_completeness([WHITE, WHITE]) == [1.0, 1.0]
    assert judge_completeness([]) == []


@pytest.mark.parametrize(
    ("moments", "index"),
    [
        ([(0, 0.0), (200, 1.0)], 200),
        ([(0, 0.0), (100, 0.5), (300, 1.0)], 200),
        ([(40, 0.0), (100, 0.9), (1000, 1.0)], 190),
        ([(0, 1.0)], 0),
    ],
)
def test_the_index_is_the_area_over_the_curve(
    moments: list[tuple[float, float]], index: float
) -> None:
    assert measure_speed(moments) == pytest.approx(index)
