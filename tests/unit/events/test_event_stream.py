"""The stream: order, its ends, and what the verb refuses."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from orchestrator.cli.events import events_command
from orchestrator.errors import UsageError
from orchestrator.events.stream import Stream
from orchestrator.records.study import NetworkEvent


def event(time_ns: int, kind: str = "link", action: str = "up") -> NetworkEvent:
    return NetworkEvent(time_ns, "core", kind, action, "eth0")


@pytest.fixture
def stream() -> Iterator[Stream]:
    made = Stream()
    yield made
    made.close()


def test_what_comes_together_is_put_in_the_order_of_time(stream: Stream) -> None:
    for time_ns in (3, 1, 2):
        stream.put(event(time_ns))
    (batch,) = stream.batches(for_s=0.01)
    assert [each.time_ns for each in batch] == [1, 2, 3]


def test_it_ends_in_time_without_an_event(stream: Stream) -> None:
    assert list(stream.batches(for_s=0.01)) == []


def test_it_ends_with_the_lab(stream: Stream) -> None:
    stream.put(event(1))
    stream.put(event(2, "lab", "down"))
    assert [len(batch) for batch in stream.batches()] == [2]


def test_it_ends_when_the_reader_went_away(stream: Stream) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert list(stream.batches(reader=writing)) == []
    finally:
        os.close(writing)


def test_who_tells_after_the_end_does_no_harm() -> None:
    stream = Stream()
    stream.close()
    stream.put(event(1))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--kind", "lnk"], "did you mean 'link'"),
        (["--kind", "link,weather"], "there is no kind of event 'weather'"),
        (["--for", "10"], "10 s"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_hint(arguments: list[str], says: str) -> None:
    with pytest.raises(UsageError) as refused:
        events_command.main(arguments, standalone_mode=False)
    assert says in str(refused.value)
