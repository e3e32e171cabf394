"""What the application asked its database."""

from __future__ import annotations

from typing import Any

from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import database
from orchestrator.analysis.story import Story
from tests.unit.analysis.builders import at
from tests.unit.analysis.shopping import APP, BALANCER, Shop, answers1, asks1, cached, missed

CHECK: dict[str, Any] = {"pgsql.type": ("Bind", "Execute"), "pgsql.statement": "_pg3_0"}
DONE = ("Command completion", "Ready for query")


def steps(story: Story) -> list[Step]:
    return list(database.TELLER.tell(story))


def check(shop: Shop, at_ms: float, *, logged: bool) -> Shop:
    """A health check of the application's, with its query."""
    shop.tcp("shop-app1", at_ms, BALANCER, APP, (51009, 8080), asks1("/healthz"), "http")
    shop.asks_database(at_ms + 0.2, CHECK, port=52001)
    shop.database_answers(at_ms + 0.5, {"pgsql.type": DONE, "pgsql.tag": "SELECT 1"}, port=52001)
    shop.tcp("shop-app1", at_ms + 1, APP, BALANCER, (8080, 51009), answers1(), "http")
    if logged:
        prefix = f"2026-01-01 00:00:00.078 GMT [16] shop@shop {APP}(52001) LOG:  "
        shop.logged("shop-db", at_ms + 0.4, f"{prefix}execute _pg3_0: SELECT 1")
    return shop


def test_query_rows_and_time_are_told() -> None:
    (step,) = steps(missed().story())
    assert step.told == (
        "shop-app1 asks shop-db: “SELECT shelf.slug, shelf.title FROM shelf”. 6 rows came back "
        "within 1.1 ms."
    )
    assert step.nodes == ("shop-app1", "shop-db")
    assert (step.start_ns, step.end_ns) == (at(78.5), at(79.6))
    assert step.details["rows"] == 6


def test_both_ends_the_answer_and_the_log_prove_it() -> None:
    (step,) = steps(missed().story())
    assert [(p.file, p.number, p.shows) for p in step.proofs] == [
        ("shop-app1.pcapng", 4, 'pgsql.query contains "SELECT shelf.slug,"'),
        ("shop-db.pcapng", 2, 'pgsql.query contains "SELECT shelf.slug,"'),
        ("shop-app1.pcapng", 5, 'pgsql.tag == "SELECT 6"'),
        ("logs/shop-db.log", 3, "SELECT shelf.slug,"),
    ]


def test_health_checks_are_left_out_even_at_the_same_moment() -> None:
    for logged in (True, False):
        (step,) = steps(check(missed(), 78.6, logged=logged).story())
        assert "shelf.title" in step.told


def test_what_was_asked_before_or_after_the_request_is_left_out() -> None:
    shop = missed()
    late = {"pgsql.type": "Simple query", "pgsql.query": "SELECT late"}
    shop.asks_database(90, late)
    (step,) = steps(shop.story())
    assert "late" not in step.told


def test_a_prepared_statement_is_told_by_its_text_in_the_log_or_by_name() -> None:
    for said, told in ((True, "“SELECT stock FROM product”"), (False, "statement _pg3_1")):
        shop = missed()
        shop.asks_database(80, {**CHECK, "pgsql.statement": "_pg3_1"}, port=52002)
        if said:
            prefix = f"2026-01-01 00:00:00.080 GMT [17] shop@shop {APP}(52002) LOG:  "
            shop.logged("shop-db", 80.2, f"{prefix}execute _pg3_1: SELECT stock FROM product")
        *_, step = steps(shop.story())
        assert told in step.told
        assert "No answer was seen" in step.told
        assert step.proofs[0].shows == 'pgsql.statement == "_pg3_1"'


def test_a_refusal_is_told() -> None:
    shop = missed()
    shop.asks_database(80, {"pgsql.type": "Simple query", "pgsql.query": "SELECT x"}, port=52002)
    refused = {"pgsql.type": ("Error", "Ready for query"), "pgsql.message": "no such column"}
    shop.database_answers(81, refused, port=52002)
    *_, step = steps(shop.story())
    assert "After 1.0 ms the database refuses: no such column." in step.told
    assert 'pgsql.type == "Error"' in [p.shows for p in step.proofs]


def test_a_long_query_is_cut_in_the_sentence_and_whole_in_the_details() -> None:
    sql = "SELECT " + ", ".join(f"column{n}" for n in range(40))
    shop = missed()
    shop.asks_database(80, {"pgsql.type": "Simple query", "pgsql.query": sql}, port=52002)
    *_, step = steps(shop.story())
    assert " …”" in step.told
    assert step.details["sql"] == sql


def test_a_hit_asks_nothing() -> None:
    assert steps(cached().story()) == []
