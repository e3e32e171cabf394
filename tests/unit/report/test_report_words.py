from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from orchestrator.analysis.step import Proof
from orchestrator.records.visit import Resource
from orchestrator.report.figures import card_figures, transfer_figures, vital_figures
from orchestrator.report.hops import follow
from orchestrator.report.nesting import fold, nest
from orchestrator.report.proofs import command
from orchestrator.report.words import detail_rows, in_bytes, in_ms, summarise
from tests.unit.analysis.builders import VISIT
from tests.unit.report.samples import nothing, step, trace, whole, with_steps


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "–"), (0.0, "0"), (0.123, "0.12"), (1.25, "1.2"), (99.94, "99.9"), (1234.5, "1,234")],
)
def test_milliseconds(value: float | None, said: str) -> None:
    assert in_ms(value) == said


def test_bytes() -> None:
    assert in_bytes(9999) == "9,999 bytes"
    assert in_bytes(157707) == "157.7 kB"


def test_details_are_said_with_their_units() -> None:
    details = {"round_trip_ms": 11.25, "header_bytes": 12, "alpn": ("h2", "x"), "resumed": False}
    assert detail_rows(details) == (
        ("round trip", "11.2 ms"),
        ("header", "12 bytes"),
        ("alpn", "h2, x"),
        ("resumed", "no"),
    )


def test_a_visit_in_a_sentence() -> None:
    tcp = replace(step("tcp", 1, 11, "laptop", "edge"), details={"round_trip_ms": 10.0}, saved="a")
    journey = replace(with_steps(tcp), ended_ns=with_steps().started_ns + 500 * 10**6)
    journey = replace(journey, visit=replace(VISIT, remote_address="192.0.2.1"))
    assert summarise(journey) == (
        "laptop asked for https://www.example.com/ and got 200 over HTTP/2 from 192.0.2.1 "
        "in 500 ms (50 round trips of 10.0 ms), caches emptied first; caches "
        "and open connections saved work at 1 step."
    )


def test_what_was_broken_meanwhile_is_said() -> None:
    broken = ("node-stop edge-fra", "link alder-core--tundra-fra changed")
    said = summarise(replace(with_steps(), in_force=broken))
    assert said.endswith(". In force: node-stop edge-fra; link alder-core--tundra-fra changed.")


def test_an_address_that_is_not_known_is_not_named() -> None:
    assert "got 200 over HTTP/2 in" in summarise(with_steps())


def test_a_page_that_lacks_files_says_so_in_its_sentence() -> None:
    missing = Resource("https://www.example.com/a.png", 503, "h2", 90, 1.0, 2.0)
    degraded = replace(with_steps(), visit=replace(VISIT, resources=(missing,)))
    said = "got 200 over HTTP/2, with 1 of 1 file missing: 1 × 503, in"
    assert said in summarise(degraded)


def test_a_failure_in_a_sentence() -> None:
    visit = replace(nothing().journey.visit, error_detail="net::ERR_NAME_NOT_RESOLVED")
    said = summarise(replace(nothing().journey, visit=visit))
    assert said == (
        "laptop asked for https://www.example.com/ and failed: dns "
        "(net::ERR_NAME_NOT_RESOLVED) in 3.0 ms."
    )


@pytest.mark.parametrize(
    ("proof", "argv"),
    [
        (
            Proof("laptop.pcapng", 7, 'http.host == "it\'s"'),
            [
                *("tshark", "-o", "tcp.reassemble_out_of_order:TRUE"),
                *("-o", "tcp.check_checksum:TRUE", "-r", "laptop.pcapng"),
                *("-Y", 'frame.number == 7 && (http.host == "it\'s")'),
            ],
        ),
        (Proof("a.pcapng", 7, ""), ["tshark", "-r", "a.pcapng", "-Y", "frame.number == 7"]),
        (
            Proof("visit.har", 0, '/log/entries/0/x~1"y'),
            ["jq", '.log.entries[0]["x/\\"y"]', "visit.har"],
        ),
        (Proof("logs/$(reboot).log", 3, "text"), ["sed", "-n", "3p", "logs/$(reboot).log"]),
    ],
)
def test_a_proof_is_a_line_that_a_shell_takes_as_meant(proof: Proof, argv: list[str]) -> None:
    assert shlex.split(command(proof)) == argv


def test_steps_lie_within_those_that_are_not_over() -> None:
    steps = [
        step("slow_start", 0, 100, "laptop"),
        step("dns_cache", 1, 20, "laptop"),
        step("dns_cache", 2, 19, "home-gw"),
        step("dns_query", 3, 10, "resolver"),
        step("tcp", 18, 30, "laptop"),
        step("url", 40, 40, "laptop"),
    ]
    assert nest(steps) == (0, 0, 0, 1, 0, 0)


def test_nesting_ends() -> None:
    steps = [step(f"kind{n}", n, 100 - n, "laptop") for n in range(6)]
    assert nest(steps) == (0, 1, 2, 3, 3, 3)


def test_many_alike_are_folded_but_not_what_went_wrong() -> None:
    alike = [step("resource", n, n + 1, "laptop") for n in range(6)]
    assert fold(alike[:3]) == ((0,), (1,), (2,))
    assert fold(alike) == ((0,), (1, 2, 3, 4, 5))
    alike[4] = replace(alike[4], as_expected=False)
    assert fold(alike) == ((0,), (1, 2, 3), (4,), (5,))


def test_milestones_are_never_folded_away() -> None:
    moments = [step("page", n, n, "laptop") for n in range(5)]
    assert fold(moments) == fold(moments, brief=True) == ((0,), (1,), (2,), (3,), (4,))


def test_in_brief_more_is_folded_but_not_what_is_new_each_time() -> None:
    files = [step("resource", n, n + 1, "laptop") for n in range(2)]
    queries = [step("dns_query", n, n + 1, "resolver") for n in range(3, 6)]
    assert fold([*files, *queries]) == ((0,), (1,), (2,), (3,), (4,))
    assert fold([*files, *queries], brief=True) == ((0,), (1,), (2,), (3,), (4,))
    assert fold([*files * 2, *queries], brief=True) == ((0,), (1, 2, 3), (4,), (5,), (6,))


def test_the_way_through_the_networks_is_one_family() -> None:
    way = [step(kind, n, n + 1, "isp") for n, kind in enumerate(("crossing", "ixp", "crossing"))]
    assert fold(way, brief=True) == ((0,), (1, 2))


def test_a_hop_knows_the_leg_that_led_to_it() -> None:
    followed = follow("syn", trace())
    assert followed.packet == "TCP SYN"
    first, second, third = followed.forward
    assert first.leg is None
    assert second.leg is not None
    assert second.leg.name == "laptop--home-lan"
    assert (second.took_ms, third.took_ms) == (pytest.approx(0.1), 0.0)
    assert [hop.at_ms for hop in followed.back] == pytest.approx([1.0, 1.5])


def test_figures() -> None:
    visit = whole().journey.visit
    assert [(f.name, f.value) for f in card_figures(visit)] == [
        ("DNS lookup", "4.0 ms"),
        ("TCP connect", "11.0 ms"),
        ("FCP", "450 ms"),
        ("LCP", "480 ms"),
        ("Load", "1,000 ms"),
    ]
    assert vital_figures(nothing().journey.visit) == ()
    assert transfer_figures(nothing().journey.visit) == ()
