"""Probes as a scenario writes them, as they are run; and what a lab has not."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.loading import load
from orchestrator.shipped import shipped_topologies
from orchestrator.spec.scenario import ProbeSpec
from orchestrator.studies.against_plan import known_names
from orchestrator.studies.asking import probe_run
from orchestrator.studies.scenarios import load_study, scenario_path, shipped_scenarios

PLAN = load(shipped_topologies() / "minimal.yaml")


def test_options_that_are_not_written_are_left_out() -> None:
    spec = ProbeSpec.model_validate({"icmp": "www.example.com", "from": "laptop", "every": "1 s"})
    run = probe_run("ping", spec, PLAN)
    assert (run.kind, run.interval_ms, run.timeout_ms, run.options) == ("icmp", 1000, 1000, {})


def test_a_node_that_is_the_answer_is_its_address() -> None:
    written = {"dns": "www.example.com", "from": "laptop", "every": "1 s", "answer": "edge"}
    for family, version in ((None, 4), (4, 4), (6, 6)):
        spec = ProbeSpec.model_validate({**written, "family": family})
        expected = next(a for a in PLAN.nodes["edge"].addresses if a.version == version)
        assert probe_run("dns", spec, PLAN).options["expect"] == str(expected)


def test_names_of_the_lab_are_known() -> None:
    assert {"www.example.com", "a.root-servers.net"} <= known_names(PLAN)


def test_every_shipped_scenario_is_good_and_called_as_its_file() -> None:
    shipped = shipped_scenarios()
    assert "transit-cut" in shipped
    for name, path in shipped.items():
        study = load_study(scenario_path(name))
        assert study.scenario.name == name == path.stem
        assert study.scenario.about
        assert study.scenario.expect
        assert study.faults
        assert study.plan.name == f"study-{name}"


def test_the_documented_scenario_is_good(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "scenarios.md").read_text()
    (block,) = re.findall(r"^```yaml\n(name:.*?)^```", text, re.M | re.S)
    (tmp_path / "my-cut.yaml").write_text(block)
    assert load_study(tmp_path / "my-cut.yaml").scenario.name == "my-cut"
