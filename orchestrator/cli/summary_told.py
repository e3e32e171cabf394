"""What `lab bgp summary` prints: a table for each kind of session that there is."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from orchestrator.cli.layout import Output
from orchestrator.cli.lines import styled
from orchestrator.cli.tables import Column, Row
from orchestrator.verbs.bgp import BgpRow, Summary

_BGP = (
    Column("node"),
    Column("neighbour"),
    Column("relation", least=1),
    Column("IP"),
    Column("state"),
    Column("since", drops=True),
    Column("in", right=True),
    Column("out", right=True),
    Column("best", right=True),
    Column("BFD"),
    Column("last error", least=24),
)
_RTR = (
    *(Column("node"), Column("cache"), Column("state"), Column("since")),
    Column("ROAs", right=True),
)
_OSPF = (
    *(Column("node"), Column("neighbour"), Column("IP"), Column("interface")),
    Column("state"),
)


def print_summary(output: Output, summary: Summary) -> None:
    """BGP's sessions, with the prefixes that come in, go out and are the best, then RTR's and
    OSPF's, where there are any."""
    output.table(_BGP, _bgp(summary), "BGP")
    if summary.rtr:
        output.say()
        output.table(_RTR, _rtr(summary), "RTR")
    if summary.ospf:
        output.say()
        output.table(_OSPF, _ospf(summary), "OSPF")


def _bgp(summary: Summary) -> Iterator[Row]:
    for row in summary.bgp:
        session = row.session
        counts = map(str, (session.imported, session.exported, session.best))
        yield (
            *(row.node, row.neighbour, row.relation, str(row.family)),
            _coloured(session.state, row.is_well),
            *(session.since, *counts),
            _coloured(row.bfd, row.bfd in ("", "Up")),
            "" if session.is_up else _why_down(row),
        )


def _why_down(row: BgpRow) -> str:
    return ", ".join(filter(None, (row.session.error, "as planned" if row.shut else "")))


def _rtr(summary: Summary) -> Iterator[Row]:
    for row in summary.rtr:
        state = _coloured(row.session.state, row.session.is_up)
        yield row.node, row.cache, state, row.session.since, str(row.roas)


def _ospf(summary: Summary) -> Iterator[Row]:
    for row in summary.ospf:
        state = _coloured(row.state, row.is_up)
        yield row.node, row.neighbour, str(row.family), row.interface, state


def _coloured(state: str, is_up: bool) -> Text:
    return styled(state) if is_up else styled(state, "red")
