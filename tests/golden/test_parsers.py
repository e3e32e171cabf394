"""What the golden topologies render is accepted by the servers that will read it.

One container per role: it has the image, user and capabilities its nodes have, and puts the
files of each node in turn where they belong. Docker and the images must be there (`make lab`).
"""

from __future__ import annotations

import shutil
from pathlib import Path

import docker
import pytest

from orchestrator.plan.model import Node, Plan
from orchestrator.render.main import render_node
from orchestrator.roles import ROLES, role_of
from orchestrator.roles.base import LAB
from orchestrator.runtime.disk.pki import Authority, mint_authority, mint_leaf
from orchestrator.runtime.engine.client import connect
from orchestrator.runtime.engine.images import image_tag, images_folder, missing_images
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
_BIRD = f"bird -p -c {LAB}/bird.conf"
# What a server that shares its address has beside its own files.
_SPEAKER = f"if [ -e {LAB}/bird.conf ]; then {_BIRD}; bash -n {LAB}/health; fi"
# dhcpcd has no check of its configuration but by running: "lo" will do, which needs no leases.
# It goes on after what it does not know.
_DHCPCD = f"""
sed 's/^interface /# /' {LAB}/dhcpcd.conf >/tmp/dhcpcd.conf
mkdir -p /run/dhcpcd
! dhcpcd --test --config /tmp/dhcpcd.conf lo 2>&1 | grep 'unknown option'
"""
# stayrtr has no check at all, but says what it made of its file: as many ROAs as there are.
_STAYRTR = f"""
rm -f /tmp/said
mkfifo /tmp/said
stayrtr -cache {LAB}/roas.json -checktime=false -bind 127.0.0.1:8282 -metrics.addr "" 2>/tmp/said &
answer=$(grep -m 1 -E 'Error|New update' /tmp/said)
kill $! || true  # it may have ended with its reader
wait
echo "$answer" | grep "($(grep -c '"prefix"' {LAB}/roas.json) uniques"
"""
# Commands that read a node's files and exit with an error where they are wrong.
PARSERS = {
    "router": _BIRD,
    "access": f"{_BIRD}\nkea-dhcp4 -t {LAB}/kea-dhcp4.conf\nkea-dhcp6 -t {LAB}/kea-dhcp6.conf",
    "routeserver": _BIRD,
    "nameserver": f"named-checkconf -z {LAB}/named.conf\n{_ZONES}\n{_SPEAKER}",
    "resolver": f"rndc-confgen -a -q -A hmac-sha256 -c /run/rndc.key\n"
    f"named-checkconf -z {LAB}/named.conf\n{_SPEAKER}",
    "edge": f"nginx -t -e stderr -c {LAB}/nginx.conf\n{_SPEAKER}",
    "web": f"nginx -t -e stderr -c {LAB}/nginx.conf",
    "balancer": f"haproxy -c -f {LAB}/haproxy.cfg",
    "gateway": f"nft -c -f {LAB}/nftables.conf\ndnsmasq --test -C {LAB}/dnsmasq.conf\n{_DHCPCD}",
    "database": f"""
answer=$(echo "{_RULES}" | postgres --single -D /var/lib/postgresql/17/main \
  -c config_file={LAB}/postgresql.conf shop)
echo "$answer"
! echo "$answer" | grep -q "error = "
""",
    "host": f"for script in start udhcpc.script; do sh -n {LAB}/$script; done",
    "app": f"python3 -m json.tool {LAB}/app.json",
    "rpki": _STAYRTR,
}


BROKEN = '\nbroken "( {\n'


@pytest.fixture(scope="module")
def client() -> docker.DockerClient:
    found = connect()
    missing = missing_images(found, [role.image for role in ROLES.values()], images_folder())
    assert missing == [], "these images are not built as they are now: lab build"
    return found


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
    accepted, nodes = said.count("-- accepted"), len(list((folder / role).iterdir()))
    assert (accepted, said.count("== ")) == (nodes, nodes), said


@pytest.mark.parametrize("role", PARSERS)
def test_the_server_refuses_what_is_broken(
    role: str, client: docker.DockerClient, folder: Path, tmp_path: Path
) -> None:
    """A parser that accepts everything would prove nothing: each file in turn is broken."""
    sources = sorted((folder / role).iterdir())
    source = max(sources, key=lambda node: len(list(node.rglob("*"))))
    for path in (path for path in source.rglob("*") if path.is_file()):
        name = str(path.relative_to(source))
        # What follows a certificate is nobody's concern, and root hints are read at run time.
        if not name.startswith("tls/") and name != "root.hints":
            shutil.copytree(source, tmp_path / name.replace("/", "-"))
            broken = tmp_path / name.replace("/", "-") / name
            broken.write_text(_broken(path), encoding="utf-8")
    said = _parse(client, role, tmp_path)
    assert said.count("== ") == len(list(tmp_path.iterdir())) > 0, said
    assert "-- accepted" not in said, said


def _broken(path: Path) -> str:
    """A file that nobody can read; of JSON stayrtr leaves the rest alone once it has a value."""
    text = path.read_text(encoding="utf-8")
    return BROKEN + text if path.suffix == ".json" else text + BROKEN


def _parse(client: docker.DockerClient, role: str, nodes: Path) -> str:
    """What the parser of a role says of all nodes in a folder, in turn, and what it accepts."""
    script = f"""
cat >/tmp/parse <<'END'
{PARSERS[role]}
END
for node in {NODES}/*; do
  echo "== ${{node##*/}}"
  rm -rf {LAB}/*
  cp -r "$node"/. {LAB}
  if sh -e /tmp/parse; then echo "-- accepted"; fi
done 2>&1
"""
    nodes.chmod(0o755)
    said: bytes = client.containers.run(
        image_tag(ROLES[role].image, images_folder()),
        ["-e", "-c", script],
        entrypoint="sh",
        labels={"clicklab.test": "parsers"},
        remove=True,
        network_mode="none",
        cap_drop=["ALL"],
        cap_add=_capabilities(role),
        # nginx opens its sockets even to test: an address that is not there yet must do.
        sysctls={
            "net.ipv4.ip_nonlocal_bind": "1",
            "net.ipv6.ip_nonlocal_bind": "1",
            "net.ipv4.ip_unprivileged_port_start": "0",
        },
        read_only=ROLES[role].read_only,
        tmpfs={LAB: "mode=1777", "/run": "mode=1777", "/tmp": "mode=1777"},
        volumes={str(nodes): {"bind": NODES, "mode": "ro"}},
    )
    return said.decode()


def _capabilities(role: str) -> list[str]:
    """What nodes of a role have, with a speaker beside them or without."""
    nodes = (node for case in CASES for node in plan_of(case).nodes.values() if node.role == role)
    return sorted({capability for node in nodes for capability in role_of(node).capabilities})
