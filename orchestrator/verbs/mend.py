"""Bringing a lab that drifted back to its plan, part by part, whoever moved it.

First what can be put right where it is: processes, links, files, families. A node that still
differs starts anew: it finds its rendered files, and its ports with the plan's addresses. Who is
likely the cause goes first, since what others lack (routes, above all) may only follow from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from orchestrator.drift import Reality
from orchestrator.errors import FaultError, UsageError
from orchestrator.faults.on_nodes import power_on, restart, unfreeze
from orchestrator.faults.scene import Scene, open_scene
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.engine.client import connect, require_root
from orchestrator.runtime.keeper import revive_wire, start_keeper
from orchestrator.runtime.network.families import lift
from orchestrator.runtime.polling import wait_for
from orchestrator.verbs.causes import Findings, likeliest
from orchestrator.verbs.fault import await_as_before, in_force

# How long what was put right may take to have its effects, OSPF and DHCP included, in seconds.
_SETTLES_WITHIN_S = 15.0
_GRACE_S = 2
# Told of each thing that was done, in a sentence.
Tell = Callable[[str], None]


def mend(lab: str, tell: Tell) -> bool:
    """Bring a lab back to its plan; False if it was as planned. ``tell`` hears what is done.

    Raises UsageError while faults are in force, which are to be healed; FaultError with what is
    still different in the end.
    """
    require_root()
    if in_force(lab):
        raise UsageError("faults are in force", "heal them first: lab heal --all")
    reality = Reality(lab)
    if not reality.differences():
        return False
    _put_right(lab, reality.findings, tell)
    anew: set[str] = set()
    while not wait_for(lambda: not reality.still_different(), _SETTLES_WITHIN_S, every_s=0.1):
        chosen = likeliest(open_scene(connect(), LabState(lab)), reality.findings, anew)
        if not chosen:
            break
        _start_anew(lab, chosen, tell)
        anew |= chosen.keys()
    await_as_before(lab)
    return True


def _put_right(lab: str, findings: Findings, tell: Tell) -> None:
    """Whatever has a remedy that disturbs nobody else."""
    state = LabState(lab)
    for check, found in findings.items():
        remedy = _REMEDIES.get(check)
        if remedy is not None:
            with state.locked():
                remedy(open_scene(connect(), state), list(dict.fromkeys(s for s, _ in found)), tell)


def _mend_helpers(scene: Scene, subjects: Sequence[str], tell: Tell) -> None:
    record = scene.state.record()
    if record.keeper is None or not record.keeper.is_alive():
        scene.state.update(keeper=None)
        start_keeper(scene.state)
        tell("the keeper: started again")
    if record.wire is not None and not record.wire.is_alive():
        revive_wire(scene.client, scene.state, scene.plan)
        tell("wire: started again, with its links")


def _mend_containers(scene: Scene, subjects: Sequence[str], tell: Tell) -> None:
    for node in subjects:
        container = scene.containers.get(node)
        if container is None:
            hint = f"boot it anew: lab up {scene.state.lab} --replace"
            raise FaultError(f"{node} has no container any more", hint)
        if container.paused:
            unfreeze(scene, node)
            tell(f"{node}: goes on")
        elif not container.running:
            power_on(scene, node)
            tell(f"{node}: started")


def _mend_links(scene: Scene, subjects: Sequence[str], tell: Tell) -> None:
    for name in subjects:
        scene.links.remake(name)
        tell(f"link {name}: made anew, as planned")


def _mend_families(scene: Scene, subjects: Sequence[str], tell: Tell) -> None:
    for node in subjects:
        lift(scene.running(node).namespace)
        tell(f"{node}: reaches both families again")


def _mend_files(scene: Scene, subjects: Sequence[str], tell: Tell) -> None:
    """Its files are as rendered then; that its daemons read them, only a start makes sure."""
    for node in subjects:
        planned, folder = scene.rendered(scene.plan.nodes[node]), scene.state.node_folder(node)
        for file, text in planned.items():
            if not (folder / file).is_file() or (folder / file).read_text() != text:
                scene.rewrite(node, file, text)
                tell(f"{node}: /lab/{file} is as planned again")
        _restart(scene, node, tell)


_REMEDIES: dict[str, Callable[[Scene, Sequence[str], Tell], None]] = {
    "helpers": _mend_helpers,
    "containers": _mend_containers,
    "links": _mend_links,
    "families": _mend_families,
    "files": _mend_files,
}


def _start_anew(lab: str, nodes: Mapping[str, str], tell: Tell) -> None:
    state = LabState(lab)
    with state.locked():
        scene = open_scene(connect(), state)
        for node, sentence in nodes.items():
            _restart(scene, node, tell, f" ({sentence})")


def _restart(scene: Scene, node: str, tell: Tell, reason: str = "") -> None:
    restart(scene, node, grace_s=_GRACE_S)
    tell(f"{node}: started anew{reason}")
