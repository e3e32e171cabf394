"""What the plugin does to this machine. The plugin's own tests put something else in its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from orchestrator.drift import differences
from orchestrator.errors import DeployError, LabError
from orchestrator.looking_glass.running import open_lab
from orchestrator.plan.model import Plan
from orchestrator.roles import ROLES
from orchestrator.runtime.disk.labs import known_labs, state_root
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import connect, require_root
from orchestrator.runtime.engine.images import build_images, images_folder, missing_images
from orchestrator.runtime.shield import shielded
from orchestrator.verbs.bgp import Summary, summarise
from orchestrator.verbs.down import down
from orchestrator.verbs.fault import in_force
from orchestrator.verbs.up import Stages, up
from orchestrator.verbs.visit import Request, Run, visit

# Told in a line what goes on, and whether only those who ask for more want to know.
Tell = Callable[[str, bool], None]
_TOLD_OF_EACH = 8


class Effects:
    """Boots labs, looks at them, clicks in them, and takes them down."""

    def boot(self, plan: Plan, within_s: float, tell: Tell) -> None:
        """Build the images that are missing, and boot. Raises HostError and DeployError."""
        require_root()
        _build_missing(plan, tell)
        try:
            up(plan, _stages(tell), within_s)
        except BaseException:
            _forget(plan.name)
            raise

    def take_down(self, name: str) -> None:
        """Remove a lab, and be not interrupted at it."""
        with shielded():
            down(name)
            _forget(name)

    def find_running(self, plan: Plan, stem: str) -> str:
        """A lab that was made from the same plan, "" if there is none; see `find_twins`.

        Raises DeployError where it is not well.
        """
        require_root()
        name = next(iter(find_twins(plan, stem)), "")
        ill = list(_symptoms(name)) if name else []
        if ill:
            listed = "\n".join(f"  {line}" for line in ill)
            message = f"lab '{name}' is up, but cannot be reused:\n{listed}"
            raise DeployError(message, f"lab heal --all --name {name}, or leave --lab-reuse out")
        return name

    def visit(self, name: str, request: Request, captures: Path) -> Run:
        """Make a visit in the lab, as `orchestrator.verbs.visit.visit` does."""
        return visit(name, request, captures)

    def symptoms(self, name: str) -> Iterator[str]:
        """What is not as it should be in a lab, a line each, as it is found."""
        return _symptoms(name)


def _forget(name: str) -> None:
    """Remove the lock of a lab whose name will never come again."""
    (state_root() / f"{name}.lock").unlink(missing_ok=True)


def _build_missing(plan: Plan, tell: Tell) -> None:
    """Whoever has only installed the package has no images yet, and no `make` that builds them."""
    client, folder = connect(), images_folder()
    kinds = sorted({ROLES[node.role].image for node in plan.nodes.values()})
    if not missing_images(client, kinds, folder):
        return
    tell("images are missing; they are built once, which takes minutes", False)

    def progress(kind: str, state: str, seconds: float) -> None:
        if state == "built":
            tell(f"{seconds:6.1f} s  image {kind}", False)

    build_images(client, folder, progress)


def _stages(tell: Tell) -> Stages:
    return Stages(
        begin=lambda name: None,
        end=lambda name, seconds: tell(f"{seconds:6.2f} s  {name}", True),
        pending=lambda reasons: None,
    )


def find_twins(plan: Plan, stem: str) -> list[str]:
    """The labs that were made from the same plan under whatever name: first the one that is
    called like its file, then those that this plugin booted."""
    twins = [name for name in known_labs() if _is_of(name, plan)]
    return sorted(twins, key=lambda name: (name != stem, not name.startswith("pytest-"), name))


def _is_of(name: str, plan: Plan) -> bool:
    state = LabState(name)
    try:
        found = state.plan()
    except LabError:
        return False
    return state.record().ready and dataclasses.replace(found, name=plan.name) == plan


def _symptoms(name: str) -> Iterator[str]:
    for entry in in_force(name):
        yield f"fault in force: {entry}"
    yield from _some([f"session down: {line}" for line in sessions_down(name)])
    yield from _some(differences(name))


def _some(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:_TOLD_OF_EACH]
    if len(lines) > _TOLD_OF_EACH:
        yield f"… and {len(lines) - _TOLD_OF_EACH} more like this"


def sessions_down(name: str, *nodes: str) -> list[str]:
    """The sessions of some nodes, or of all, that are not up, in words. Raises UsageError."""
    lab = open_lab(name)
    return [line for node in nodes or ("",) for line in _down(summarise(lab, node))]


def _down(summary: Summary) -> Iterator[str]:
    for bgp in summary.bgp:
        if not bgp.is_well:
            error = f" ({bgp.session.error})" if bgp.session.error else ""
            bfd = f", BFD {bgp.bfd}" if bgp.bfd else ""
            state = f"{bgp.session.state}{error}{bfd}"
            yield f"{bgp.node} to {bgp.neighbour}, BGP over IPv{bgp.family}: {state}"
    for rtr in summary.rtr:
        if not rtr.session.is_up:
            yield f"{rtr.node} to {rtr.cache}, RTR: {rtr.session.state}"
    for ospf in summary.ospf:
        if not ospf.is_up:
            yield f"{ospf.node} to {ospf.neighbour}, OSPF for IPv{ospf.family}: {ospf.state}"
