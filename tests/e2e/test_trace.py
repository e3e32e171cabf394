"""One packet, followed over the whole default lab: `lab trace` of real visits."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Run, RunningLab

# What the clock and the timers may be off by.
NOISE_US = 50
EARLY_US = 200
LINE = "oak-street-gw,alder-bng"


def trace(lab: RunningLab, run: Run, packet: str = "syn") -> dict[str, Any]:
    told: dict[str, Any] = json.loads(
        lab.cli.run("trace", str(run.folder), "--packet", packet, "--json")
    )
    return told


@pytest.fixture(scope="module")
def syn(internet: RunningLab, cold: Run) -> dict[str, Any]:
    return trace(internet, cold)


def nodes(passages: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(passage["interface"].partition(":")[0] for passage in passages))


def test_a_syn_crosses_nat_and_the_exchange_to_the_edge_and_is_answered(
    syn: dict[str, Any],
) -> None:
    there, back = syn["forward"], syn["return"]
    assert (there[0]["interface"], there[-1]["interface"]) == ("laptop:eth0", "edge-fra:eth0")
    assert (back[0]["interface"], back[-1]["interface"]) == ("edge-fra:eth0", "laptop:eth0")
    assert {"oak-street-lan", "oak-street-gw", "alder-bng", "ix-fra"} <= set(nodes(there))
    assert any("oak-street-gw changes the source 192.168.1." in note for note in syn["notes"])


def test_the_json_has_the_promised_shape(syn: dict[str, Any]) -> None:
    assert syn["packet"] == "syn"
    for passage in (*syn["forward"], *syn["return"]):
        assert set(passage) >= {"interface", "t_us", "frame", "file", "file_frame"}
    assert syn["forward"][0]["t_us"] == 0
    assert syn["one_way_us"] == syn["forward"][-1]["t_us"]


@pytest.mark.parametrize("packet", ["syn", "dns-query", "client-hello", "request", "first-byte"])
def test_hop_times_add_up_to_the_one_way_latency(
    internet: RunningLab, cold: Run, packet: str
) -> None:
    told = trace(internet, cold, packet)
    ways = (("forward", "legs", "one_way_us"), ("return", "return_legs", "return_one_way_us"))
    for passages, legs, total in ways:
        times = [passage["t_us"] for passage in told[passages]]
        assert times == sorted(times)
        assert len(told[legs]) == len(times) - 1
        spent = sum(leg["duration_us"] for leg in told[legs])
        assert spent == pytest.approx(told[total], abs=NOISE_US)
        assert spent == pytest.approx(times[-1] - times[0], abs=NOISE_US)
        for leg in told[legs]:
            assert leg["queueing_us"] >= -EARLY_US, leg


def test_the_way_takes_at_least_what_light_takes(internet: RunningLab, syn: dict[str, Any]) -> None:
    """The delays of the links it crossed, from the plan, and not from what is told of them."""
    links = {frozenset((_end(x["a"]), _end(x["b"]))): x for x in internet.plan()["links"].values()}
    ends = [passage["interface"] for passage in syn["forward"]]
    crossed = [links[key] for a, b in pairwise(ends) if (key := frozenset((a, b))) in links]
    planned_us = sum(link.get("ab", {}).get("delay_ms", 0) for link in crossed) * 1000
    assert len(crossed) >= 8
    assert planned_us - EARLY_US < syn["one_way_us"] < planned_us + 100_000


def _end(endpoint: dict[str, str] | str) -> str:
    if isinstance(endpoint, str):
        return endpoint
    return f"{endpoint['node']}:{endpoint['interface']}"


def test_the_frames_that_are_named_are_that_packet(cold: Run, syn: dict[str, Any]) -> None:
    fields = ("frame.interface_name", "tcp.flags", "tcp.seq_raw", "tcp.ack_raw")
    for flags, passages in ((0x0002, syn["forward"]), (0x0012, syn["return"])):
        by_file: dict[str, list[int]] = {}
        for passage in passages:
            by_file.setdefault(passage["file"], []).append(passage["file_frame"])
        rows = [
            row
            for file, numbers in by_file.items()
            for row in cold.packets(file.removesuffix(".pcapng"), these(numbers), *fields)
        ]
        assert {row[0] for row in rows} == {passage["interface"] for passage in passages}
        assert len(rows) == len(passages)
        assert {int(row[1], 16) for row in rows} == {flags}
        assert len({row[2:] for row in rows}) == 1


def these(numbers: Iterable[int]) -> str:
    """The display filter that only these frames pass."""
    return " || ".join(f"frame.number == {number}" for number in numbers)


def test_the_frames_of_the_journey_are_that_packet(cold: Run, syn: dict[str, Any]) -> None:
    only = these(passage["frame"] for passage in syn["forward"])
    rows = cold.packets("journey", only, "frame.interface_name", "tcp.flags.syn")
    assert [name for name, _ in rows] == [passage["interface"] for passage in syn["forward"]]
    assert {is_syn for _, is_syn in rows} <= {"1", "True"}


def test_every_packet_of_a_clean_visit_is_seen_at_every_hop(syn: dict[str, Any]) -> None:
    found = syn["account"]
    assert found["packets"] > 50
    assert found["matched"] / found["packets"] >= 0.999
    assert found["lost"] == []


def test_a_miss_is_followed_to_the_application_and_back(internet: RunningLab, cold: Run) -> None:
    told = trace(internet, cold, "request")
    assert {"edge-fra", "shop-lb"} < set(nodes(told["forward"]))
    assert nodes(told["forward"])[-1].startswith("shop-app")
    proxies = [leg["name"] for leg in told["legs"] if leg["kind"] == "proxy"]
    assert proxies == ["edge-fra", "shop-lb"]
    assert nodes(told["return"])[-1] == "laptop"


def test_any_frame_can_be_traced(internet: RunningLab, cold: Run, syn: dict[str, Any]) -> None:
    middle = syn["forward"][len(syn["forward"]) // 2]
    of_node = f"{middle['file'].removesuffix('.pcapng')}:{middle['file_frame']}"
    for packet in (str(middle["frame"]), of_node):
        assert trace(internet, cold, packet)["forward"] == syn["forward"]


def test_without_a_cdn_the_way_back_is_another_one(internet: RunningLab) -> None:
    run = internet.visit("https://direct.example.com/", "-4")
    told = trace(internet, run)
    assert nodes(told["forward"])[-1] == "shop-lb"
    assert "tundra-fra" in nodes(told["forward"])
    assert "alder-edge" in nodes(told["return"])
    assert nodes(told["return"]) != nodes(told["forward"])[::-1]
    (note,) = [note for note in told["notes"] if "is another one" in note]
    assert "The way there crosses the ASes alder, tundra, pampas, stratus" in note


@pytest.fixture
def lossy(internet: RunningLab) -> Iterator[RunningLab]:
    internet.cli.run("link", "--name", internet.name, "set", LINE, "loss=3%")
    yield internet
    internet.cli.run("link", "--name", internet.name, "reset", LINE)


def test_what_was_lost_is_listed_with_where(lossy: RunningLab) -> None:
    # A page is some 250 packets: that none of them is lost happens once in 2,000 visits.
    run = lossy.visit("https://www.example.com/", "--cold=all", "-4")
    found = trace(lossy, run)["account"]
    assert found["lost"]
    assert found["matched"] + len(found["lost"]) == found["packets"]
    ends = {"oak-street-gw:wan", "alder-bng:eth2"}
    for line in found["lost"]:
        between = line.rpartition("lost between ")[2].split(" and ")
        assert set(between) == ends, line


def test_the_table_is_for_reading(internet: RunningLab, cold: Run) -> None:
    told = internet.cli.run("trace", cold.folder.name, "--captures", str(internet.captures))
    assert "laptop:eth0 to edge-fra:eth0" in told
    assert "propagation 2.000" in told
    assert "packets of the visit's connections were seen at every hop" in told


def test_what_cannot_be_traced_is_said_in_words(
    internet: RunningLab, cold: Run, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(cold.folder, broken)
    (broken / "plan.json").unlink()
    foreign = shutil.copy(cold.folder / "laptop.pcapng", tmp_path / "foreign.pcapng")
    run, empty = str(cold.folder), str(tmp_path / "none")
    for arguments, said in (
        ((run, "--packet", "999999999"), "journey.pcapng has no frame 999999999"),
        ((run, "--packet", "laptop:999999999"), "laptop.pcapng has no frame 999999999"),
        ((run, "--packet", "lapto:1"), "did you mean 'laptop'?"),
        ((run, "--packet", "sin"), "did you mean 'syn'?"),
        ((str(foreign),), "is a capture, not a run"),
        ((f"{run}/laptop.pcapng",), f"lab trace {run}"),
        ((str(broken),), "it has no plan.json"),
        (("--captures", empty), "there are no runs yet"),
    ):
        done = internet.cli.try_run("trace", *arguments)
        assert done.returncode == 2, done.stderr
        assert said in done.stderr
