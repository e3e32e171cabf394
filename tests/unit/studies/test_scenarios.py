"""Scenarios that are read from files: what stands for a topology and is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import SpecError
from orchestrator.shipped import shipped_scenarios
from orchestrator.studies.scenarios import load_study


def test_a_topology_whose_name_no_file_can_have_is_a_mistake_with_its_place(
    tmp_path: Path,
) -> None:
    """It was an OSError, out of looking for the file."""
    shipped = next(iter(shipped_scenarios().values())).read_text()
    path = tmp_path / "long.yaml"
    written = [line for line in shipped.splitlines() if not line.startswith("topology:")]
    path.write_text("\n".join([*written, f"topology: {'x' * 5_000}"]))
    with pytest.raises(SpecError) as refused:
        load_study(path)
    assert f"long.yaml:{len(written) + 1}:11: error: there is no topology" in str(refused.value)
    assert len(str(refused.value)) < 1_000
