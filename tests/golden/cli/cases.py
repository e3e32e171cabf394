"""Each verb that prints tables or paragraphs, and what it is given to print.

A case is a command line where no lab is needed, else the function that prints, with values made
by hand. A verb that is new is a case here, or in SENTENCES where all that it says is a sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestrator.cli.capture import print_captures
from orchestrator.cli.compare_told import Comparison, print_comparison
from orchestrator.cli.events import shower
from orchestrator.cli.explained import print_catchment, print_path
from orchestrator.cli.fault import print_in_force
from orchestrator.cli.glass_told import print_round_trip
from orchestrator.cli.host import print_findings
from orchestrator.cli.journey_told import print_journey
from orchestrator.cli.layout import Output
from orchestrator.cli.links_told import print_counters, print_link, print_links
from orchestrator.cli.planned import print_plan
from orchestrator.cli.status import print_condition
from orchestrator.cli.study_told import print_compared, print_finding
from orchestrator.cli.summary_told import print_summary
from orchestrator.cli.trace_told import print_trace
from orchestrator.cli.visit_told import print_run, print_short
from orchestrator.plan.model import Plan
from orchestrator.report.failover.compare import compare_studies
from tests.golden.cases import CASES as TOPOLOGIES
from tests.golden.cases import plan_of
from tests.golden.cli import values
from tests.unit.analysis.builders import START_NS, minimal_plan
from tests.unit.report.studies import study

# What these verbs print is a line or two, the words of another program, or for programs.
SENTENCES = {
    *("build", "up", "down", "heal", "mend", "capture start", "capture stop"),
    *("link reset", "link down", "link up", "link blackhole", "link flap"),
    *("exec", "shell", "console", "logs", "schema", "wireshark"),
}
PLAN, ROUND_TRIP, WELL = minimal_plan(), values.round_trip(), values.healthy_summary()
ILL = values.condition()
_STUDIES = (Path("captures/20260101T000000Z-transit-cut-0a1b"), Path("captures/20260102T-cut-2c3d"))
_HOME = PLAN.links["isp--home-gw"]
_SEEN = {
    "ab": {"counters": {"frames": 1_234_567, "octets": 987_654_321, "lost": 12}},
    "ba": {"counters": {"frames": 1_234_568, "octets": 987_654_322, "lost": 0}},
}


@dataclass(frozen=True)
class Case:
    """``name`` is the file's; what is printed as a file has it keeps its lines (``verbatim``)."""

    name: str
    verb: str
    argv: str = ""
    tell: Callable[[Output], None] | None = None
    verbatim: bool = False

    def __str__(self) -> str:
        return self.name


def _print_links(output: Output) -> None:
    print_links(output, PLAN, values.links())


def _print_link(output: Output) -> None:
    print_link(output, _HOME, values.links()[_HOME.name])


def _print_counters(output: Output) -> None:
    _print_link(output)
    print_counters(output, _HOME, _SEEN)


def _print_compared_studies(output: Output) -> None:
    both = study(), study((900, 8_900, 12_340), "transit-cut-no-bfd")
    print_compared(output, compare_studies(*both), both, _STUDIES)


def _print_visits(output: Output) -> None:
    print_short(output, values.run())
    print_comparison(output, values.visits())


def _internet() -> Plan:
    return plan_of(next(case for case in TOPOLOGIES if case.name == "internet"))


def _print_path(output: Output) -> None:
    print_path(output, _internet(), "laptop", "edge-fra")


def _print_catchment(output: Output) -> None:
    print_catchment(output, _internet(), "openwell")


def _print_captures(output: Output) -> None:
    print_captures(output, values.captures(), 1_042)


def _print_study(output: Output) -> None:
    print_finding(output, study(), _STUDIES[0])


def _print_trial(output: Output) -> None:
    print_finding(output, study((300,)), _STUDIES[0])


def _print_report(output: Output) -> None:
    print_journey(output, values.journey(), folder=values.FOLDER)


def _print_whole_report(output: Output) -> None:
    print_journey(output, values.journey(), folder=values.FOLDER, verbose=True)


def _print_two_visits(output: Output) -> None:
    compared = Comparison(values.compared_records(), values.visits().difference)
    print_comparison(output, compared)


def _print_in_force(output: Output) -> None:
    print_in_force(output, values.FAULTS, START_NS + 7 * 10**9)


def _print_trace(output: Output) -> None:
    print_trace(output, values.trace(), values.FOLDER, values.ACCOUNT)


CASES = (
    Case("plan", "plan", "plan topologies/minimal.yaml"),
    Case("plan-internet", "plan", tell=lambda output: print_plan(output, _internet())),
    Case("plan-path", "plan", tell=_print_path),
    Case("plan-anycast", "plan", tell=_print_catchment),
    Case("plan-node", "plan", "plan topologies/minimal.yaml --node laptop", verbatim=True),
    Case("check", "check", "check topologies/internet.yaml"),
    Case("generate", "generate", "generate 12 --places", verbatim=True),
    Case("visit", "visit", tell=lambda output: print_run(output, values.run())),
    Case("visit-repeated", "visit", tell=_print_visits),
    Case("report", "report", tell=_print_report),
    Case("report-verbose", "report", tell=_print_whole_report),
    Case("compare", "compare", tell=_print_two_visits),
    Case("trace", "trace", tell=_print_trace),
    Case("fault-list", "fault", "fault list"),
    Case("fault-described", "fault", "fault link-impaired"),
    Case("fault-in-force", "fault", tell=_print_in_force),
    Case("study-list", "study list", "study list"),
    Case("study-check", "study check", "study check topologies/scenarios/transit-cut.yaml"),
    Case("study-run", "study run", tell=_print_trial),
    Case("study-report", "study report", tell=_print_study),
    Case("study-compare", "study compare", tell=_print_compared_studies),
    Case("route", "route", tell=lambda output: print_round_trip(output, ROUND_TRIP, False)),
    Case("route-verbose", "route", tell=lambda output: print_round_trip(output, ROUND_TRIP, True)),
    Case("bgp-summary", "bgp summary", tell=lambda output: print_summary(output, values.summary())),
    Case("bgp-summary-well", "bgp summary", tell=lambda output: print_summary(output, WELL)),
    Case("status", "status", tell=lambda output: print_condition(output, ILL, values.FAULTS)),
    Case("link", "link", tell=_print_links),
    Case("link-show", "link show", tell=_print_counters),
    Case("link-set", "link set", tell=_print_link),
    Case("capture-list", "capture list", tell=_print_captures),
    Case("doctor", "doctor", tell=lambda output: print_findings(output, values.FINDINGS)),
    Case("events", "events", tell=lambda output: shower(output, PLAN)([*values.events()])),
)
