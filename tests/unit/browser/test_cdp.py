from __future__ import annotations

import json
import time
from typing import Any

import pytest

from orchestrator.browser.cdp import Connection
from orchestrator.errors import DeployError


class Wire:
    """A browser's end of the pipes: what it will say, in the pieces it says it in."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def read(self, timeout_s: float) -> bytes:
        if not self.pieces:
            raise TimeoutError
        return self.pieces.pop(0)


def said(**message: Any) -> bytes:
    return json.dumps(message).encode() + b"\0"


def soon() -> float:
    return time.monotonic() + 1


def test_a_command_is_json_ended_by_a_nul() -> None:
    wire = Wire(said(id=1, result={"product": "Chrome/1"}))
    assert Connection(wire).call("Browser.getVersion") == {"product": "Chrome/1"}
    assert wire.written == said(id=1, method="Browser.getVersion", params={})


def test_a_session_goes_along_with_the_command() -> None:
    wire = Wire(said(id=1, result={}))
    Connection(wire).call("Page.navigate", "S1", url="http://a/")
    assert json.loads(wire.written[:-1])["sessionId"] == "S1"
    assert json.loads(wire.written[:-1])["params"] == {"url": "http://a/"}


@pytest.mark.parametrize("cut", [1, 7, 30])
def test_messages_are_put_together_from_any_pieces(cut: int) -> None:
    text = said(method="Page.loadEventFired", params={"t": "é"}) + said(id=1, result={"a": 1})
    connection = Connection(Wire(text[:cut], text[cut:]))
    assert connection.call("X") == {"a": 1}
    assert [event["method"] for event in connection.events] == ["Page.loadEventFired"]


def test_answers_may_come_in_another_order() -> None:
    connection = Connection(Wire(said(id=2, result={"n": 2}) + said(id=1, result={"n": 1})))
    first, second = connection.send("A"), connection.send("B")
    assert connection.answer(first, soon()) == {"n": 1}
    assert connection.answer(second, soon()) == {"n": 2}


def test_a_refused_command_is_an_error() -> None:
    with pytest.raises(DeployError, match="no such method"):
        Connection(Wire(said(id=1, error={"message": "no such method"}))).call("X")


def test_a_browser_that_is_gone_is_an_error() -> None:
    with pytest.raises(DeployError, match="ended unexpectedly"):
        Connection(Wire(b"")).call("X")


def test_waiting_is_bounded() -> None:
    with pytest.raises(TimeoutError):
        Connection(Wire()).call("X")


def test_an_event_with_a_handler_goes_there_alone() -> None:
    connection = Connection(Wire(said(method="A", params={}), said(method="B", params={})))
    taken: list[dict[str, Any]] = []
    connection.handlers["A"] = taken.append
    connection.pump(soon())
    connection.pump(soon())
    assert [event["method"] for event in taken] == ["A"]
    assert [event["method"] for event in connection.events] == ["B"]
