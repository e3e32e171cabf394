"""The window's wait, and the server's."""

from __future__ import annotations

import pytest

from orchestrator.analysis.packets.frames import ACK, Frame
from orchestrator.analysis.waits.send_queue import is_held_by_window
from tests.unit.analysis.builders import at
from tests.unit.analysis.talking import Talk, talk

_SIZE = 1000


def sends(connection: Talk, at_ms: float, place: int) -> Frame:
    """The place-th segment of the edge's, as the edge sees it leave."""
    return connection.down(at_ms, seq=5000 + place * _SIZE, payload=b"d" * _SIZE)


def acknowledges(connection: Talk, at_ms: float, segments: int) -> None:
    """It comes to the edge 5 ms later."""
    connection.up(at_ms - 5, ack=5000 + segments * _SIZE, flags=ACK)


def at_edge(connection: Talk) -> tuple[Frame, ...]:
    return connection.recording.story().frames_of("edge")


def test_what_leaves_with_an_ack_while_much_is_under_way_waited_for_the_window() -> None:
    """Seen: 239 ms that were told to be the balancer's, which had logged 2."""
    connection = talk()
    sends(connection, 10, 0)
    sends(connection, 10.1, 1)
    acknowledges(connection, 30, 1)
    sends(connection, 30.1, 2)
    response = sends(connection, 30.2, 3)
    assert is_held_by_window(at_edge(connection), at(12), response)


def test_what_leaves_by_itself_was_not_there_before() -> None:
    connection = talk()
    sends(connection, 10, 0)
    sends(connection, 10.1, 1)
    acknowledges(connection, 20, 1)
    response = sends(connection, 30, 2)
    assert not is_held_by_window(at_edge(connection), at(12), response)


@pytest.mark.parametrize("asked_ms", [12, 25])
def test_a_server_that_answers_once_all_is_acknowledged_took_its_time(asked_ms: float) -> None:
    connection = talk()
    sends(connection, 10, 0)
    acknowledges(connection, 20, 1)
    acknowledges(connection, 29.5, 1)
    response = sends(connection, 30, 1)
    assert not is_held_by_window(at_edge(connection), at(asked_ms), response)


def test_what_a_log_says_was_written_waited_only_where_something_was_under_way() -> None:
    connection = talk()
    sends(connection, 10, 0)
    acknowledges(connection, 20, 1)
    sends(connection, 22, 1)
    response = sends(connection, 40, 2)
    assert is_held_by_window(at_edge(connection), at(23), response, was_written=True)
    assert not is_held_by_window(at_edge(connection), at(23), response)
    assert not is_held_by_window(at_edge(connection), at(21), response, was_written=True)


def test_the_first_that_a_server_sends_waited_for_no_window() -> None:
    connection = talk()
    acknowledges(connection, 29, 0)
    response = sends(connection, 30, 0)
    assert not is_held_by_window(at_edge(connection), at(12), response)


def test_sequence_numbers_go_round() -> None:
    connection = talk()
    start = 2**32 - 1500
    connection.down(10, seq=start, payload=b"d" * 1000)
    connection.down(10.1, seq=start + 1000, payload=b"d" * 1000)
    connection.up(25, ack=start + 1000, flags=ACK)
    response = connection.down(30.2, seq=500, payload=b"d" * 1000)
    assert is_held_by_window(at_edge(connection), at(12), response)


def test_what_leaves_at_the_pace_of_what_left_before_it_was_held_too() -> None:
    """Linux spreads a window over a round trip. Seen: a pair of segments every 6.7 ms."""
    connection = talk()
    response = None
    for place in range(12):
        response = sends(connection, 10 + 6.7 * (place // 2), place)
    assert response is not None
    first = at_edge(connection)[-2]
    assert is_held_by_window(at_edge(connection), at(12), first)
    late = sends(connection, 10 + 6.7 * 5 + 11, 12)
    assert not is_held_by_window(at_edge(connection), at(12), late)
