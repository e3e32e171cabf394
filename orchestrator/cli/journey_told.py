"""A journey for the terminal: the steps as they followed each other, what decided the time, and
what textbooks say."""

from __future__ import annotations

import itertools
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.text import Text

from orchestrator.analysis.figures.textbook import Comparison
from orchestrator.analysis.journey import Journey
from orchestrator.analysis.step import Step
from orchestrator.cli.layout import USUAL_WIDTH, Output
from orchestrator.cli.lines import as_text, assemble, styled
from orchestrator.report.nesting import fold, nest
from orchestrator.report.proofs import command
from orchestrator.report.words import detail_rows, in_ms, short, summarise

# Where the sentence begins: after number, time and a space each.
_MARGIN = 14
# What a bar is made of: of one thing in colours, or of a letter for each wait.
_BLOCK = "━"
_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red", "bright_black", "white")


def print_journey(
    output: Output, journey: Journey, *, folder: Path | None = None, verbose: bool = False
) -> None:
    """Tell a journey, in about a screen or two; ``verbose`` tells all of it with its proofs.

    ``folder`` is said to be where the evidence lies.
    """
    for warning in journey.warnings:
        output.say(styled(f"not whole: {warning}", "yellow"), hang=2)
    output.say(styled(summarise(journey), "bold" if journey.visit.is_whole else "red"))
    output.say()
    depths = nest(journey.steps)
    for place, more in _lines(journey.steps, verbose=verbose):
        _print_step(output, journey, place, depths[place], more)
        if verbose:
            _print_all(output, journey.steps[place], depths[place])
    _print_critical(output, journey, verbose=verbose)
    _print_textbook(output, journey, verbose=verbose)
    if folder is not None:
        output.say(f"evidence: {folder}/, to read: {folder}/journey.html", hang=2)


def _lines(steps: Sequence[Step], *, verbose: bool) -> Iterator[tuple[int, int]]:
    """(place, how many are told by the same line) of each step that has a line."""
    if verbose:
        yield from ((place, 0) for place in range(len(steps)))
        return
    groups = fold(steps, brief=True)
    for group, after in itertools.zip_longest(groups, groups[1:], fillvalue=()):
        if len(group) == 1:
            yield group[0], len(after) if len(after) > 1 else 0


def _print_step(output: Output, journey: Journey, place: int, depth: int, more: int) -> None:
    """A step's line, where there is room with the frame that shows it; what is to be remarked of
    it has lines of its own where it has no room there."""
    step = journey.steps[place]
    since = f"{(step.start_ns - journey.started_ns) / 1e6:.1f}"
    margin = assemble((f"{place + 1:>3} ", "dim"), (f"{since:>8}", "cyan"), "  " * (depth + 1))
    title = as_text(styled(step.title, "bold red" if step.as_expected is False else "bold"))
    if more:
        title = assemble(title, (f" (and {more} like it)", "dim"))
    remark = styled(_remark(step), "green" if step.saved else "red")
    whole = assemble(title, "  ", remark) if remark else title
    is_one = output.width is None or margin.cell_len + whole.cell_len <= output.width
    line, where = whole if is_one else title, _where(step)
    room = (output.width or USUAL_WIDTH) - margin.cell_len - line.cell_len - len(where)
    if where and (room >= 2 or output.width is None):
        line = assemble(line, " " * max(room, 2), (where, "dim"))
    output.say(line, margin, margin.cell_len + 2)
    if remark and not is_one:
        output.say(remark, " " * (margin.cell_len + 2))


def _where(step: Step) -> str:
    """The frame that shows it."""
    if not step.proofs:
        return ""
    first = step.proofs[0]
    number = f" #{first.number}" if first.number else ""
    return f"{first.file.removesuffix('.pcapng')}{number}"


def _remark(step: Step) -> str:
    if step.as_expected is False:
        return f"not as planned: {step.expected}"
    return f"saved: {step.saved}" if step.saved else ""


def _print_all(output: Output, step: Step, depth: int) -> None:
    margin = " " * (_MARGIN + 2 * depth)
    said = [styled(step.told)]
    if step.saved:
        said.append(styled(f"saved: {step.saved}", "green"))
    if step.expected:
        seen = {True: "so it was", False: "it was not so", None: "not to be told"}
        said.append(styled(f"expected: {step.expected} ({seen[step.as_expected]})", "dim"))
    known = ", ".join(f"{name} {value}" for name, value in detail_rows(step.details))
    if known:
        said.append(styled(known, "dim"))
    for text in said:
        output.say(text, margin)
    for proof in step.proofs:
        says = f"{margin}{proof.says}: " if proof.says else margin
        output.run(command(proof), styled(says, "blue"), len(margin) + 2)


def _print_critical(output: Output, journey: Journey, *, verbose: bool) -> None:
    """A bar as wide as the terminal, each wait as wide as its share, and what they come to."""
    whole = sum(segment.duration_ms for segment in journey.critical)
    if whole <= 0:
        return
    sums: dict[str, float] = {}
    for segment in journey.critical:
        sums[segment.name] = sums.get(segment.name, 0.0) + segment.duration_ms
    colours = {name: _COLOURS[place % len(_COLOURS)] for place, name in enumerate(sums)}
    longest_first = sorted(sums, key=lambda name: -sums[name])
    marks = _marks(longest_first, has_colour=output.has_colour)
    output.say()
    output.say(styled(f"critical path, {in_ms(whole)} ms:", "bold"))
    output.say(_bar(journey, colours, marks, whole, output.width or USUAL_WIDTH))
    if verbose:
        for segment in journey.critical:
            output.say(segment.told, styled(f"  {segment.name}: ", colours[segment.name]), 4)
    keys = {name: "" if output.has_colour else f"{mark} " for name, mark in marks.items()}
    words = (f"{keys[name]}{name} {in_ms(sums[name])}" for name in longest_first)
    output.say_items(map(styled, words, (colours[name] for name in longest_first)))


def _marks(names: Iterable[str], *, has_colour: bool) -> dict[str, str]:
    """What stands for each wait in the bar."""
    letters = itertools.cycle(_BLOCK if has_colour else string.ascii_lowercase)
    return dict(zip(names, letters, strict=False))


def _bar(
    journey: Journey,
    colours: Mapping[str, str],
    marks: Mapping[str, str],
    whole: float,
    width: int,
) -> Text:
    bar, done_ms = styled(), 0.0
    for segment in journey.critical:
        done_ms += segment.duration_ms
        # To the nearest column, so that the whole is as wide as the terminal.
        columns = round(done_ms / whole * width) - bar.cell_len
        bar.append(marks[segment.name] * columns, colours[segment.name])
    return bar


def _print_textbook(output: Output, journey: Journey, *, verbose: bool) -> None:
    if not journey.textbook:
        return
    said = [_compared(entry) for entry in journey.textbook]
    if not verbose:
        output.say_items(said, styled("textbook: ", "bold"), 2)
        return
    output.say(styled("beside the textbook:", "bold"))
    for entry, text in zip(journey.textbook, said, strict=True):
        output.say(assemble(text, f" {entry.told}"), "  ", 4)


def _compared(entry: Comparison) -> Text:
    mark, style = {True: ("✓", "green"), False: ("✗", "red"), None: ("–", "dim")}[entry.within]
    usual = f" ({short(entry.low)}–{short(entry.high)})"
    measured = f" {entry.name} {in_ms(entry.measured)} {entry.unit}"
    return assemble((mark, style), measured, (usual, "dim"))
