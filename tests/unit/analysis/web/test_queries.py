"""Queries to PostgreSQL, on the wire and in its log."""

from __future__ import annotations

from typing import Any

from orchestrator.analysis.web.queries import Query, read_queries, read_statements
from tests.unit.analysis.builders import at
from tests.unit.analysis.shopping import APP, SQL, Shop

PREPARED = {"pgsql.type": ("Bind", "Describe", "Execute", "Sync"), "pgsql.statement": "_pg3_0"}
DONE = ("Command completion", "Ready for query")
PREFIX = f"2026-01-01 00:00:00.000 GMT [16] shop@shop {APP}"


def queries(shop: Shop) -> list[Query]:
    return read_queries(shop.story().dissected("shop-app1", "pgsql"))


def logged(shop: Shop) -> list[Query]:
    return read_statements(queries(shop), "shop-db", shop.story().evidence.logs["shop-db"])


def test_the_pools_empty_query_is_left_out() -> None:
    shop = Shop()
    shop.queries()
    (query,) = queries(shop)
    assert query.sql == "SELECT shelf.slug, shelf.title FROM shelf"
    assert query.first_line == "SELECT shelf.slug,"
    assert query.rows == 6
    assert query.answered is not None
    assert query.answered.frame.time_ns == at(79.6)


def test_an_answer_over_several_packets_is_complete_with_its_tag() -> None:
    shop = Shop()
    shop.asks_database(1, {"pgsql.type": "Simple query", "pgsql.query": SQL})
    shop.database_answers(2, {"pgsql.type": ("Row description", "Data row")})
    shop.database_answers(3, {"pgsql.type": ("Data row", *DONE), "pgsql.tag": "SELECT 2"})
    (query,) = queries(shop)
    assert query.answered is not None
    assert query.answered.frame.number == 3


def test_connections_do_not_mix() -> None:
    shop = Shop()
    shop.asks_database(1, {"pgsql.type": "Simple query", "pgsql.query": "SELECT a"}, port=52000)
    shop.asks_database(2, {"pgsql.type": "Simple query", "pgsql.query": "SELECT b"}, port=52001)
    shop.database_answers(3, {"pgsql.type": DONE, "pgsql.tag": "SELECT 2"}, port=52001)
    shop.database_answers(4, {"pgsql.type": DONE, "pgsql.tag": "SELECT 1"}, port=52000)
    assert [(q.sql, q.rows) for q in queries(shop)] == [("SELECT a", 1), ("SELECT b", 2)]


def test_what_the_database_refuses_is_an_error() -> None:
    shop = Shop()
    shop.asks_database(1, {"pgsql.type": "Simple query", "pgsql.query": "SELECT nonsense"})
    fields: dict[str, Any] = {"pgsql.type": ("Error", "Ready for query")}
    shop.database_answers(2, {**fields, "pgsql.message": "there is no such column"})
    (query,) = queries(shop)
    assert query.error == "there is no such column"
    assert query.rows is None
    assert query.answered is not None


def test_a_prepared_statement_gets_its_text_from_the_log() -> None:
    shop = Shop()
    shop.asks_database(1, PREPARED)
    shop.logged("shop-db", 1.5, f"{PREFIX}(52000) LOG:  execute _pg3_0: SELECT 1")
    (query,) = logged(shop)
    assert query.sql == "SELECT 1"
    assert query.first_line == ""
    assert query.statement == "_pg3_0"


def test_a_prepared_statement_does_not_take_the_line_of_the_next_query() -> None:
    shop = Shop()
    shop.asks_database(1, PREPARED)
    shop.asks_database(5, {"pgsql.type": "Simple query", "pgsql.query": SQL})
    shop.logged("shop-db", 5.5, f"{PREFIX}(52000) LOG:  statement: ")
    shop.logged("shop-db", 5.5, "\t        SELECT shelf.slug,")
    shop.logged("shop-db", 5.5, "\t          shelf.title FROM shelf")
    prepared, page = logged(shop)
    assert prepared.sql == ""
    assert prepared.logged is None
    assert page.logged is not None
    assert (page.logged.number, page.logged.shows) == (2, "SELECT shelf.slug,")


def test_lines_of_other_clients_and_texts_are_not_taken() -> None:
    shop = Shop()
    shop.asks_database(1, {"pgsql.type": "Simple query", "pgsql.query": "SELECT 2"})
    shop.logged("shop-db", 1.1, f"{PREFIX}(52009) LOG:  statement: SELECT 2")
    shop.logged("shop-db", 1.2, f"{PREFIX}(52000) LOG:  statement: SELECT 3")
    (query,) = logged(shop)
    assert query.logged is None
