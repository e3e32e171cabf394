"""A gateway forgets all connections that it translates, as one that restarts does."""

from __future__ import annotations

from pyroute2 import NFCTSocket

from orchestrator.errors import FaultError
from orchestrator.faults.fault import Fault, Memo, Options
from orchestrator.faults.on_gateways import gateways, hosts_of
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan
from orchestrator.refusals import why
from orchestrator.runtime.engine.containers import Container
from orchestrator.runtime.network.namespaces import entered


def tracked(container: Container) -> set[int]:
    """The kernel's ids of the connections that a gateway follows."""
    # It opens its socket when first asked, so that must happen inside too.
    with entered(container.namespace), NFCTSocket() as asking:
        return {int(entry.get_attr("CTA_ID")) for entry in asking.dump()}


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    try:
        return {"gateway": target, "tracked": sorted(tracked(scene.running(target)))}
    except OSError as error:
        raise FaultError(f"this kernel does not tell its connections: {why(error)}") from None


def _inject(scene: Scene, memo: Memo) -> None:
    with entered(scene.running(memo["gateway"]).namespace), NFCTSocket() as asking:
        asking.flush()


def _seen(scene: Scene, memo: Memo) -> str:
    left = tracked(scene.running(memo["gateway"])) & set(memo["tracked"])
    return f"{len(left)} connections are still known" if left else ""


def _affects(plan: Plan, target: str) -> str:
    hosts = " and ".join(node.name for node in hosts_of(plan, target))
    return (
        f"connections of {hosts}: what comes for them from outside is dropped, until they send "
        "again; Linux takes up a TCP connection in its middle, with the same port if that is free"
    )


FAULT = Fault(
    name="nat-flush",
    about="A gateway forgets every connection that it translates or lets back in",
    target="gateway",
    targets=gateways,
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=_seen,
    heal=None,
)
