"""A lab as Mininet's scripts and its command line see a network."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from mininet.cli import CLI as MininetCLI  # noqa: N811
from mininet.log import lg
from mininet.node import Node
from mininet.util import dumpNodeConnections, dumpPorts

from orchestrator.mininet import CLI, LabNet
from tests.unit.mininet.standing import PLAN, standing


class Said(logging.Handler):
    """What Mininet's log said."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += record.getMessage()


@pytest.fixture
def said() -> Iterator[Said]:
    handler = Said()
    lg.addHandler(handler)
    yield handler
    lg.removeHandler(handler)


@pytest.fixture
def lab() -> Iterator[LabNet]:
    with standing() as lab:
        yield lab


def typed(lab: LabNet, *lines: str) -> None:
    """Commands at the prompt."""
    console = CLI.__new__(CLI)
    console.mn, console.locals, console.inputFile = lab, {"net": lab}, None
    console.stdin = open("/dev/null")  # noqa: PTH123, SIM115
    with console.stdin:
        for line in lines:
            assert console.onecmd(line) is None


# ── the network ───────────────────────────────────────────────────────────────


def test_nodes_by_name(lab: LabNet) -> None:
    assert set(lab) == set(PLAN.nodes) | set(PLAN.switches) == set(lab.keys())
    assert len(lab) == len(lab.values())
    assert lab.get("laptop") is lab["laptop"] is dict(lab.items())["laptop"]
    assert lab.get("laptop", "ber") == [lab["laptop"], lab["ber"]]
    assert lab["left_pc"] is lab["left-pc"]
    assert "left_pc" in lab
    assert None not in lab
    assert isinstance(lab["ber"], Node)


def test_a_name_that_is_not_there(lab: LabNet) -> None:
    assert "lapto" not in lab
    with pytest.raises(KeyError, match="did you mean 'laptop'"):
        lab.get("lapto")


def test_hosts_are_end_systems_and_clients_come_first(lab: LabNet) -> None:
    names = [str(node) for node in lab.hosts]
    assert set(names[:4]) == {"laptop", "phone", "left-pc", "right-pc"}
    assert "isp-resolver" in names
    assert {"ber", "fra", "house-gw"} <= {node.name for node in lab.routers}
    assert [switch.name for switch in lab.switches] == ["house-lan"]
    assert lab.controllers == []


def test_addresses_are_those_others_know_a_node_by(lab: LabNet) -> None:
    assert lab["ber"].IP() == str(PLAN.nodes["ber"].loopbacks[0])
    assert lab["ber"].IP("eth0") == str(PLAN.nodes["ber"].interfaces[0].addresses[0].ip)
    assert lab["left-pc"].IP() == str(PLAN.nodes["left-pc"].address)
    assert lab["left-pc"].MAC() == PLAN.nodes["left-pc"].interfaces[0].mac
    assert lab["house-gw"].intfNames() == ["house-gw-wan", "house-gw-lan"]
    assert repr(lab["left-pc"]) == f"<Host left-pc: eth0:{lab['left-pc'].IP()} pid=1>"


def test_links_between_nodes(lab: LabNet) -> None:
    (link,) = lab.linksBetween(lab["right-pc"], lab["fra"])
    assert link.name == "right-pc--fra"
    assert str(link) == "right-pc-eth0<->fra-eth2"
    assert lab.linksBetween(lab["left-pc"], lab["right-pc"]) == []
    assert len(lab.links) == len(PLAN.links)
    ((mine, theirs),) = lab["laptop"].connectionsTo(lab["house-lan"])
    assert (mine.node, theirs.node) == (lab["laptop"], lab["house-lan"])


def test_mininets_listings(lab: LabNet, said: Said) -> None:
    dumpNodeConnections([lab["left-pc"], lab["laptop"]])
    dumpPorts(lab.switches)
    assert "left-pc left-pc-eth0:ber-eth" in said.text
    assert "laptop laptop-eth0:house-lan-port1\n" in said.text
    assert "house-lan house-lan-port0:0 house-lan-port1:1 house-lan-port2:2 \n" in said.text


def test_a_lab_is_neither_built_nor_ended(lab: LabNet) -> None:
    lab.start()
    assert lab["left-pc"].cmd("echo here") == "here\r\n"
    lab.stop()
    assert lab["left-pc"].cmd("echo here") == "here\r\n"
    for name in ("addHost", "addLink", "addController", "delNode", "build", "configHosts"):
        with pytest.raises(AttributeError, match="made from its topology"):
            getattr(lab, name)
    assert not hasattr(lab, "nonsense")


def test_links_that_are_not_there(lab: LabNet, said: Said) -> None:
    lab.configLinkStatus("laptop", "nowhere", "down")
    assert said.text == "dst not in network: nowhere\n"
    said.text = ""
    lab.configLinkStatus("laptop", "house-lan", "sideways")
    assert "'sideways'" in said.text


def test_output_of_several_nodes(lab: LabNet) -> None:
    nodes = [lab["left-pc"], lab["right-pc"]]
    for node in nodes:
        node.sendCmd(f"echo {node}")
    lines = lab.monitor(nodes, timeoutms=5000)
    assert {next(lines)[1].strip("\x7f\r\n") for _ in nodes} == {"left-pc", "right-pc"}
    for node in nodes:
        node.waiting = False


# ── the command line ──────────────────────────────────────────────────────────


def test_it_is_mininets_command_line() -> None:
    assert issubclass(CLI, MininetCLI)


def test_commands_in_nodes(lab: LabNet, said: Said) -> None:
    typed(lab, "left-pc echo ber laptop-lan right-pc", "left_pc echo $((1+1))")
    known = lab["ber"].IP(), lab["right-pc"].IP()
    assert said.text == f"{known[0]} laptop-lan {known[1]}\r\n2\r\n"


def test_what_there_is(lab: LabNet, said: Said) -> None:
    typed(lab, "nodes", "net", "intfs", "dump", "ports")
    assert f"{' '.join(sorted(lab))}\n" in said.text
    assert "house-gw: house-gw-wan,house-gw-lan\n" in said.text


def test_python(lab: LabNet, said: Said) -> None:
    typed(lab, "py left_pc.IP()", "py laptop", "px print(nothing)", "py net['lapto']")
    assert said.text.startswith(f"{lab['left-pc'].IP()}\n<Host laptop")
    assert "name 'nothing' is not defined" in said.text
    assert "did you mean 'laptop'" in said.text


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("lapto ls", "*** Unknown command: lapto ls\n"),
        ("laptop", "*** Please enter a command for node: laptop <cmd>\n"),
        ("link laptop", "invalid number of args: link end1 end2 [up down]\n"),
        ("link laptop nowhere down", "dst not in network: nowhere\n"),
        ("link laptop house-lan off", "invalid type: link end1 end2 [up down]\n"),
        ("iperf laptop nowhere", "node 'nowhere' not in network\n"),
        ("iperfudp much left-pc right-pc", "*** 'much' is no rate\n  hint: write it like 10M\n"),
        (
            "pingall soon",
            "*** 'soon' is no time to wait for an answer\n  hint: seconds, like: pingall 1\n",
        ),
        ("xterm", "usage: xterm node1 node2 ...\n"),
        ("xterm nowhere", "node 'nowhere' not in network\n"),
        ("x laptop", "x: nodes of a lab hold no X clients; see: xterm\n"),
        (
            "switch s stop",
            "switch: a lab's switches stay; take links down: link node1 node2 down\n",
        ),
        ("source /nowhere", "error reading file /nowhere\n"),
    ],
)
def test_mistakes_are_told_and_end_nothing(lab: LabNet, said: Said, line: str, answer: str) -> None:
    typed(lab, line)
    assert said.text.endswith(answer)


def test_no_display(lab: LabNet, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    typed(lab, "xterm laptop", "gterm laptop")
    assert said.text.count("there is no display") == 2


def test_a_node_that_does_not_run(lab: LabNet, said: Said) -> None:
    lab["left-pc"].place.down = True  # type: ignore[attr-defined]
    typed(lab, "left-pc ls", "right-pc echo well")
    assert said.text == "*** left-pc does not run\n  hint: see: lab status\nwell\r\n"
