"""A journey for the terminal: the steps as they followed each other, what decided the time, and
what textbooks say."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from orchestrator.analysis.figures.textbook import Comparison
from orchestrator.analysis.journey import Journey
from orchestrator.analysis.step import Step
from orchestrator.report.nesting import fold, nest
from orchestrator.report.proofs import command
from orchestrator.report.words import detail_rows, in_ms, short, summarise

# Where the sentence begins: after number, time and a space each.
_MARGIN = 14
# Room for the words that so many more are like it.
_MORE = 20
_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red", "bright_black", "white")


def print_journey(
    console: Console, journey: Journey, *, folder: Path | None = None, verbose: bool = False
) -> None:
    """Tell a journey, in about a screen or two; ``verbose`` tells all of it with its proofs.

    ``folder`` is said to be where the evidence lies.
    """
    for warning in journey.warnings:
        console.print(Text(f"not whole: {warning}", style="yellow"))
    console.print(Text(summarise(journey), style="red" if journey.visit.error else "bold"))
    console.print()
    depths = nest(journey.steps)
    for place, more in _lines(journey.steps, verbose=verbose):
        console.print(_line(journey, place, depths[place], more, console.width), no_wrap=True)
        if verbose:
            _print_all(console, journey.steps[place], depths[place])
    _print_critical(console, journey, verbose=verbose)
    _print_textbook(console, journey, verbose=verbose)
    if folder is not None:
        console.print(Text(f"evidence: {folder}/, to read: {folder}/journey.html"), soft_wrap=True)


def _lines(steps: Sequence[Step], *, verbose: bool) -> Iterator[tuple[int, int]]:
    """(place, how many are told by the same line) of each step that has a line."""
    if verbose:
        yield from ((place, 0) for place in range(len(steps)))
        return
    groups = fold(steps, brief=True)
    for group, after in itertools.zip_longest(groups, groups[1:], fillvalue=()):
        if len(group) == 1:
            yield group[0], len(after) if len(after) > 1 else 0


def _line(journey: Journey, place: int, depth: int, more: int, width: int) -> Text:
    """One line for a step, cut off where the terminal ends; --verbose tells the rest."""
    step = journey.steps[place]
    since = f"{(step.start_ns - journey.started_ns) / 1e6:.1f}"
    line = Text.assemble((f"{place + 1:>3} ", "dim"), (f"{since:>8}", "cyan"), "  ")
    line.append("  " * depth)
    line.append(step.title, "bold red" if step.as_expected is False else "bold")
    if more:
        line.truncate(width - _MORE, overflow="ellipsis")
        line.append(f" (and {more} like it)", "dim")
    line.append(_remark(step), "green" if step.saved else "red")
    _add_place(line, step, width)
    line.truncate(width, overflow="ellipsis")
    return line


def _add_place(line: Text, step: Step, width: int) -> None:
    """At the right, where there is room: the frame that shows it."""
    if step.proofs:
        first = step.proofs[0]
        number = f" #{first.number}" if first.number else ""
        where = f"{first.file.removesuffix('.pcapng')}{number}"
        room = width - line.cell_len - len(where)
        if room >= 2:
            line.append(" " * room + where, "dim")


def _remark(step: Step) -> str:
    if step.as_expected is False:
        return f"  not as planned: {step.expected}"
    return f"  saved: {step.saved}" if step.saved else ""


def _print_all(console: Console, step: Step, depth: int) -> None:
    said = [Text(step.told)]
    if step.saved:
        said.append(Text(f"saved: {step.saved}", "green"))
    if step.expected:
        seen = {True: "so it was", False: "it was not so", None: "not to be told"}
        said.append(Text(f"expected: {step.expected} ({seen[step.as_expected]})", "dim"))
    known = ", ".join(f"{name} {value}" for name, value in detail_rows(step.details))
    if known:
        said.append(Text(known, "dim"))
    for proof in step.proofs:
        said.append(
            Text(f"{proof.says}: {command(proof)}" if proof.says else command(proof), "blue")
        )
    for text in said:
        console.print(Padding(text, (0, 0, 0, _MARGIN + 2 * depth)))


def _print_critical(console: Console, journey: Journey, *, verbose: bool) -> None:
    """A bar as wide as the terminal, each wait as wide as its share, and what they come to."""
    whole = sum(segment.duration_ms for segment in journey.critical)
    if whole <= 0:
        return
    sums: dict[str, float] = {}
    for segment in journey.critical:
        sums[segment.name] = sums.get(segment.name, 0.0) + segment.duration_ms
    colours = {name: _COLOURS[place % len(_COLOURS)] for place, name in enumerate(sums)}
    console.print()
    console.print(Text(f"critical path, {in_ms(whole)} ms:", "bold"))
    console.print(_bar(journey, colours, whole, console.width), no_wrap=True)
    if verbose:
        for segment in journey.critical:
            said = Text.assemble((segment.name, colours[segment.name]), f": {segment.told}")
            console.print(Padding(said, (0, 0, 0, 2)))
    words = [Text(f"{name} {in_ms(ms)}", colours[name]) for name, ms in _longest_first(sums)]
    console.print(Text(" · ", "dim").join(words))


def _bar(journey: Journey, colours: Mapping[str, str], whole: float, width: int) -> Text:
    bar, done_ms = Text(), 0.0
    for segment in journey.critical:
        done_ms += segment.duration_ms
        # To the nearest column, so that the whole is as wide as the terminal.
        columns = round(done_ms / whole * width) - bar.cell_len
        bar.append("━" * columns, colours[segment.name])
    return bar


def _longest_first(sums: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(sums.items(), key=lambda entry: -entry[1])


def _print_textbook(console: Console, journey: Journey, *, verbose: bool) -> None:
    if not journey.textbook:
        return
    said = [_compared(entry) for entry in journey.textbook]
    if not verbose:
        console.print(Text.assemble(("textbook: ", "bold"), Text(" · ", "dim").join(said)))
        return
    console.print(Text("beside the textbook:", "bold"))
    for entry, text in zip(journey.textbook, said, strict=True):
        console.print(Padding(Text.assemble(text, f" {entry.told}"), (0, 0, 0, 2)))


def _compared(entry: Comparison) -> Text:
    mark, style = {True: ("✓", "green"), False: ("✗", "red"), None: ("–", "dim")}[entry.within]
    usual = f" ({short(entry.low)}–{short(entry.high)})"
    measured = f" {entry.name} {in_ms(entry.measured)} {entry.unit}"
    return Text.assemble((mark, style), measured, (usual, "dim"))
