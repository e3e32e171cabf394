"""The database: what the application asked PostgreSQL for this request (frontend/backend protocol).

Queries are those that the application sent while it had the request. Its health check asks
SELECT 1, over the same connections, and before each use the pool tries a connection with an
empty query: neither is told.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.analysis.connections.peers import how_many
from orchestrator.analysis.step import Detail, Proof, Step
from orchestrator.analysis.story import Story, proof
from orchestrator.analysis.teller import Teller, one_if_waited_for
from orchestrator.analysis.web.fetch import find_fetches
from orchestrator.analysis.web.http import FIELDS, HEALTH_CHECK, HttpExchange, pair_messages, quote
from orchestrator.analysis.web.queries import QUERY_FIELDS, Query, read_queries, read_statements

KIND = "database"


_HEALTH_QUERY = "SELECT 1"
_SHOWN = 120


def _tell(story: Story) -> Iterator[Step]:
    for fetch in find_fetches(story).documents:
        if fetch.served:
            for query in _queries_of(story, fetch.served):
                yield _step(story, query, waited_for=not fetch.is_update)


def _queries_of(story: Story, served: HttpExchange) -> Iterator[Query]:
    node, asks_health = served.request.node, served.request.path == HEALTH_CHECK
    checks = [
        (entry.request.time_ns, entry.ended_ns)
        for entry in pair_messages(story.messages.get(node, ()))
        if entry.inbound and entry.is_health_check
    ]
    for query in _with_logs(story, node):
        in_time = served.request.time_ns <= query.asked.frame.time_ns <= served.ended_ns
        in_check = any(start <= query.asked.frame.time_ns <= end for start, end in checks)
        # Prepared before, and not logged: whose it is cannot be told while both are under way.
        unclear = in_check and not query.sql
        others = query.sql == _HEALTH_QUERY and (in_check or not asks_health)
        if in_time and not unclear and not others:
            yield query


def _with_logs(story: Story, node: str) -> list[Query]:
    """All that an application server asked, with what the databases logged of it."""
    queries = read_queries(story.dissected(node, "pgsql"))
    for database in story.plan.with_role("database"):
        lines = story.evidence.logs.get(database.name, ())
        queries = read_statements(queries, database.name, lines)
    return queries


def _step(story: Story, query: Query, *, waited_for: bool) -> Step:
    asked = query.asked.frame
    owner = story.plan.owner_of(asked.target_address)
    database = owner.name if owner else str(asked.target_address)
    answered = query.answered.frame if query.answered else asked
    return Step(
        kind=KIND,
        title=f"{asked.node} asks {database}",
        told=_told(query, asked.node, database),
        nodes=(asked.node, database) if owner else (asked.node,),
        start_ns=asked.time_ns,
        end_ns=answered.time_ns,
        proofs=tuple(_proofs(story, query, database)),
        details=_details(query, asked.source_port) | ({} if waited_for else {"waited_for": False}),
        terms=("SQL", "database"),
        milestone=f"{asked.node} asks {database}",
    )


def _told(query: Query, app: str, database: str) -> str:
    sql = query.sql or f"the prepared statement {query.statement}"
    short = sql if len(sql) <= _SHOWN else f"{sql[:_SHOWN].rpartition(' ')[0]} …"
    told = f"{app} asks {database}: “{short}”."
    if query.answered is None:
        return f"{told} No answer was seen."
    took_ms = (query.answered.frame.time_ns - query.asked.frame.time_ns) / 1e6
    if query.error:
        return f"{told} After {took_ms:.1f} ms the database refuses: {query.error}."
    rows = how_many(query.rows, "row") if query.rows is not None else "The answer"
    return f"{told} {rows} came back within {took_ms:.1f} ms."


def _proofs(story: Story, query: Query, database: str) -> Iterator[Proof]:
    asked, shows = query.asked.frame, _shows(query)
    yield proof(asked, shows, "the query leaves")
    arrived = (f for f in story.frames_of(database) if not f.outbound)
    for frame in (f for f in arrived if f.identity == asked.identity):
        yield proof(frame, shows, f"it comes to {database}")
    if query.answered:
        tag = f"pgsql.tag == {quote(query.tag)}" if query.tag else 'pgsql.type == "Error"'
        yield proof(query.answered.frame, tag, "the answer is complete")
    if query.logged:
        yield query.logged


def _shows(query: Query) -> str:
    """By the first line of the query as it was sent, or by the name of what was prepared."""
    if query.first_line:
        return f"pgsql.query contains {quote(query.first_line)}"
    return f"pgsql.statement == {quote(query.statement)}"


def _details(query: Query, port: int) -> dict[str, Detail]:
    found: dict[str, Detail] = {"sql": query.sql, "connection_port": port}
    if query.rows is not None:
        found["rows"] = query.rows
    if query.answered:
        found["took_ms"] = (query.answered.frame.time_ns - query.asked.frame.time_ns) / 1e6
    return {name: value for name, value in found.items() if value != ""}


TELLER = Teller(KIND, _tell, (*FIELDS, *QUERY_FIELDS), answered=True, round_trips=one_if_waited_for)
