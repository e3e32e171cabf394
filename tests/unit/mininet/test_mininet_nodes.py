"""Commands in nodes: Mininet's own way of sending them, at shells that the lab opens."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest

from orchestrator.errors import DeployError, UsageError
from orchestrator.mininet import LabNet
from orchestrator.mininet.nodes import LabNode
from orchestrator.runtime.polling import wait_for
from tests.unit.mininet.standing import standing

Sent = Callable[..., object]


@pytest.fixture
def lab() -> Iterator[LabNet]:
    with standing() as lab:
        yield lab


@pytest.fixture
def node(lab: LabNet) -> LabNode:
    return lab["left-pc"]


def wait(node: LabNode, until: str) -> str:
    """What a running command prints, until a text is in it."""
    said: list[str] = []
    assert wait_for(lambda: said.append(node.monitor(50)) or until in "".join(said), within_s=10)
    return "".join(said)


def test_a_command_and_what_it_prints(node: LabNode) -> None:
    assert node.cmd("echo one; echo two >&2") == "one\r\ntwo\r\n"
    assert node.cmd("echo", "some", 3) == "some 3\r\n"
    assert node.cmd(["echo", "listed"]) == "listed\r\n"
    assert node.cmd("") == ""


def test_a_shell_remembers(node: LabNode) -> None:
    node.cmd("cd /; here=there")
    assert node.cmd("echo $PWD $here") == "/ there\r\n"


def test_bytes_that_are_no_text_are_no_end(node: LabNode) -> None:
    assert node.cmd(r"printf 'a\377b\n'") == "a\ufffdb\r\n"


def test_output_is_read_while_a_command_runs(node: LabNode) -> None:
    node.sendCmd("echo first; read line; echo got $line")
    assert "first" in wait(node, "first")
    assert node.waiting
    node.write("hello\n")
    assert node.waitOutput() == "got hello\r\n"
    assert not node.waiting


def test_one_command_at_a_time(node: LabNode) -> None:
    node.sendCmd("tail -n1 -f /etc/passwd")
    wait(node, "\r\n")  # it runs: a shell that is about to fork can miss an interrupt
    with pytest.raises(UsageError, match="left-pc still runs 'tail"):
        node.cmd("ls")
    node.sendInt()
    node.waitOutput()
    assert node.cmd("echo again") == "again\r\n"


@pytest.fixture
def deaf_to_interrupts() -> Iterator[None]:
    """As a program in the background of a script: it ignores SIGINT, and so would its children."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_is_for_the_command_whoever_started_us(
    deaf_to_interrupts: None, node: LabNode
) -> None:
    node.sendCmd("tail -n1 -f /etc/passwd")
    wait(node, "\r\n")
    node.sendInt()
    node.waitOutput()
    assert node.cmd("echo again") == "again\r\n"


def test_a_command_that_heeds_no_interrupt_is_hung_up(
    node: LabNode, capsys: pytest.CaptureFixture[str]
) -> None:
    node.sendCmd("trap '' INT; echo deaf; cat")
    wait(node, "deaf")
    for _ in range(3):
        node.sendInt()
    assert not node.waiting
    assert node.cmd("echo again") == "again\r\n"


def test_a_shell_that_ends_is_followed_by_another(node: LabNode) -> None:
    assert node.cmd("echo last; exit").startswith("last\r\n")
    assert node.cmd("echo again") == "again\r\n"
    node.cmd("kill -9 $$")
    assert node.cmd("echo again") == "again\r\n"


def test_the_process_of_a_command(node: LabNode) -> None:
    node.sendCmd("echo $$; read", printPid=True)
    wait(node, "\r\n")
    shells = node.lastPid
    node.write("\n")
    node.waitOutput()
    assert isinstance(shells, int)
    node.cmd("sleep 60 &")
    assert node.cmd(f"ps -o args= -p {node.lastPid}") == "sleep 60\r\n"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("echo left-pc-eth0", "eth0"),
        ("echo -i=left-pc-eth0,left-pc-eth0:", "-i=eth0,eth0:"),
        (
            "echo left-pc-eth1 my-left-pc-eth0 left-pc-eth0.1",
            "left-pc-eth1 my-left-pc-eth0 left-pc-eth0.1",
        ),
        ("echo right-pc-eth0 ber", "right-pc-eth0 ber"),
    ],
)
def test_an_interface_by_either_name(node: LabNode, written: str, meant: str) -> None:
    assert node.cmd(written) == f"{meant}\r\n"
    assert node.pexec(written)[0] == f"{meant}\n"


def test_an_interface_itself(node: LabNode) -> None:
    assert node.cmd("echo", node.defaultIntf()) == "eth0\r\n"
    assert node.pexec("echo", node.intf("left-pc-eth0"))[0] == "eth0\n"


def test_programs_beside_the_shell(node: LabNode) -> None:
    assert node.pexec("sh -c false") == ("", "", 1)
    assert node.pexec(["sh", "-c", "echo a b; echo c >&2; exit 3"]) == ("a b\n", "c\n", 3)
    assert node.pexec("echo $((1 + 1)) | tr 2 3", shell=True) == ("3\n", "", 0)


def test_letting_go_ends_what_was_started(node: LabNode) -> None:
    program = node.popen("sleep 60")
    node.cmd("true")
    shell = node.shell
    node.stop(deleteIntfs=True)
    assert program.poll() is not None
    assert program.returncode < 0  # ended, and not waited for
    assert node.shell is None
    assert shell is not None
    assert not shell.is_alive()
    assert node.cmd("echo again") == "again\r\n"


def test_a_node_that_does_not_run(node: LabNode) -> None:
    node.place.down = True  # type: ignore[attr-defined]
    for call in (node.cmd, node.sendCmd, node.popen, node.pexec):
        with pytest.raises(DeployError, match="left-pc does not run"):
            call("ls")
    assert node.intf().status() == "MISSING"
    assert node.defaultIntf().updateIP() == node.IP()


def test_what_would_change_the_host_is_refused(lab: LabNet, node: LabNode) -> None:
    other, intf = lab["right-pc"], node.defaultIntf()
    calls: list[Sent] = [
        lambda: node.linkTo(other),
        lambda: node.addIntf(intf),
        lambda: node.deleteIntfs(checkName=False),
        lambda: node.setIP("192.0.2.1", 24),
        lambda: node.setMAC("02:00:00:00:00:01"),
        lambda: intf.rename("eth9"),
        lambda: intf.config(bw=10),
        lambda: intf.isUp(setUp=True),
        lambda: lab.links[0].delete(),
    ]
    for call in calls:
        with pytest.raises(UsageError):
            call()
