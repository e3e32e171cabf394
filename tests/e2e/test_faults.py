"""Every fault is put in force, seen by other means than ours, healed, and leaves nothing behind."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from orchestrator.drift import differences
from orchestrator.errors import FaultError, UsageError
from orchestrator.faults import FAULTS
from orchestrator.loading import load
from orchestrator.runtime.disk.processes import start_time
from orchestrator.runtime.polling import wait_for
from orchestrator.shipped import shipped_topologies
from orchestrator.verbs.fault import fault_in_force, heal, in_force, inject
from tests.e2e.birds import plan_of
from tests.e2e.conftest import PAIR, Cli, RunningLab
from tests.e2e.effects import Try, Witness
from tests.e2e.leftovers import leftovers
from tests.e2e.together import in_batches
from tests.e2e.trying import EFFECTS, drawn, try_faults
from tests.e2e.visiting import Visits

_COUNT, _SEED = 50, 839
_LINK = "shop-app1--shop-lan"


@pytest.fixture
def lab(internet: RunningLab, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningLab]:
    """The default lab, for this process too; whatever a test leaves in force is healed."""
    monkeypatch.setenv("CLICKLAB_STATE", str(internet.cli.state))
    yield internet
    for entry in in_force(internet.name)[::-1]:
        heal(internet.name, entry)


def test_every_fault_has_an_effect_that_is_looked_for() -> None:
    assert EFFECTS.keys() == FAULTS.keys()


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (("link-down", 0), ("link-down", 1), True),  # two servers of one LAN
        (("link-down", 0), ("app-down", 0), False),  # the same server
        (("app-down", 0), ("balancer-down", 0), False),  # who looks is broken
        (("gateway-down", 0), ("dhcp-rogue", 0), False),  # the same home
        (("gateway-down", 0), ("dhcp-exhausted", 0), True),  # another one
        (("partition", 0), ("certificate-expired", 1), False),  # a visit crosses the AS
        (("partition", 0), ("link-blackhole", 2), False),  # its own link
        (("ixp-down", 0), ("route-leak", 1), False),  # a member's session
        (("root-down", 1), ("dns-poisoned", 0), False),  # names are looked up
        (("root-down", 1), ("rpki-down", 0), True),
        (("edge-down", 0), ("daemon-kill", 1), False),  # somebody has to answer instead
    ],
)
def test_who_may_be_broken_together(
    one: tuple[str, int], other: tuple[str, int], together: bool
) -> None:
    plan = load(shipped_topologies() / "internet.yaml")
    drawn_ = [(name, [EFFECTS[name].tries[number]]) for name, number in (one, other)]
    for pair in (drawn_, drawn_[::-1]):
        assert len(in_batches(pair, plan)) == (1 if together else 2)


def test_fifty_faults(lab: RunningLab) -> None:
    """In random order, each at least once, those together that do not disturb each other; under
    each a visit, of which nothing false is told. A failure names its fault, and the seed repeats
    it."""
    assert len(FAULTS) <= _COUNT
    batches = in_batches(drawn(_COUNT, _SEED), plan_of(lab))
    visits = Visits(lab.name, lab.captures)
    for batch in batches:
        visits.next_batch()
        # First what leaves visitors their page: what does not would hide the others from them.
        batch.sort(key=lambda drawn_: drawn_[1].ends[0] != "page")
        for told in try_faults(lab.name, batch, visits.under):
            print(told, flush=True)
    tried = [name for batch in batches for name, _ in batch]
    assert len(tried) == _COUNT
    assert set(tried) == FAULTS.keys()
    assert differences(lab.name) == ()
    assert lab.cli.run("status", "--name", lab.name)


def fault(lab: RunningLab, *arguments: str, code: int = 0) -> str:
    """What `lab fault` prints: where it fails, what is wrong."""
    done = lab.cli.try_run("fault", "--name", lab.name, *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr if code else done.stdout


@pytest.mark.parametrize(
    ("name", "target", "options", "said"),
    [
        ("link-down", "shop-app1--shop-lam", {}, "did you mean 'shop-app1--shop-lan'"),
        ("node-stop", "shop-ap1", {}, "did you mean 'shop-app1'"),
        ("link-flap", _LINK, {"evry": "1s"}, "did you mean 'every'"),
        ("link-impaired", _LINK, {}, "say how"),
        ("link-oneway", _LINK, {"from": "laptop"}, "is not an end of"),
        ("daemon-kill", "shop-app1", {"daemon": "nginx"}, "runs no 'nginx'"),
        ("partition", ",", {}, "no link leads out"),
    ],
)
def test_what_does_not_exist(
    lab: RunningLab, name: str, target: str, options: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        inject(lab.name, name, target, options)
    assert said in str(caught.value)
    assert in_force(lab.name) == ()


def test_a_fault_by_command(lab: RunningLab) -> None:
    """In force, told, refused a second time, healed; and nothing is left to heal."""
    assert "did you mean 'link-blackhole'" in fault(lab, "link-blackhol", _LINK, code=2)
    assert f"link-blackhole {_LINK}: in force" in fault(lab, "link-blackhole", "shop-app1,shop-lan")
    assert "in force on" in fault(lab, "link-blackhole", _LINK, code=2)
    status = json.loads(lab.cli.try_run("status", "--json", "--name", lab.name).stdout)
    assert [(each["fault"], each["target"]) for each in status["faults"]] == [
        ("link-blackhole", _LINK)
    ]
    assert f"link-blackhole {_LINK}" in lab.cli.try_run("status", "--name", lab.name).stdout
    assert "as its plan says" in lab.cli.run("heal", "--name", lab.name)
    refused = lab.cli.try_run("heal", "--name", lab.name)
    assert refused.returncode == 2
    assert "nothing to heal" in refused.stderr


def test_an_interrupt_heals(lab: RunningLab) -> None:
    process = lab.cli.start("fault", "--name", lab.name, "link-down", _LINK, "--for", "300s")
    witness = Witness(docker.from_env(), plan_of(lab), Try(_LINK))
    assert wait_for(lambda: witness.lost_carrier("shop-app1", "eth0"), 60)
    assert wait_for(lambda: any(entry.in_force_ns for entry in in_force(lab.name)), 60)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert in_force(lab.name) == ()
    assert differences(lab.name) == ()


def test_links_are_mended_while_an_end_is_away(lab: RunningLab) -> None:
    """Its port is dark, and its cable can be pulled; faults are healed in any order."""
    with fault_in_force(lab.name, "node-stop", "shop-app2"):
        pulled = inject(lab.name, "link-down", "shop-app2--shop-lan")
        with pytest.raises(FaultError, match="node-stop shop-app2 is in force there"):
            inject(lab.name, "app-down", "shop-app2")
    heal(lab.name, pulled)
    assert differences(lab.name) == ()
    hole = inject(lab.name, "link-blackhole", "shop-app2--shop-lan")
    inject(lab.name, "node-stop", "shop-app2")
    heal(lab.name, hole)
    lab.cli.run("heal", "--all", "--name", lab.name)
    assert differences(lab.name) == ()


def test_a_lab_that_is_taken_down_takes_its_faults_along(
    cli: Cli, engine: docker.DockerClient, tmp_path: Path
) -> None:
    """The process that lets a link flap goes on by itself, but not longer than the lab."""
    topology, name = tmp_path / "pair.yaml", "test-flap"
    topology.write_text(PAIR)
    cli.run("up", str(topology), "--name", name)
    try:
        cli.run("fault", "--name", name, "link-flap", "ber--fra", "every=300ms")
        written = cli.state / name / "flapping" / "ber--fra"
        process = json.loads(written.read_text())
        assert start_time(process["pid"]) == process["started"]
    finally:
        cli.run("down", name)
    assert start_time(process["pid"]) != process["started"]
    assert leftovers(engine, name) == []
