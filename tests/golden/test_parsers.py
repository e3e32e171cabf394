"""What the golden topologies render is accepted by the servers that will read it.

One container per role: it has the image, user and capabilities its nodes have, and puts the
files of each node in turn where they belong. Docker and the images must be there (`make lab`).
"""

from __future__ import annotations

from pathlib import Path

import docker
import pytest
from docker.errors import ContainerError

from orchestrator.plan.model import Node, Plan
from orchestrator.render.main import render_node
from orchestrator.roles import ROLES
from orchestrator.roles.base import LAB
from orchestrator.runtime.engine import connect
from orchestrator.runtime.images import image_tag, images_folder
from orchestrator.runtime.pki import Authority, mint_authority, mint_leaf
from tests.golden.cases import CASES, plan_of

NODES = "/nodes"
# named only warns of what other resolvers would stumble over: here it fails.
_CHECKZONE = "named-checkzone -i local -k fail -m fail -M fail -S fail -n fail -r fail"
_ZONES = f"""
for zone in $(cd {LAB} && find zones -type f); do
  origin=$(sed -n 's/^$ORIGIN //p' {LAB}/$zone)
  {_CHECKZONE} "$origin" {LAB}/$zone
done
"""
_RULES = "select line_number, error from pg_hba_file_rules where error is not null"
# Commands that read a node's files and exit with an error where they are wrong.
PARSERS = {
    "router": f"bird -p -c {LAB}/bird.conf",
    "nameserver": f"named-checkconf -z {LAB}/named.conf\n{_ZONES}",
    "resolver": f"rndc-confgen -a -q -A hmac-sha256 -c /run/rndc.key\n"
    f"named-checkconf -z {LAB}/named.conf",
    "edge": f"nginx -t -e stderr -c {LAB}/nginx.conf",
    "web": f"nginx -t -e stderr -c {LAB}/nginx.conf",
    "balancer": f"haproxy -c -f {LAB}/haproxy.cfg",
    "gateway": f"nft -c -f {LAB}/nftables.conf\ndnsmasq --test -C {LAB}/dnsmasq.conf",
    "database": f"""
answer=$(echo "{_RULES}" | postgres --single -D /var/lib/postgresql/17/main \
  -c config_file={LAB}/postgresql.conf shop)
echo "$answer"
! echo "$answer" | grep -q "error = "
""",
    "host": f"for script in start udhcpc.script; do sh -n {LAB}/$script; done",
    "app": f"python3 -m json.tool {LAB}/app.json",
}


class Refused(Exception):
    """A server said no; the text is its own."""


@pytest.fixture(scope="module")
def client() -> docker.DockerClient:
    return connect()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every node's files, in folders role/case--node."""
    root, authority = tmp_path_factory.mktemp("nodes"), mint_authority("parsers")
    for case in CASES:
        plan = plan_of(case)
        for node in plan.nodes.values():
            _write_node(root / node.role / f"{case}--{node.name}", node, plan, authority)
    return root


def _write_node(folder: Path, node: Node, plan: Plan, authority: Authority) -> None:
    files = dict(render_node(node, plan))
    for request in plan.certificates:
        if request.node == node.name:
            leaf = mint_leaf(authority, request.hosts)
            files[f"tls/{request.name}.pem"] = leaf.pem + authority.intermediate.pem
            files[f"tls/{request.name}.pem.key"] = leaf.key_pem
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def test_every_role_has_a_parser() -> None:
    assert set(PARSERS) == set(ROLES)


@pytest.mark.parametrize("role", PARSERS)
def test_the_server_accepts_its_files(role: str, client: docker.DockerClient, folder: Path) -> None:
    said = _parse(client, role, folder / role)
    assert said.count("== ") == len(list((folder / role).iterdir())), said


@pytest.mark.parametrize("role", PARSERS)
def test_the_server_refuses_what_is_broken(
    role: str, client: docker.DockerClient, folder: Path, tmp_path: Path
) -> None:
    """A parser that accepts everything would prove nothing."""
    source = next((folder / role).iterdir())
    for path in (path for path in source.rglob("*") if path.is_file()):
        broken = tmp_path / source.name / path.relative_to(source)
        broken.parent.mkdir(parents=True, exist_ok=True)
        broken.write_text(path.read_text(encoding="utf-8") + '\nbroken "( {\n', encoding="utf-8")
    with pytest.raises(Refused):
        _parse(client, role, tmp_path)


def _parse(client: docker.DockerClient, role: str, nodes: Path) -> str:
    """What the parser of a role says of all nodes in a folder. Raises Refused."""
    script = f"""
exec >&2  # what docker keeps of a failure
parse() {{ {PARSERS[role]}
}}
for node in {NODES}/*; do
  echo "== ${{node##*/}}"
  rm -rf {LAB}/*
  cp -r "$node"/. {LAB}
  parse
done
"""
    nodes.chmod(0o755)
    try:
        said: bytes = client.containers.run(
            image_tag(ROLES[role].image, images_folder()),
            ["-e", "-c", script],
            entrypoint="sh",
            labels={"clicklab.test": "parsers"},
            stderr=True,
            remove=True,
            network_mode="none",
            cap_drop=["ALL"],
            cap_add=list(ROLES[role].capabilities),
            # nginx opens its sockets even to test: an address that is not there yet must do.
            sysctls={"net.ipv4.ip_nonlocal_bind": "1", "net.ipv4.ip_unprivileged_port_start": "0"},
            read_only=ROLES[role].read_only,
            tmpfs={LAB: "mode=1777", "/run": "mode=1777", "/tmp": "mode=1777"},
            volumes={str(nodes): {"bind": NODES, "mode": "ro"}},
        )
    except ContainerError as error:
        raise Refused(f"{role}: {error.stderr.decode()}") from None
    return said.decode()
