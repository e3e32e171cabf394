"""A server's certificate has expired, because nobody renewed it."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl

from cryptography import x509

from orchestrator.errors import FaultError, Mistake
from orchestrator.faults.fault import Fault, Memo, Option, Options
from orchestrator.faults.scene import Scene
from orchestrator.plan.addresses import Address
from orchestrator.plan.model import CertRequest, Plan
from orchestrator.refusals import why
from orchestrator.runtime.disk.pki import load_key, load_signed, mint_expired_leaf
from orchestrator.runtime.engine.containers import Container
from orchestrator.runtime.engine.inside import conversation
from orchestrator.runtime.network.namespaces import entered
from orchestrator.spec.units import read_duration_s

_PORT, _TIMEOUT_S = 443, 2.0
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_HAPROXY = "/run/haproxy.sock"
_RELOAD_NGINX = ("nginx", "-e", "stderr", "-c", "/lab/nginx.conf", "-s", "reload")


def read_ago(text: str) -> datetime.timedelta:
    """How long ago. Raises Mistake."""
    days, unit, rest = text.partition("d")
    if unit and not rest and days.isdecimal() and 0 < int(days) < 10_000:
        return datetime.timedelta(days=int(days))
    try:
        return datetime.timedelta(seconds=read_duration_s(text))
    except Mistake as mistake:
        raise Mistake(str(mistake), "write it like ago=1d or ago=90min") from None


def _request(plan: Plan, node: str) -> CertRequest:
    return next(request for request in plan.certificates if request.node == node)


def _file(request: CertRequest) -> str:
    return f"tls/{request.name}.pem"


def _read(scene: Scene, node: str, file: str) -> str:
    return (scene.state.node_folder(node) / file).read_text(encoding="utf-8")


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    scene.running(target)
    try:
        scene.state.issuer()
    except FileNotFoundError:
        hint = f"take it down and up again: lab down --name {scene.state.lab}"
        raise FaultError("this lab kept no authority to sign with", hint) from None
    file = _file(_request(scene.plan, target))
    ago = read_ago(options["ago"])
    # The key stays the same; certificates are public.
    return {"node": target, "original": _read(scene, target, file), "ago_s": ago.total_seconds()}


def _inject(scene: Scene, memo: Memo) -> None:
    request = _request(scene.plan, memo["node"])
    issuer = load_signed(*scene.state.issuer())
    key = load_key(_read(scene, request.node, f"{_file(request)}.key"))
    ago = datetime.timedelta(seconds=memo["ago_s"])
    leaf = mint_expired_leaf(issuer, request.hosts, key, ago)
    _serve(scene, request, leaf.pem + issuer.pem)


def _serve(scene: Scene, request: CertRequest, chain: str) -> None:
    """Put a chain where the server finds it, and let it look; fine where it does not run."""
    scene.rewrite(request.node, _file(request), chain)
    if not scene.runs(request.node):
        return
    if scene.plan.nodes[request.node].role == "balancer":
        _commit(scene, request, chain)
    else:
        scene.run(request.node, *_RELOAD_NGINX)


def _commit(scene: Scene, request: CertRequest, chain: str) -> None:
    """HAProxy takes a certificate over its control socket (management guide, 9.3)."""
    file = f"/lab/{_file(request)}"
    pem = chain + _read(scene, request.node, f"{_file(request)}.key")
    said = _ask(scene.running(request.node), f"set ssl cert {file} <<\n{pem}\n")
    said += _ask(scene.running(request.node), f"commit ssl cert {file}\n")
    if "Success!" not in said:
        raise FaultError(f"{request.node} took no other certificate: {said.strip()}")


def _ask(container: Container, command: str) -> str:
    try:
        with conversation(container, _HAPROXY) as control:
            control.say(command)
            return control.hear_out()
    except OSError as error:
        raise FaultError(f"{container.node}: HAProxy does not answer: {why(error)}") from None


def served_certificate(container: Container, address: Address, host: str) -> x509.Certificate:
    """What a server shows who asks for ``host``, good or not. Raises OSError."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with entered(container.namespace):
        plain = socket.socket(_FAMILIES[address.version], socket.SOCK_STREAM)
    with contextlib.closing(plain):
        plain.settimeout(_TIMEOUT_S)
        plain.connect((str(address), _PORT))
        with context.wrap_socket(plain, server_hostname=host) as secure:
            return x509.load_der_x509_certificate(secure.getpeercert(binary_form=True) or b"")


def _seen(scene: Scene, memo: Memo) -> str:
    request = _request(scene.plan, memo["node"])
    address = scene.plan.nodes[request.node].served[0]
    try:
        shown = served_certificate(scene.running(request.node), address, request.hosts[0])
    except OSError as error:
        return f"{request.node}: {why(error)}"
    is_over = shown.not_valid_after_utc < datetime.datetime.now(datetime.UTC)
    return "" if is_over else f"{request.node} still shows the good certificate"


def _heal(scene: Scene, memo: Memo) -> None:
    _serve(scene, _request(scene.plan, memo["node"]), memo["original"])


def _affects(plan: Plan, target: str) -> str:
    hosts = ", ".join(_request(plan, target).hosts)
    return (
        f"new connections to {hosts} that {target} answers: clients refuse them; one that is "
        "open already goes on"
    )


FAULT = Fault(
    name="certificate-expired",
    about="A server shows a certificate that has expired",
    target="server",
    targets=lambda plan: list(dict.fromkeys(request.node for request in plan.certificates)),
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=_seen,
    heal=_heal,
    options=(Option("ago", "1d", "how long ago it ended", read_ago),),
)
