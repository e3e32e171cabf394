"""The group of a lab's timekeepers, in a tree as cgroup v1 and v2 have it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.roles.base import ROUTING, Limits
from orchestrator.runtime.engine.priority import (
    TIMES,
    obstacle,
    parent_of,
    remove_group,
    weigh,
)

V1 = {"CgroupDriver": "cgroupfs", "CgroupVersion": "1", "SecurityOptions": ["name=seccomp"]}
V2 = {"CgroupDriver": "systemd", "CgroupVersion": "2", "SecurityOptions": None}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What there is when a lab `my-lab` runs, once by each driver."""
    for folder, file in (
        ("cpu/clicklab.my-lab", "cpu.shares"),
        ("cpu/docker", "cpu.shares"),
        ("clicklab.my_lab.slice", "cpu.weight"),
        ("docker", "cpu.weight"),
    ):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / file).write_text("100")
    return tmp_path


@pytest.mark.parametrize(
    ("engine", "parent"),
    [
        (V1, "/clicklab.my-lab"),
        (V1 | {"CgroupDriver": "systemd"}, "clicklab.my_lab.slice"),
        (V2, "clicklab.my_lab.slice"),
        (V2 | {"CgroupDriver": "cgroupfs"}, "/clicklab.my-lab"),
    ],
)
def test_routers_have_a_group_at_the_top(engine: dict[str, Any], parent: str, tree: Path) -> None:
    """A dash in a slice's name would put it below another, which weighs as usual."""
    assert parent_of("my-lab", engine, ROUTING, tree) == parent
    assert parent_of("my-lab", engine, Limits(), tree) == ""
    assert parent_of("my-lab", engine, Limits(cpu_shares=512), tree) == ""


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        (V2 | {"SecurityOptions": ["name=seccomp", "name=rootless"]}, "without root"),
        (V1 | {"CgroupDriver": "none"}, "'none'"),
        ({}, "'None'"),
    ],
)
def test_where_it_is_not_allowed_docker_chooses(
    engine: dict[str, Any], reason: str, tree: Path
) -> None:
    assert reason in obstacle(engine, tree)
    assert parent_of("my-lab", engine, ROUTING, tree) == ""


def test_a_tree_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    assert "cannot be written" in obstacle(V1, tmp_path)
    assert not weigh("my-lab", root=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("file", "usual"),
    [("cpu/clicklab.my-lab/cpu.shares", 1024), ("clicklab.my_lab.slice/cpu.weight", 100)],
)
def test_a_group_weighs_as_many_processes(file: str, usual: int, tree: Path) -> None:
    for other in set(tree.rglob("cpu.*")) - {tree / file}:
        other.unlink()
    assert weigh("my-lab", root=tree)
    assert int((tree / file).read_text()) == TIMES * usual


def test_no_group_of_others_is_weighed(tree: Path) -> None:
    weigh("my-lab", root=tree)
    weigh("my", root=tree)
    assert {
        (tree / name).read_text() for name in ("docker/cpu.weight", "cpu/docker/cpu.shares")
    } == {"100"}


def test_a_lab_s_group_goes_and_no_other(tmp_path: Path) -> None:
    for folder in (
        "cpu/clicklab.a",
        "memory/clicklab.a",
        "clicklab.a.b",
        "cpu/clicklab.ab",
        "docker",
    ):
        (tmp_path / folder).mkdir(parents=True)
    remove_group("a", tmp_path)
    remove_group("a", tmp_path)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left == {"cpu", "memory", "clicklab.a.b", "cpu/clicklab.ab", "docker"}


def test_a_group_with_processes_in_it_stays(tmp_path: Path) -> None:
    (tmp_path / "cpu/clicklab.a/0123").mkdir(parents=True)
    remove_group("a", tmp_path, within_s=0)
    assert (tmp_path / "cpu/clicklab.a/0123").is_dir()
