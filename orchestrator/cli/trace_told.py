"""What `lab trace` prints: tables, there and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from orchestrator.analysis.hops.account import Account
from orchestrator.analysis.hops.passage import NOISE_MS, Leg, Passage
from orchestrator.analysis.hops.trace import Trace
from orchestrator.cli.layout import Output
from orchestrator.cli.lines import glued, styled
from orchestrator.cli.tables import Column

_SHOWN_LOSSES = 10
_COLUMNS = (
    Column("interface"),
    Column(),
    Column("ms", right=True),
    Column("+ms", right=True),
    Column("spent", least=16),
    Column("frame", right=True),
    Column(f"{glued('in its')} file", right=True),
)


def print_trace(output: Output, trace: Trace, folder: Path, account: Account) -> None:
    """Two tables, there and back, and what is worth saying of them."""
    start_ns = trace.forward[0].time_ns
    ways = (
        (trace.packet, trace.forward, trace.forward_legs),
        ("what came back", trace.back, trace.back_legs),
    )
    for name, passages, legs in ways:
        if passages:
            output.say(styled(f"{name}: {_summary(passages)}", "bold"), hang=2)
            output.table(_COLUMNS, _rows(passages, legs, start_ns))
    last = trace.forward[-1]
    look = f"tshark -r {folder / last.file} -Y 'frame.number == {last.number}' -V"
    for note in trace.notes:
        output.say(note, "- ")
    for line in _account(account):
        output.say(line, hang=2)
    output.run(look, "look at it: ")


def _summary(passages: Sequence[Passage]) -> str:
    first_seen, last_seen = passages[0], passages[-1]
    first, last = first_seen.interface, last_seen.interface
    if len(passages) == 1:
        return f"seen at {first} only"
    millis = (last_seen.time_ns - first_seen.time_ns) / 1e6
    return f"{first} to {last}, {len(passages)} interfaces, {millis:.3f} ms one way"


def _rows(
    passages: Sequence[Passage], legs: Sequence[Leg], start_ns: int
) -> Iterator[tuple[str, ...]]:
    for passage, leg in zip(passages, (None, *legs), strict=True):
        yield (
            passage.interface,
            "out" if passage.outbound else "in",
            f"{(passage.time_ns - start_ns) / 1e6:.3f}",
            f"{leg.duration_ms:.3f}" if leg else "",
            _spent(leg) if leg else "",
            str(passage.frame),
            str(passage.number),
        )


def _spent(leg: Leg) -> str:
    """Where the time of a leg went; parts that do not show in microseconds are left out."""
    place = {"link": "on the link", "proxy": "at the proxy"}.get(leg.kind, "at")
    name = "" if leg.kind == "link" else f" {leg.name}"
    parts = {"propagation": leg.propagation_ms, "serialisation": leg.serialisation_ms}
    if abs(leg.queueing_ms) > NOISE_MS:
        parts["queueing"] = leg.queueing_ms
    told = [glued(f"{part} {ms:.3f}") for part, ms in parts.items() if ms]
    return f"{place}{name}" + (f": {' + '.join(told)}" if told else "")


def _account(account: Account) -> list[str]:
    if not account.packets:
        return []
    lines = [
        f"{account.matched} of the {account.packets} packets of the visit's connections were seen "
        f"at every hop, from end to end{_the_others(account)}."
    ]
    told = (*account.lost, *account.damaged, *account.copies)
    lines += [f"- {said}" for said in told[:_SHOWN_LOSSES]]
    if len(told) > _SHOWN_LOSSES:
        lines.append(f"- and {len(told) - _SHOWN_LOSSES} more: --json lists them")
    return lines


def _the_others(account: Account) -> str:
    counts = {
        "lost": len(account.lost),
        "damaged": len(account.damaged),
        "copies that links made": len(account.copies),
        "not captured where they were sent": account.unseen,
    }
    return "".join(f"; {count} {what}" for what, count in counts.items() if count)
