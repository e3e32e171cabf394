"""Links for a terminal: what they do, in a line each, and what they counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.cli.layout import Output
from orchestrator.cli.lines import glued
from orchestrator.cli.tables import Column
from orchestrator.plan.impairment import Bernoulli, GilbertElliott, Impairment, NoLoss, Nth
from orchestrator.plan.model import Link, Plan
from orchestrator.runtime.links.state import DIRECTIONS, LinkState


def print_links(output: Output, plan: Plan, links: Mapping[str, LinkState]) -> None:
    """All links of a lab and what each does."""
    rows = [(name, told(plan.links[name], state)) for name, state in links.items()]
    output.table((Column("link"), Column("state", least=24)), rows)


def print_link(output: Output, link: Link, state: LinkState) -> None:
    """A link and what it does."""
    output.say(f"{link.name} {told(link, state)}", hang=2)


def print_counters(output: Output, link: Link, seen: Mapping[str, object]) -> None:
    """What the backend of a link counted, in each direction."""
    rows: list[tuple[str, str, str]] = []
    for direction in DIRECTIONS:
        counted = seen[direction]
        assert isinstance(counted, dict)
        for key, value in counted.get("counters", counted).items():
            rows.append((arrow(link, direction), key, str(value)))
    output.table((Column("direction"), Column("what"), Column("seen", right=True)), rows)


def told(link: Link, state: LinkState) -> str:
    """A link in a line: its backend, its cuts, and each direction's impairment."""
    cut = ["down"] if state.down else []
    cut += [f"blackhole {arrow(link, direction)}" for direction in state.blackholes]
    if state.ab == state.ba:
        shapes = [_shape(state.ab)]
    else:
        shapes = [f"{arrow(link, d)}: {_shape(state.impairments[d])}" for d in DIRECTIONS]
    return "; ".join([state.backend, *cut, *filter(None, shapes)])


def arrow(link: Link, direction: str) -> str:
    """A direction of a link, by its ends."""
    ends = (link.a.node, link.b.node) if direction == "ab" else (link.b.node, link.a.node)
    return glued(" → ".join(ends))


def _shape(impairment: Impairment) -> str:
    parts: dict[str, Any] = {
        f"delay {impairment.delay_ms:g} ms": impairment.delay_ms,
        f"jitter {impairment.jitter_ms:g} ms {impairment.distribution}": impairment.jitter_ms,
        _loss(impairment): not isinstance(impairment.loss, NoLoss),
        f"reorder {impairment.reorder:.3%}": impairment.reorder,
        f"duplicate {impairment.duplicate:.3%}": impairment.duplicate,
        f"corrupt {impairment.corrupt:.3%}": impairment.corrupt,
        f"rate {(impairment.rate_bps or 0) / 1e6:g} Mbit/s": impairment.rate_bps,
    }
    return ", ".join(text for text, value in parts.items() if value)


def _loss(impairment: Impairment) -> str:
    match impairment.loss:
        case Bernoulli(probability):
            return f"loss {probability:.3%}"
        case GilbertElliott(p, r):
            return f"loss in bursts p {p:.3%} r {r:.3%}"
        case Nth(n):
            return f"loss of every {n}th"
    return ""
