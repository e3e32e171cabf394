"""Run folders that were made to do harm: nothing outside is read, written or given away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestrator.cli.report import report_command
from orchestrator.verbs.report import analyse, render, write_capture
from tests.fuzz.recorded import write

WRITTEN = ("journey.html", "journey.md", "journey.json")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run, beside a folder of somebody else's."""
    write(tmp_path / "run", {})
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "precious").write_text("precious")
    return tmp_path / "run"


def test_what_is_written_replaces_links_and_leaves_where_they_lead(run: Path) -> None:
    outside = run.parent / "outside"
    for name in WRITTEN[1:]:
        (run / name).symlink_to(outside / "precious")
    (run / WRITTEN[0]).symlink_to(outside)
    assert CliRunner().invoke(report_command, [str(run)]).exit_code == 0
    assert [(path.name, path.read_text()) for path in outside.iterdir()] == [
        ("precious", "precious")
    ]
    assert [(run / name).is_file() and not (run / name).is_symlink() for name in WRITTEN] == [
        True
    ] * 3


def test_where_a_folder_has_the_name_of_a_report_the_run_is_told_all_the_same(run: Path) -> None:
    (run / "journey.html").mkdir()
    ended = CliRunner().invoke(report_command, [str(run)])
    assert ended.exit_code == 0
    assert "journey.html is a folder, not a file" in ended.output.replace("\n", " ")


def test_nothing_of_what_links_lead_to_is_told(run: Path) -> None:
    secret = run.parent / "outside" / "secret.png"
    secret.write_bytes(b"\x89PNG secret")
    for name in ("screenshot.png", "filmstrip/00000.jpg"):
        (run / name).unlink(missing_ok=True)
        (run / name).symlink_to(secret)
    (run / "logs" / "edge.log").unlink()
    (run / "logs" / "edge.log").symlink_to("/etc/passwd")
    journey, evidence = analyse(run)
    assert "logs/edge.log is a link, not a file" in " ".join(journey.warnings)
    page = render(run, journey, evidence)["journey.html"]
    assert "root:x:0" not in page
    assert secret.read_bytes().hex() not in page


def test_a_fifo_is_not_waited_for_and_a_device_not_opened(run: Path) -> None:
    for name in ("netlog.json", "keys.log", "screenshot.png", "logs/edge.log"):
        (run / name).unlink()
        os.mkfifo(run / name)
    (run / "visit.har").unlink()
    (run / "visit.har").symlink_to("/dev/zero")
    journey, evidence = analyse(run)
    told = " ".join(journey.warnings)
    for name in ("netlog.json is a FIFO", "keys.log is a FIFO", "visit.har is a link"):
        assert name in told
    render(run, journey, evidence)
    write_capture(run, journey, evidence)
