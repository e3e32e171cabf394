"""A visit's look-up beside the textbook's."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.analysis.connections.peers import how_many, in_words
from orchestrator.analysis.figures.usual import FAILED, Comparison, compare
from orchestrator.analysis.names.lookups import DnsExchange, Questions
from orchestrator.analysis.story import Story
from orchestrator.analysis.web.urls import find_start, host_of

COLD_DNS_MS = (20.0, 200.0)
# By how many had to ask others: nobody, the gateway its resolver, the resolver the tree.
_CASES = (
    ("a name from a cache nearby", (0.0, 5.0)),
    ("a name that the resolver knows", (1.0, 50.0)),
    ("a name that is in no cache", COLD_DNS_MS),
)


def compare_lookup(story: Story) -> Iterator[Comparison]:
    """The look-up of the document's host: in no cache, known to the resolver, or known nearby."""
    questions = Questions(story)
    lookup = _lookup(story, questions)
    if lookup is None:
        return
    start_ns, end_ns, found = lookup
    asking = _askers(story, questions, start_ns, end_ns)
    name, usual = _CASES[min(len(asking), 2)]
    said = ", ".join(f"{node} asked {how_many(count, 'question')}" for node, count in asking)
    why = (f" For it {said}." if said else "") + _lost_queries(story, questions, (start_ns, end_ns))
    apart = FAILED if not found or story.visit.error == "dns" else ""
    yield compare("DNS", (end_ns - start_ns) / 1e6, usual, name, why, apart)


def _lookup(story: Story, questions: Questions) -> tuple[int, int, bool] | None:
    """From the client's first question about the host to the answer that it went on with, and
    whether any answer was a good one."""
    host = host_of(find_start(story))
    opened_ns = min((c.opened_ns for c in story.connections), default=story.ended_ns)
    mine = [
        e
        for e in questions.by(story.client.name)
        if e.name.rstrip(".").lower() == host and story.started_ns <= e.asked_ns <= opened_ns
    ]
    answers = [e.answer for e in mine if e.answer and e.answer.frame.time_ns <= opened_ns]
    if not answers:
        return None
    end_ns = max(answer.frame.time_ns for answer in answers)
    return mine[0].asked_ns, end_ns, any(answer.rcode == "NOERROR" for answer in answers)


def _askers(
    story: Story, questions: Questions, start_ns: int, end_ns: int
) -> list[tuple[str, int]]:
    """Who asked others meanwhile, and how often: gateway and resolver, if they had to."""
    nodes = (node for node in story.evidence.dissections if node != story.client.name)
    asked = ((n, [e for e in questions.by(n) if start_ns < e.asked_ns < end_ns]) for n in nodes)
    return [(node, len(found)) for node, found in asked if found]


def _lost_queries(story: Story, questions: Questions, span: tuple[int, int]) -> str:
    """Where questions that were asked meanwhile, or answers to them, were lost."""
    places: dict[str, None] = {}
    for node in story.evidence.dissections:
        for entry in questions.by(node):
            if span[0] <= entry.asked_ns <= span[1] and entry.answer is None:
                places |= dict.fromkeys(_places(story, questions, entry))
    return f" Of questions and answers, some were lost {in_words(places)}." if places else ""


def _places(story: Story, questions: Questions, entry: DnsExchange) -> Iterator[str]:
    received = questions.received(entry)
    frames = [entry.query.frame]
    if received is not None and received[1].answer is not None:
        frames.append(received[1].answer.frame)
    yield from filter(None, (story.tracks.of(frame).lost for frame in frames))
