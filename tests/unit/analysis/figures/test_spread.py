from __future__ import annotations

from dataclasses import replace

from orchestrator.analysis.figures.spread import Spread, list_figures, spread_figures
from orchestrator.records.visit import Timings, Transfer, Visit, Vitals
from tests.unit.analysis.builders import VISIT


def visit(load_ms: float | None) -> Visit:
    return replace(VISIT, timings_ms=Timings(load=load_ms))


def test_half_of_the_later_visits_lie_between_low_and_high() -> None:
    loads = (600.0, 100.0, 110.0, 120.0, 130.0, 900.0)
    assert spread_figures([visit(ms) for ms in loads])["load"] == Spread(600, 120, 110, 130)


def test_of_two_visits_the_later_one_is_all_there_is() -> None:
    assert spread_figures([visit(600), visit(100)])["load"] == Spread(600, 100, 100, 100)


def test_what_a_visit_does_not_know_is_left_out_of_the_later_ones() -> None:
    assert spread_figures([visit(None), visit(100), visit(None)])["load"] == Spread(
        None, 100, 100, 100
    )
    assert spread_figures([visit(600)])["load"] == Spread(600, None, None, None)


def test_figures_are_those_of_the_record() -> None:
    record = replace(
        VISIT,
        timings_ms=Timings(ttfb=20),
        vitals=Vitals(ttfb=80, speed_index=300),
        transfers=(Transfer("document", 1, 900), Transfer("image", 2, 5000)),
    )
    figures = list_figures(record)
    assert (figures["ttfb"], figures["first_byte"], figures["speed_index"]) == (20, 80, 300)
    assert (figures["requests"], figures["bytes"]) == (3, 5900)
    assert list_figures(VISIT)["requests"] is None
