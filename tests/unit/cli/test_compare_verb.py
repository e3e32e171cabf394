from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from orchestrator.cli.compare import compare_command, find_run
from orchestrator.errors import UsageError


def test_a_run_is_named_by_path_or_below_captures(tmp_path: Path) -> None:
    (tmp_path / "run-1").mkdir()
    assert find_run(tmp_path, "run-1") == tmp_path / "run-1"
    assert find_run(Path("elsewhere"), f"{tmp_path}/run-1") == tmp_path / "run-1"
    assert find_run(Path("elsewhere"), "no/such") == Path("no/such")


def test_what_is_no_run_is_said_by_name(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    said = CliRunner().invoke(compare_command, ["empty", "empty", "--captures", str(tmp_path)])
    assert isinstance(said.exception, UsageError)
    assert f"{tmp_path}/empty is no run" in said.exception.message
