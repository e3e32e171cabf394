from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import Any

from cdp_pieces import event

from orchestrator.browser.cdp import Connection
from orchestrator.browser.film import MOST_FRAMES, Film, Frame, develop
from orchestrator.browser.observe import Told
from orchestrator.browser.speed import SHADES
from orchestrator.browser.visit import PageLoad

LOADED = Told("", 1.0, {"navigation": [{}]})


class Browser:
    """Answers each command from `answers`, by method, and then says `events`."""

    def __init__(self, answers: dict[str, Any], *events: dict[str, Any]) -> None:
        self.answers, self.events = answers, list(events)
        self.asked: list[dict[str, Any]] = []
        self.waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        command = json.loads(data[:-1])
        self.asked.append(command)
        result = self.answers.get(command["method"], {})
        self.waiting.append(json.dumps({"id": command["id"], "result": result}).encode() + b"\0")

    def read(self, timeout_s: float) -> bytes:
        if not self.waiting and self.events:
            self.waiting.append(json.dumps(self.events.pop(0)).encode() + b"\0")
        if not self.waiting:
            raise TimeoutError
        return self.waiting.pop(0)

    def count(self, method: str) -> int:
        return sum(command["method"] == method for command in self.asked)


def shot(at_s: float, picture: bytes, number: int = 1) -> dict[str, Any]:
    data = base64.b64encode(picture).decode()
    return event("Page.screencastFrame", data=data, metadata={"timestamp": at_s}, sessionId=number)


def page_load(told: Told = LOADED) -> PageLoad:
    """A load that began at 1000 s of the wall clock."""
    return PageLoad("https://www.example.com/", 400.0, 600.0, "1", (), "", False, told=told)


def decoding(*shades: int) -> dict[str, Any]:
    """A browser whose pictures have one pixel each, of one shade, in all three colours."""
    histograms = [[int(at % SHADES == shade) for at in range(3 * SHADES)] for shade in shades]
    return {
        "Target.createTarget": {"targetId": "T"},
        "Target.attachToTarget": {"sessionId": "S2"},
        "Runtime.evaluate": {"result": {"value": json.dumps(histograms)}},
    }


def hear_all(connection: Connection) -> None:
    with suppress(TimeoutError):
        while True:
            connection.pump(0.0)


def test_filming_starts_with_what_is_there_and_takes_each_frame_off_its_hands() -> None:
    browser = Browser({}, shot(999.0, b"blank"), shot(1000.2, b"page", 2))
    film = Film(Connection(browser), "S1")
    film.start()
    assert film.frames == [Frame(999.0, b"blank")]
    assert browser.asked[-1]["method"] == "Page.screencastFrameAck"
    assert browser.asked[-1]["params"] == {"sessionId": 1}


def test_a_browser_that_films_nothing_does_not_stop_the_visit() -> None:
    film = Film(Connection(Browser({})), "S1")
    film.start()
    assert film.frames == []
    assert develop(Connection(Browser({})), film, page_load()) == ()


def test_what_did_not_change_is_no_new_frame() -> None:
    connection = Connection(Browser({}, shot(999.0, b"a"), shot(1000.0, b"a"), shot(1001.0, b"b")))
    film = Film(connection, "S1")
    film.start()
    connection.events.clear()
    hear_all(connection)
    assert [frame.jpeg for frame in film.frames] == [b"a", b"b"]


def test_a_page_that_never_stands_still_is_not_filmed_for_ever() -> None:
    shots = [shot(float(number), b"%d" % number) for number in range(MOST_FRAMES + 5)]
    browser = Browser({}, *shots)
    connection = Connection(browser)
    film = Film(connection, "S1")
    film.start()
    hear_all(connection)
    assert browser.count("Page.screencastFrameAck") == MOST_FRAMES - 1


def test_the_filmstrip_counts_from_the_start_of_the_navigation() -> None:
    browser = Browser(decoding(60, 30, 0))
    film = Film(Connection(browser), "S1")
    film.frames = [Frame(999.5, b"a"), Frame(1000.2, b"b"), Frame(1000.25, b"c")]
    strip = develop(Connection(browser), film, page_load())
    assert [(picture.at_ms, picture.jpeg) for picture in strip] == [
        (0, b"a"), (200, b"b"), (250, b"c")
    ]  # fmt: skip
    assert [picture.complete for picture in strip] == [0.0, 0.5, 1.0]


def test_of_frames_of_one_millisecond_the_last_one_counts() -> None:
    browser = Browser(decoding(60, 0))
    film = Film(Connection(browser), "S1")
    film.frames = [Frame(998.0, b"a"), Frame(999.0, b"b"), Frame(1000.2, b"c")]
    strip = develop(Connection(browser), film, page_load())
    assert [(picture.at_ms, picture.jpeg) for picture in strip] == [(0, b"b"), (200, b"c")]


def test_without_a_page_or_without_an_answer_there_is_no_filmstrip() -> None:
    film = Film(Connection(Browser({})), "S1")
    film.frames = [Frame(1000.0, b"a")]
    assert develop(Connection(Browser(decoding(1))), film, page_load(Told())) == ()
    assert develop(Connection(Browser({})), film, page_load()) == ()
