"""An application starves: the kernel gives it a small share of a processor."""

from __future__ import annotations

from orchestrator.errors import DeployError, FaultError, Mistake
from orchestrator.faults.fault import Fault, Memo, Option, Options
from orchestrator.faults.scene import Scene
from orchestrator.plan.model import Plan
from orchestrator.runtime.engine.client import explaining

# The longest period and the smallest quota that the kernel takes. What an idle server did not use
# of a period is no good later, so that already one request has to wait.
_PERIOD_US = 1_000_000
_LEAST_US = 1_000
_ALL = -1


def read_share(text: str) -> int:
    """A share of one processor as microseconds in each second. Raises Mistake."""
    try:
        quota = round(float(text.removesuffix("%").strip()) / 100 * _PERIOD_US)
    except (ValueError, OverflowError):
        raise Mistake(f"'{text}' is no share of a processor", "write it like cpu=0.5%") from None
    if not text.endswith("%") or not _LEAST_US <= quota <= _PERIOD_US:
        raise Mistake(f"'{text}' is no share of a processor", "from 0.1% to 100%")
    return quota


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    scene.running(target)
    return {"node": target, "quota_us": read_share(options["cpu"])}


def _limit(scene: Scene, node: str, quota_us: int) -> None:
    try:
        with explaining():
            scene.client.api.update_container(
                scene.containers[node].id, cpu_period=_PERIOD_US, cpu_quota=quota_us
            )
    except DeployError as error:
        hint = "it takes a kernel with CONFIG_CFS_BANDWIDTH"
        raise FaultError(f"{node}: no limit of processor time: {error.message}", hint) from error


def _inject(scene: Scene, memo: Memo) -> None:
    _limit(scene, memo["node"], memo["quota_us"])


def _seen(scene: Scene, memo: Memo) -> str:
    details = scene.client.api.inspect_container(scene.running(memo["node"]).id)
    quota = details["HostConfig"]["CpuQuota"]
    return "" if quota == memo["quota_us"] else f"{memo['node']} may use {quota} µs of each second"


def _heal(scene: Scene, memo: Memo) -> None:
    if memo["node"] in scene.containers:
        _limit(scene, memo["node"], _ALL)


def _affects(plan: Plan, target: str) -> str:
    return (
        f"answers of {target}, which take many times as long; the balancer takes it out if it "
        "misses its health checks"
    )


FAULT = Fault(
    name="app-slow",
    about="An application server gets a small share of a processor, and answers late",
    target="app",
    targets=lambda plan: [node.name for node in plan.with_role("app")],
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=_seen,
    heal=_heal,
    options=(Option("cpu", "0.4%", "its share of one processor", read_share),),
)
