"""Trials as files, and back."""

from __future__ import annotations

import json

import pytest

from orchestrator.records.study import (
    FaultEvent,
    NetworkEvent,
    ProbeRun,
    Sample,
    Trial,
    events_from_lines,
    events_to_lines,
    samples_from_csv,
    samples_to_csv,
    trial_from_json,
    trial_to_json,
)

SAMPLES = (
    Sample("ping", 0, 10**18, 10**18 + 5, 0.125, None, "", "3fff::5", 7, "3fff::9", 0),
    Sample("ping", 1, 1, 2, None, "lost", 'said "no",\nand a line more', "3fff::5"),
)
EVENTS = (
    NetworkEvent(5, "isp", "link", "down", "eth0", {"carrier": False, "operstate": "down"}),
    NetworkEvent(6, "isp", "route", "del", "::/0", {"via": [["fe80::1", "eth0"]], "table": 254}),
)
PROBE = ProbeRun("ping", "icmp", "laptop", "www.example.com", 10.0, 500.0, None, {"family": "6"})
FAULT = FaultEvent("link-down", "a--b", {"from": ""}, 1, 2, 3, None, None)
TRIAL = Trial(2, 1, 9, (PROBE,), SAMPLES, (FAULT,), EVENTS, True, ("interrupted",))


def test_a_trial_comes_back_from_its_three_files() -> None:
    plain = json.loads(json.dumps(trial_to_json(TRIAL)))
    samples = samples_from_csv(samples_to_csv(SAMPLES))
    assert trial_from_json(plain, samples, events_from_lines(events_to_lines(EVENTS))) == TRIAL


def test_samples_stand_under_the_names_of_their_fields() -> None:
    head, first, *_ = samples_to_csv(SAMPLES).splitlines()
    assert head.startswith("probe,sequence,due_ns,sent_ns,took_ms,failure,detail,source,")
    assert first.startswith("ping,0,1000000000000000000,1000000000000000005,0.125,,,3fff::5,7,")


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_last_line_that_was_cut_off_is_left_out(cut: int) -> None:
    assert samples_from_csv(samples_to_csv([SAMPLES[0]] * 2)[:-cut]) == SAMPLES[:1]
    assert events_from_lines(events_to_lines(EVENTS)[:-cut]) == EVENTS[:1]


def test_nothing_comes_back_from_nothing() -> None:
    assert samples_from_csv("") == ()
    assert samples_from_csv(samples_to_csv([])) == ()
    assert events_from_lines("") == ()


def test_other_text_is_refused() -> None:
    with pytest.raises(ValueError, match="line 2: it has no probe"):
        samples_from_csv("a,b\n1,2\n")
    with pytest.raises(ValueError, match="line 2: invalid literal"):
        samples_from_csv(samples_to_csv(SAMPLES).replace("ping,0,", "ping,nought,"))
