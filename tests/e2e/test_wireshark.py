"""A run in Wireshark: what one packet at many interfaces becomes, names, and whose program starts.

What the profile is for takes Wireshark 4.4. Where the host's is older, the tshark of Debian trixie
reads, in a container on the lab's own base image.
"""

from __future__ import annotations

import io
import os
import shlex
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from orchestrator.runtime.engine.images import BASE, PROXIES, image_tag, images_folder
from tests.e2e.conftest import Cli, Run, RunningLab

URL = "https://www.example.com/"
IMAGE = "clicklab-tests/tshark"
NOBODY = 65534
# Those that saw each packet once, so that any tshark reads their own files rightly.
ENDS = ("laptop", "edge", "shop-app1", "shop-db")


@dataclass(frozen=True)
class Reader:
    """A tshark on the PATH of ``environment``, with the profile that `lab wireshark` wrote."""

    cli: Cli
    environment: dict[str, str]

    def prepare(self, run: Run, *options: str) -> str:
        """What `lab wireshark --print` says."""
        words = ("wireshark", str(run.folder), "--print", *options)
        done = self.cli.try_run(*words, environment=self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def read(self, file: Path, *arguments: str) -> list[tuple[str, ...]]:
        """Rows of the fields asked for. Nothing but root may be complained of."""
        done = subprocess.run(
            ["tshark", *arguments[:2], "-r", file, *arguments[2:], "-T", "fields"],
            capture_output=True,
            text=True,
            env={**os.environ, **self.environment},
        )
        complaints = [line for line in done.stderr.splitlines() if "Running as user" not in line]
        assert (done.returncode, complaints) == (0, [])
        return [tuple(line.split("\t")) for line in done.stdout.splitlines()]

    def at(self, file: Path, display_filter: str, profile: str = "Default") -> Counter[str]:
        """How many frames pass a filter, by the interface that saw them."""
        words = ("-C", profile, "-Y", display_filter, "-e", "frame.interface_name")
        return Counter(name for (name,) in self.read(file, *words))


@pytest.fixture(scope="module")
def run(minimal: RunningLab) -> Run:
    return minimal.visit(URL, "--cold=all", "--journey")


@pytest.fixture
def host(minimal: RunningLab, tmp_path: Path) -> Reader:
    """The host's tshark, whatever it is."""
    return Reader(minimal.cli, {"WIRESHARK_CONFIG_DIR": str(tmp_path / "settings")})


def deinterlaces() -> bool:
    told = subprocess.run(["tshark", "-G", "defaultprefs"], capture_output=True, text=True)
    return "conversation_deinterlacing_key" in told.stdout


@pytest.fixture(scope="module")
def new(
    minimal: RunningLab, engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Reader:
    """A tshark that tells apart what several interfaces saw: the host's, or one in a container."""
    folder = tmp_path_factory.mktemp("tshark")
    environment = {"WIRESHARK_CONFIG_DIR": str(folder / "settings")}
    if not deinterlaces():
        build(engine)
        seen = f"-v {folder}:{folder} -v {minimal.captures}:{minimal.captures}:ro"
        words = f"--rm --network none -e WIRESHARK_CONFIG_DIR {seen} --entrypoint tshark {IMAGE}"
        program = folder / "bin/tshark"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {shutil.which("docker")} run {words} "$@"\n')
        program.chmod(0o755)
        environment["PATH"] = f"{program.parent}:{os.environ['PATH']}"
    return Reader(minimal.cli, environment)


def build(engine: docker.DockerClient) -> None:
    """What was built once is kept by Docker."""
    base = image_tag(BASE, images_folder())
    dockerfile = f"FROM {base}\nRUN install-packages tshark\n"
    engine.images.build(
        fileobj=io.BytesIO(dockerfile.encode()),
        tag=IMAGE,
        buildargs={name: os.environ[name] for name in PROXIES if name in os.environ},
        network_mode="host",
        rm=True,
    )


@dataclass(frozen=True)
class Understood:
    """What became of TCP: retransmissions by interface, and where port 443 and HTTP/2 were seen."""

    sent_again: Counter[str]
    crossed: set[str]
    decrypted: set[str]


@pytest.fixture(scope="module", params=["Default", "Clicklab"])
def understood(run: Run, new: Reader, request: pytest.FixtureRequest) -> tuple[str, Understood]:
    """journey.pcapng with a profile, by one start of tshark."""
    assert "note" not in new.prepare(run)
    fields = ("frame.interface_name", "tcp.analysis.retransmission", "tcp.port", "http2.streamid")
    asked = [word for field in fields for word in ("-e", field)]
    journey = run.folder / "journey.pcapng"
    rows = new.read(journey, "-C", request.param, "-Y", "tcp", *asked)
    return request.param, Understood(
        Counter(name for name, again, _, _ in rows if again),
        {name for name, _, ports, _ in rows if "443" in ports.split(",")},
        {name for name, _, _, stream in rows if stream},
    )


def test_a_packet_at_many_interfaces_is_no_retransmission(
    run: Run, host: Reader, understood: tuple[str, Understood]
) -> None:
    profile, found = understood
    files = [run.folder / f"{node}.pcapng" for node in ENDS]
    truly = sum((host.at(file, "tcp.analysis.retransmission") for file in files), Counter())
    ends = {name: n for name, n in found.sent_again.items() if name.partition(":")[0] in ENDS}
    assert (ends == truly) == (profile == "Clicklab")


def test_http2_is_decrypted_at_every_interface_it_crossed(
    understood: tuple[str, Understood],
) -> None:
    profile, found = understood
    assert len(found.crossed) == 10
    assert (found.decrypted == found.crossed) == (profile == "Clicklab")


def test_an_older_one_is_told_of_and_reads_a_nodes_own_file(run: Run, host: Reader) -> None:
    said = host.prepare(run)
    assert said.startswith(f"wireshark -C Clicklab {run.folder}/journey.pcapng\n")
    assert ("note: this Wireshark takes" in said) == (not deinterlaces())
    assert "note" not in host.prepare(run, "--node", "laptop")
    seen = host.at(run.folder / "laptop.pcapng", "http2", "Clicklab")
    assert set(seen) == {"laptop:eth0"}
    # What a node with several interfaces saw at one of them, in a file of its own.
    alone = run.folder.with_name("alone.pcapng")
    only = ["-Y", 'frame.interface_name == "isp:eth0"', "-w", alone]
    subprocess.run(["tshark", "-r", run.folder / "journey.pcapng", *only], check=True)
    assert set(host.at(alone, "http2")) == {"isp:eth0"}


@pytest.mark.parametrize("file", ["laptop", "journey"])
def test_addresses_have_names_by_the_file_and_macs_by_the_profile(
    run: Run, host: Reader, file: str
) -> None:
    host.prepare(run)
    fields = ("-e", "ip.src_host", "-e", "ipv6.src_host", "-e", "eth.src_resolved")
    first = ("-Y", 'frame.interface_name == "laptop:eth0" && (dhcp || tcp)', *fields)
    by_file = host.read(run.folder / f"{file}.pcapng", "-N", "n", *first)
    assert {"laptop", "home-gw", "edge"} <= {name for row in by_file for name in row[:2]}
    by_both = host.read(run.folder / f"{file}.pcapng", "-C", "Clicklab", *first)
    assert [row[:2] for row in by_both] == [row[:2] for row in by_file]
    # Of a MAC that ARP tells the address of, Wireshark says whose that is.
    assert {row[2].partition(":")[0] for row in by_both} == {"laptop", "home-gw"}


def test_columns_say_the_node_and_the_interface_and_colours_the_as(run: Run, host: Reader) -> None:
    host.prepare(run)
    fields = ("-e", "frame.interface_description", "-e", "frame.interface_name")
    rule = ("-e", "frame.coloring_rule.name", "--color")
    rows = host.read(run.folder / "journey.pcapng", "-C", "Clicklab", *fields, *rule)
    assert {(node, node) for node, _, _ in rows} == {
        (node, name.partition(":")[0]) for node, name, _ in rows
    }
    coloured = {(node, name) for node, _, name in rows if not name.startswith(("TCP", "ICMP"))}
    assert {("isp", "isp (AS 64501)"), ("edge", "cloud (AS 64502)"), ("laptop", "")} <= coloured
    assert len(coloured) == len({node for node, _, _ in rows})


@pytest.fixture
def watched(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Iterator[Path]:
    """A folder that anyone may use, with a `wireshark` that writes down who it is and its words."""
    folder = tmp_path_factory.mktemp("watched")
    program = folder / "wireshark"
    program.write_text(f'#!/bin/sh\necho "$(id -u) $(id -G) $HOME $*" >{folder}/started\n')
    program.chmod(0o755)
    opened = [*folder.parents, run.folder, *run.folder.parents]
    shut = {path: path.stat().st_mode for path in opened if not path.stat().st_mode & 0o001}
    for path in (folder, *shut):
        path.chmod(0o777 if path == folder else 0o711)
    yield folder
    for path, mode in shut.items():
        path.chmod(mode)


@pytest.mark.parametrize("sudo", [True, False], ids=["sudo", "root"])
def test_under_sudo_it_is_the_users_wireshark(
    minimal: RunningLab, run: Run, watched: Path, sudo: bool
) -> None:
    environment = {
        "PATH": f"{watched}:{os.environ['PATH']}",
        "WIRESHARK_CONFIG_DIR": str(watched / "settings"),
        "DISPLAY": ":99",
        "HOME": "/root",
        **({"SUDO_UID": str(NOBODY), "SUDO_GID": str(NOBODY)} if sudo else {}),
    }
    done = minimal.cli.try_run("wireshark", str(run.folder), environment=environment)
    assert (done.returncode, done.stdout) == (
        0,
        f"wireshark -C Clicklab {run.folder}/journey.pcapng\n",
    ), done.stderr
    who = f"{NOBODY} {NOBODY} /nonexistent" if sudo else "0 0 /root"
    words = " ".join(shlex.split(done.stdout)[1:])
    assert (watched / "started").read_text() == f"{who} {words}\n"
    profile = watched / "settings/profiles/Clicklab/preferences"
    assert profile.stat().st_uid == (NOBODY if sudo else 0)


def test_a_capture_beside_visits_has_names_too(
    minimal: RunningLab, host: Reader, tmp_path: Path
) -> None:
    folder = tmp_path / "capture"
    minimal.cli.run("capture", "start", "--name", minimal.name, "--output", str(folder))
    minimal.exec("laptop", "curl", "-sS", "-o", "/dev/null", "--cacert", "/lab/tls/ca.pem", URL)
    minimal.cli.run("capture", "stop", "--name", minimal.name)
    host.prepare(Run({}, folder))
    for file in ("laptop", "journey"):
        rows = host.read(folder / f"{file}.pcapng", "-C", "Clicklab", "-e", "ipv6.dst_host")
        assert ("edge",) in rows
