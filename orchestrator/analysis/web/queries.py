"""Queries to PostgreSQL, out of an application server's dissections and the database's log.

A simple query has its text in one message; an extended one has it in Parse, or, once prepared,
only the name of the statement in Bind (PostgreSQL documentation, Frontend/Backend Protocol).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.step import Proof
from orchestrator.records.testimony import LogLine

QUERY_FIELDS = (
    "tcp.stream",
    "pgsql.type",
    "pgsql.query",
    "pgsql.statement",
    "pgsql.tag",
    "pgsql.message",
)
# log_line_prefix of render/templates/database, then the message; further lines begin with a tab.
_STATEMENT = re.compile(r".* \[\d+\] \S+ (\S+)\((\d+)\) LOG:  (?:statement|execute [^:]+): ?(.*)")


@dataclass(frozen=True)
class Query:
    """A query with text or a prepared statement's name, and its answer.

    sql         on one line; "" where it was prepared before and not logged
    first_line  of the text as it was sent; "" of what was prepared before
    tag         of the command that was completed ("SELECT 6"); "" if it was not
    error       what the database said against it
    answered    the frame that completes the answer; None if none was seen
    logged      where the database logged it
    """

    asked: Dissection
    answered: Dissection | None
    sql: str
    first_line: str
    statement: str
    tag: str = ""
    error: str = ""
    logged: Proof | None = None

    @property
    def rows(self) -> int | None:
        """How many rows came back, or were changed; None where the tag does not count."""
        count = self.tag.rpartition(" ")[2]
        return int(count) if count.isdecimal() else None


def read_queries(dissections: Iterable[Dissection]) -> list[Query]:
    """The queries that a node sent, in order; ``dissections`` are those with pgsql."""
    found: list[Query] = []
    waiting: dict[str, list[int]] = {}
    for entry in dissections:
        asked = waiting.setdefault(entry.one("tcp.stream"), [])
        if entry.frame.outbound and _is_query(entry):
            asked.append(len(found))
            found.append(_asked(entry))
        elif not entry.frame.outbound and asked:
            found[asked[0]] = _answered(found[asked[0]], entry)
            if "Ready for query" in entry.all("pgsql.type"):
                asked.pop(0)
    return [query for query in found if query.first_line or query.statement]


def _is_query(entry: Dissection) -> bool:
    return not {"Simple query", "Execute"}.isdisjoint(entry.all("pgsql.type"))


def _asked(entry: Dissection) -> Query:
    # tshark writes what cannot be printed as C does.
    lines = [line.strip() for line in re.split(r"\\[ntr]", entry.one("pgsql.query"))]
    said = [line for line in lines if line]
    return Query(
        asked=entry,
        answered=None,
        sql=" ".join(" ".join(said).split()),
        first_line=said[0] if said else "",
        statement=entry.one("pgsql.statement"),
    )


def _answered(query: Query, entry: Dissection) -> Query:
    tag, error = query.tag or entry.one("pgsql.tag"), query.error
    if "Error" in entry.all("pgsql.type"):
        error = entry.one("pgsql.message") or "an error"
    complete = entry if entry.one("pgsql.tag") or (error and not query.error) else query.answered
    return replace(query, answered=complete, tag=tag, error=error)


def read_statements(
    queries: Sequence[Query], database: str, lines: Sequence[LogLine]
) -> list[Query]:
    """The same with what the database logged of them: by the client's port and by text, or where
    the query has none, as what was logged before the next query over the same connection."""
    logged = _logged_statements(lines)
    result = []
    for place, query in enumerate(queries):
        end = _end(query)
        following = (q.asked.frame.time_ns for q in queries[place + 1 :] if _end(q) == end)
        until_ns = next(following, None)
        for entry in logged:
            line, from_end, sql = entry
            in_time = line.time_ns >= query.asked.frame.time_ns and (
                bool(query.sql) or until_ns is None or line.time_ns < until_ns
            )
            if in_time and from_end == end and sql and query.sql in ("", sql):
                logged.remove(entry)
                says = f"{database}'s log"
                found = Proof(f"logs/{database}.log", line.number, line.text.strip(), says)
                query = replace(query, sql=sql, logged=found)
                break
        result.append(query)
    return result


def _end(query: Query) -> tuple[str, int]:
    return str(query.asked.frame.source_address), query.asked.frame.source_port


def _logged_statements(lines: Sequence[LogLine]) -> list[tuple[LogLine, tuple[str, int], str]]:
    """Each statement with its client and the line on which its text begins."""
    found: list[tuple[LogLine, tuple[str, int], str]] = []
    for line in lines:
        match = _STATEMENT.match(line.text)
        if match:
            found.append((line, (match[1], int(match[2])), " ".join(match[3].split())))
        elif found and line.text.startswith("\t"):
            first, place, sql = found[-1]
            more = " ".join(f"{sql} {line.text}".split())
            found[-1] = (first if sql or not more else line, place, more)
    return found
