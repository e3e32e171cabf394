"""The profile's files: what they say of a plan, and that Wireshark takes them."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.analysis.step import PREFERENCES
from orchestrator.loading import load
from orchestrator.plan.model import Plan
from orchestrator.render.wireshark import COLOURS_AT_MOST, FILES, render_profile
from orchestrator.shipped import shipped_topologies
from tests.unit.capture.texts import interface, packet, section


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load(shipped_topologies() / "internet.yaml")


def rules(colorfilters: str) -> dict[str, str]:
    """Name → filter, in their order."""
    rows = [line.split("@") for line in colorfilters.splitlines() if line.startswith("@")]
    return {row[1]: row[2] for row in rows}


def buttons(texts: dict[str, str]) -> dict[str, str]:
    return dict(re.findall(r'^"TRUE","([^"]+)","([^"]+)"', texts["dfilter_buttons"], re.M))


def test_each_as_has_a_colour_that_its_interfaces_get(plan: Plan) -> None:
    texts = render_profile(plan, deinterlaces=True)
    found = rules(texts["colorfilters"])
    for system in plan.systems.values():
        matches = re.fullmatch(
            r'frame\.interface_name matches "(.*)"', found[f"{system.name} (AS {system.asn})"]
        )
        assert matches
        coloured = {name for name in plan.nodes if re.match(matches[1], f"{name}:eth0")}
        assert coloured == {node.name for node in plan.nodes.values() if node.asn == system.asn}
    backgrounds = re.findall(r"@\[([0-9,]+)\]\[0,0,0\]$", texts["colorfilters"], re.M)
    assert len(set(backgrounds)) == len(backgrounds) == len(plan.systems) + 1


def test_it_reads_as_we_do_what_came_out_of_order_or_damaged(plan: Plan) -> None:
    told = render_profile(plan, deinterlaces=True)["preferences"].splitlines()
    assert {name.replace(":", ": ") for name in PREFERENCES} <= set(told)


def test_a_large_lab_has_no_more_colours_than_can_be_told_apart(plan: Plan) -> None:
    [system, *_] = plan.systems.values()
    many = {n: replace(system, name=f"as{n}") for n in range(3 * COLOURS_AT_MOST)}
    found = rules(render_profile(replace(plan, systems=many), True)["colorfilters"])
    assert sum(name.startswith("as") for name in found) == COLOURS_AT_MOST


def test_one_that_cannot_deinterlace_is_not_asked_to_nor_shown_losses_that_are_none(
    plan: Plan,
) -> None:
    new, old = (render_profile(plan, deinterlaces) for deinterlaces in (True, False))
    assert "\nprotocols.conversation_deinterlacing_key: .MI\n" in new["preferences"]
    assert "deinterlacing" not in old["preferences"]
    assert "TCP: lost, late or twice" in rules(new["colorfilters"])
    assert "TCP: lost, late or twice" not in rules(old["colorfilters"])
    differing = {name for name in FILES if new[name] != old[name]}
    assert differing == {"preferences", "colorfilters"}


def test_there_is_a_profile_without_a_plan() -> None:
    texts = render_profile(None, deinterlaces=True)
    assert set(texts) == set(FILES)
    assert "AS" not in "".join(rules(texts["colorfilters"]))


def test_tshark_takes_all_of_it(plan: Plan, tmp_path: Path) -> None:
    """Whatever tshark is here: it complains of nothing but of being root."""
    told = subprocess.run(["tshark", "-G", "defaultprefs"], capture_output=True, text=True)
    texts = render_profile(plan, "conversation_deinterlacing_key" in told.stdout)
    profile = tmp_path / "profiles/Clicklab"
    profile.mkdir(parents=True)
    for name, text in texts.items():
        (profile / name).write_text(text)
    mac = bytes.fromhex(plan.nodes["laptop"].interface("eth0").mac.replace(":", ""))
    capture = tmp_path / "one.pcapng"
    frame = bytes(6) + mac + bytes(46)
    capture.write_bytes(section() + interface("alder-core:eth0") + packet(0, 1, frame))
    every = [*buttons(texts).values(), *rules(texts["colorfilters"]).values()]
    argv = ["tshark", "-C", "Clicklab", "--color", "-r", str(capture), "-T", "fields"]
    argv += ["-e", "frame.coloring_rule.name", "-e", "eth.src_resolved"]
    done = subprocess.run(
        [*argv, "-Y", " || ".join(f"({filter_})" for filter_ in every)],
        capture_output=True,
        text=True,
        env={**os.environ, "WIRESHARK_CONFIG_DIR": str(tmp_path)},
    )
    complaints = [line for line in done.stderr.splitlines() if "Running as user" not in line]
    assert (done.returncode, complaints) == (0, [])
    assert done.stdout == "alder (AS 64501)\tlaptop:eth0\n"
