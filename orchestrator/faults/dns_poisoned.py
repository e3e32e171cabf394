"""A resolver answers a name with a wrong address, as if its cache had been poisoned.

The name becomes a zone of the resolver's own, which goes before anything it could ask for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address

from orchestrator.errors import Mistake, UsageError
from orchestrator.faults.fault import Fault, Memo, Option, Options
from orchestrator.faults.on_gateways import forget_names
from orchestrator.faults.scene import Scene
from orchestrator.plan.addresses import Address
from orchestrator.plan.model import Node, Plan

CONF, ZONE = "named.conf", "poisoned.zone"
_RNDC = ("rndc", "-k", "/run/rndc.key")
_TTL_S = 60
_NAME = re.compile(r"(?=.{1,253}\.?$)([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{1,63}\.?")
_TYPES = {4: "A", 6: "AAAA"}


def read_name(text: str) -> str:
    """A domain name. Raises Mistake."""
    if text and not _NAME.fullmatch(text.lower()):
        raise Mistake(f"'{text}' is no domain name", "write it like name=www.example.com")
    return text.lower().rstrip(".")


def read_addresses(text: str) -> tuple[Address, ...]:
    """Addresses as written, with commas between them. Raises Mistake."""
    try:
        return tuple(ip_address(written.strip()) for written in text.split(",") if written)
    except ValueError as error:
        raise Mistake(str(error), "write it like address=198.51.100.66") from None


def impostor(plan: Plan, name: str) -> tuple[Address, ...]:
    """Where to send people: a server that speaks TLS, and has no certificate for ``name``.

    Where there is none, an address that nobody has (RFC 5737).
    """
    servers: list[Node] = [
        plan.nodes[request.node] for request in plan.certificates if name not in request.hosts
    ]
    return servers[0].addresses if servers else (ip_address("198.51.100.66"),)


def poisoned_zone(name: str, addresses: Sequence[Address]) -> str:
    """A zone that has nothing but the wrong addresses."""
    rows = [f"@ {_TTL_S} IN {_TYPES[address.version]} {address}" for address in addresses]
    head = (f"$ORIGIN {name}.", f"@ {_TTL_S} IN SOA . . 1 7200 900 1209600 {_TTL_S}")
    return "\n".join([*head, f"@ {_TTL_S} IN NS .", *rows]) + "\n"


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    scene.running(target)
    scene.require_as_planned(target, CONF)
    name = read_name(options["name"]) or next(iter(scene.plan.sites), "")
    if not name:
        raise UsageError("there is no site in this lab", "say which name: name=…")
    addresses = read_addresses(options["address"]) or impostor(scene.plan, name)
    return {"node": target, "name": name, "addresses": [str(address) for address in addresses]}


def _inject(scene: Scene, memo: Memo) -> None:
    node, name = memo["node"], memo["name"]
    addresses = read_addresses(",".join(memo["addresses"]))
    scene.rewrite(node, ZONE, poisoned_zone(name, addresses))
    conf = scene.rendered(scene.plan.nodes[node])[CONF]
    zone = f'\nzone "{name}" {{ type primary; file "/lab/{ZONE}"; }};\n'
    scene.rewrite(node, CONF, conf + zone)
    scene.run(node, *_RNDC, "reconfig")
    forget_names(scene)


def _seen(scene: Scene, memo: Memo) -> str:
    node, name = memo["node"], memo["name"]
    for address in read_addresses(",".join(memo["addresses"])):
        argv = ("dig", "+short", "+time=1", "+tries=1", "@127.0.0.1", name, _TYPES[address.version])
        told = scene.run(node, *argv).split()
        if str(address) not in told:
            return f"{node} answers {name} with {', '.join(told) or 'nothing'}"
    return ""


def _heal(scene: Scene, memo: Memo) -> None:
    node = memo["node"]
    scene.restore(node, CONF)
    scene.remove(node, ZONE)
    if scene.runs(node):
        scene.run(node, *_RNDC, "reconfig")
    forget_names(scene)


def _affects(plan: Plan, target: str) -> str:
    return (
        f"who resolves by {target}: the name (a site, unless chosen) leads to a server that has "
        "no certificate for it, so that HTTPS fails; other names are as ever"
    )


FAULT = Fault(
    name="dns-poisoned",
    about="A resolver answers a name with a wrong address",
    target="resolver",
    targets=lambda plan: [node.name for node in plan.with_role("resolver")],
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=_seen,
    heal=_heal,
    options=(
        Option("name", "", "the name (default: the first site)", read_name),
        Option(
            "address",
            "",
            "what it answers, with commas (default: another site's server)",
            read_addresses,
        ),
    ),
)
