"""Targets, options and words of faults on links, nodes and servers; no lab runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import Mistake, UsageError
from orchestrator.faults import FAULTS
from orchestrator.faults.on_servers import choose_daemon, daemons_of
from orchestrator.faults.partition import crossing_links, resolve_side, side_of
from orchestrator.loading import load
from orchestrator.records.in_force import InForce
from orchestrator.runtime.disk.ledger import next_id, read_ledger, write_ledger
from orchestrator.runtime.disk.state import LabState
from orchestrator.shipped import shipped_topologies

PLAN = load(shipped_topologies() / "internet.yaml")


def targets(fault: str) -> list[str]:
    return list(FAULTS[fault].targets(PLAN))


def test_each_fault_goes_by_its_own_name() -> None:
    assert all(name == fault.name for name, fault in FAULTS.items())
    assert all(fault.about and not fault.about.endswith(".") for fault in FAULTS.values())


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_says_what_it_affects(name: str) -> None:
    fault = FAULTS[name]
    for target in list(fault.targets(PLAN))[:3]:
        found = fault.resolve(PLAN, target) if fault.resolve else target
        assert fault.affects(PLAN, found)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("gateway-down", ["oak-street-gw", "elm-street-gw"]),
        ("ixp-down", ["ix-fra", "ix-nyc"]),
        ("route-server-down", ["ix-fra-rs"]),
        (
            "resolver-down",
            ["alder-resolver", "birch-resolver", "openwell1", "openwell2", "openwell"],
        ),
        ("root-down", ["root-a1", "root-a2", "root-b", "root-a", "all"]),
        ("tld-down", ["tld-com", "tld-net", "com", "net"]),
        ("nameserver-down", ["ns1", "ns2", "example.com"]),
        ("edge-down", ["edge-fra", "edge-nyc", "swift"]),
        ("balancer-down", ["shop-lb"]),
        ("app-down", ["shop-app1", "shop-app2"]),
        ("web-down", ["shop-web1"]),
        ("database-down", ["shop-db"]),
    ],
)
def test_targets(fault: str, expected: list[str]) -> None:
    assert sorted(targets(fault)) == sorted(expected)


def test_links_go_by_their_ends() -> None:
    for fault in ("link-down", "link-blackhole", "link-oneway", "link-flap", "link-impaired"):
        resolve = FAULTS[fault].resolve
        assert resolve is not None
        assert resolve(PLAN, "tundra-fra,alder-core") == "alder-core--tundra-fra"
        with pytest.raises(UsageError, match="there is no link"):
            resolve(PLAN, "alder-core,laptop")


# ── which daemon ──────────────────────────────────────────────────────────────


def test_daemons_of_a_node() -> None:
    assert daemons_of(PLAN.nodes["alder-bng"]) == ("bird", "kea-dhcp4", "kea-dhcp6")
    assert daemons_of(PLAN.nodes["edge-fra"]) == ("nginx", "bird")
    assert daemons_of(PLAN.nodes["laptop"]) == ()
    assert "laptop" not in targets("daemon-kill")


def test_a_daemon_is_the_main_one_unless_named() -> None:
    assert choose_daemon(PLAN.nodes["alder-bng"], "") == "bird"
    assert choose_daemon(PLAN.nodes["alder-bng"], "kea-dhcp6") == "kea-dhcp6"
    with pytest.raises(UsageError, match="runs no 'kea-dhcp5'") as caught:
        choose_daemon(PLAN.nodes["alder-bng"], "kea-dhcp5")
    assert "did you mean" in caught.value.hint
    with pytest.raises(UsageError, match="runs no daemon"):
        choose_daemon(PLAN.nodes["laptop"], "")


# ── partitions ────────────────────────────────────────────────────────────────


def test_an_as_takes_along_what_hangs_from_it() -> None:
    birch = side_of(PLAN, ["birch"])
    assert {"birch-core", "birch-resolver", "elm-street-gw", "elm-street-lan", "tv"} <= birch
    assert not {"ix-nyc", "pampas-nyc", "swift-nyc"} & birch
    assert sorted(crossing_links(PLAN, birch)) == ["birch-core--ix-nyc", "birch-core--pampas-nyc"]
    assert {"shop-lan", "shop-db"} <= side_of(PLAN, ["stratus"])


def test_a_side_is_written_in_any_order() -> None:
    assert resolve_side(PLAN, " tundra , alder,tundra") == "alder,tundra"
    assert resolve_side(PLAN, "laptop") == "laptop"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("tundr", "there is no 'tundr'"),
        ("", "no link leads out"),
        (",".join([*PLAN.nodes, *PLAN.switches]), "no link leads out"),
    ],
)
def test_what_is_no_side(given: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        resolve_side(PLAN, given)


# ── options ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fault", "option", "good", "bad"),
    [
        ("link-flap", "every", "500ms", "100ms"),
        ("link-flap", "every", "2s", "often"),
        ("node-reboot", "off", "0.5s", "1min"),
    ],
)
def test_options_are_checked(fault: str, option: str, good: str, bad: str) -> None:
    check = next(each.check for each in FAULTS[fault].options if each.name == option)
    check(good)
    with pytest.raises(Mistake):
        check(bad)


# ── what is written down ──────────────────────────────────────────────────────


def test_the_ledger_keeps_what_undoing_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLICKLAB_STATE", str(tmp_path))
    state = LabState("pair")
    state.folder.mkdir()
    assert read_ledger(state) == ()
    memo = {"by": "link-down a--b", "cuts": ["a--b"]}
    entry = InForce(next_id(()), "link-down", "a--b", {"every": "", "off": "2s"}, memo, 5, 7)
    write_ledger(state, [entry])
    assert read_ledger(state) == (entry,)
    assert next_id(read_ledger(state)) == 2
    assert str(entry) == "link-down a--b off=2s"
    assert "memo" not in entry.told()
