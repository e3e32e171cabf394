"""What stands beside the nodes' files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.capture.folder import annotate, new_folder, write_counts, write_journey
from orchestrator.capture.mux import CaptureSummary, NodeSummary
from orchestrator.errors import HostError, UsageError
from orchestrator.records.pcapng import (
    DECRYPTION_SECRETS,
    NAME_RESOLUTION,
    read_blocks,
    read_packets,
)
from tests.unit.analysis.builders import minimal_plan
from tests.unit.capture.texts import interface, packet, section

FILE = section() + interface("a:x") + packet(0, 5, b"frame")


def test_a_folder_that_did_not_exist_is_gone_again_if_nothing_comes_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "captures/one"

    def interrupted() -> None:
        (folder / "a.pcapng").write_bytes(FILE)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), new_folder(folder):
        interrupted()
    assert list(tmp_path.iterdir()) == []
    with new_folder(folder):
        (folder / "a.pcapng").write_bytes(FILE)
    assert (folder / "a.pcapng").exists()


def test_a_folder_that_was_there_stays_and_must_be_empty(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path):
        raise KeyboardInterrupt
    (tmp_path / "notes").write_text("")
    with pytest.raises(UsageError, match="is not empty"), new_folder(tmp_path):
        pass
    with pytest.raises(HostError, match="Not a directory"), new_folder(tmp_path / "notes/below"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]


def counts(folder: Path) -> Any:
    return json.loads((folder / "capture.json").read_text())


def test_the_journey_is_made_of_the_nodes_files_alone(tmp_path: Path) -> None:
    (tmp_path / "a.pcapng").write_bytes(FILE)
    for _ in range(2):  # the second time there is a journey already
        assert write_journey(tmp_path, minimal_plan()) == ""
        assert len(list(read_packets((tmp_path / "journey.pcapng").read_bytes()))) == 1


def test_why_there_is_no_journey_is_said(tmp_path: Path) -> None:
    plan = minimal_plan()
    assert write_journey(tmp_path, plan) == "there are no packets"
    (tmp_path / "a.pcapng").write_bytes(FILE)
    assert "mergecap -w" in write_journey(tmp_path, plan, at_most_bytes=len(FILE) - 1)
    (tmp_path / "b.pcapng").write_bytes(b"nonsense")
    assert "b.pcapng: not a pcapng file" in write_journey(tmp_path, plan)
    assert not (tmp_path / "journey.pcapng").exists()


def test_names_and_secrets_are_put_into_all_that_is_a_capture(tmp_path: Path) -> None:
    (tmp_path / "a.pcapng").write_bytes(FILE)
    assert write_journey(tmp_path, minimal_plan()) == ""
    (tmp_path / "b.pcapng").write_bytes(b"nonsense")
    annotate(tmp_path, minimal_plan(), b"CLIENT_RANDOM 00 11\n")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["a.pcapng", "b.pcapng", "journey.pcapng"]
    assert (tmp_path / "b.pcapng").read_bytes() == b"nonsense"
    for file, secrets in (("a.pcapng", 1), ("journey.pcapng", 0)):
        blocks = list(read_blocks((tmp_path / file).read_bytes()))
        [named] = [block for block in blocks if block.type == NAME_RESOLUTION]
        assert b"laptop\0" in named.body
        assert [block.type for block in blocks].count(DECRYPTION_SECRETS) == secrets


def test_counts_are_written_or_why_there_are_none(tmp_path: Path) -> None:
    summary = CaptureSummary(3, 1, {"a": NodeSummary(3, 1)})
    write_counts(tmp_path, summary, {"filter": "tcp"})
    assert counts(tmp_path) == {
        "packets": 3,
        "drops": 1,
        "discarded": 0,
        "per_node": {"a": {"packets": 3, "drops": 1, "discarded": 0}},
        "filter": "tcp",
    }
    write_counts(tmp_path, "it was killed")
    assert counts(tmp_path) == {"packets": None, "drops": None, "error": "it was killed"}
