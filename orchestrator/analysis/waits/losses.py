"""Where the critical path waited for segments that were lost and sent again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from orchestrator.analysis.connections.peers import find_peer, how_many
from orchestrator.analysis.connections.repeats import Repeat, find_repeats
from orchestrator.analysis.story import Story
from orchestrator.analysis.waits.segment import Segment

# In which a lost segment can hold up what comes.
_CARRIED = frozenset(
    {"TLS", "network", "download", "server", "balancer", "edge", "send queue", "response"}
)


def note_losses(story: Story, segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """The same segments; those in which a segment was sent again, or was missing, say so."""
    repeats = [*_repeats(story)]
    return tuple(_note(segment, repeats) for segment in segments)


def _repeats(story: Story) -> Iterator[Repeat]:
    for connection in story.connections:
        yield from find_repeats(connection.frames)
        yield from find_repeats(find_peer(story, connection).frames)


def _note(segment: Segment, repeats: list[Repeat]) -> Segment:
    """Only what was repeated within it held it up for sure."""
    within = [r for r in repeats if segment.start_ns < r.again.time_ns <= segment.end_ns]
    if not within or segment.name not in _CARRIED:
        return segment
    later_ms = max(repeat.later_ms for repeat in within)
    # One that was sent three times is one segment.
    count = how_many(len({repeat.first.captured for repeat in within}), "TCP segment")
    told = f"{segment.told} In this time {count} had to be sent again, {later_ms:.0f} ms late."
    return replace(segment, told=told)
