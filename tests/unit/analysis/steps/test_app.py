"""What the application did."""

from __future__ import annotations

from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import app
from orchestrator.analysis.story import Story
from tests.unit.analysis.builders import at
from tests.unit.analysis.shopping import (
    APP,
    BALANCER,
    ID,
    answers1,
    asks1,
    cached,
    logged_only,
    missed,
)


def steps(story: Story) -> list[Step]:
    return list(app.TELLER.tell(story))


def test_time_status_and_size_are_told_with_the_applications_own_count() -> None:
    (step,) = steps(missed().story())
    assert step.told == (
        "The application on shop-app1 gets GET / and begins to answer 4.7 ms later: 200 OK with "
        "3,000 bytes. Its log says that it worked for 3.3 ms."
    )
    assert (step.start_ns, step.end_ns) == (at(77.3), at(82.0))
    assert step.details["worked_ms"] == 3.3


def test_the_id_in_request_and_log_proves_that_it_is_this_request() -> None:
    (step,) = steps(missed().story())
    shown = {(p.file, p.number): p.shows for p in step.proofs}
    assert shown[("shop-app1.pcapng", 1)] == f'http.request.line contains "X-Request-Id: {ID}"'
    assert shown[("shop-app1.pcapng", 6)] == 'http.response.line contains "X-Served-By: shop-app1"'
    assert ID in shown[("logs/shop-app1.log", 1)]


def test_health_checks_are_not_part_of_the_visit() -> None:
    shop = missed()
    ends = (BALANCER, APP, (51009, 8080))
    shop.tcp("shop-app1", 110, *ends, asks1("/healthz"), "http")
    shop.tcp("shop-app1", 111, APP, BALANCER, (8080, 51009), answers1(), "http")
    shop.logged("shop-app1", 111, "shop-app1 GET '/healthz' 200 2.1 ms id=-")
    (step,) = steps(shop.story())
    assert step.title == "shop-app1 answers GET /"


def test_it_needs_no_keys() -> None:
    assert [s.told for s in steps(logged_only().story())] == [
        s.told for s in steps(missed().story())
    ]


def test_a_hit_never_comes_so_far() -> None:
    assert steps(cached().story()) == []
