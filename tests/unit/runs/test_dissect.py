from __future__ import annotations

import subprocess

import pytest

from orchestrator.analysis.packets.frames import TCP, Frame
from orchestrator.analysis.steps import TELLERS, fields
from orchestrator.runs.dissect import strangers
from tests.unit.analysis.builders import Recording


def seen(node: str, *identities: int) -> list[Frame]:
    run = Recording()
    return [run.saw(node, place, identity=i, protocol=TCP) for place, i in enumerate(identities)]


def test_nodes_that_saw_the_same_packet_are_read_apart() -> None:
    frames = {
        "laptop": seen("laptop", 1, 2, 3),
        "edge": seen("edge", 2, 4),
        "shop-db": seen("shop-db", 5),
    }
    assert strangers(frames) == [["laptop", "shop-db"], ["edge"]]


def test_frames_without_identity_keep_nobody_apart() -> None:
    frames = {"laptop": seen("laptop", 0), "edge": seen("edge", 0)}
    assert strangers(frames) == [["laptop", "edge"]]


@pytest.fixture(scope="module")
def known_fields() -> set[str]:
    told = subprocess.run(["tshark", "-G", "fields"], capture_output=True, text=True, check=True)
    rows = (line.split("\t") for line in told.stdout.splitlines())
    return {row[2] for row in rows if row[0] in ("F", "P")}


def test_tshark_knows_every_field_that_is_asked_for(known_fields: set[str]) -> None:
    """One that it does not know makes it refuse them all."""
    assert set(fields()) <= known_fields


def test_every_kind_of_step_is_told_by_one_teller() -> None:
    kinds = [teller.kind for teller in TELLERS]
    assert len(kinds) == len(set(kinds))
