"""What a command waits for before it does anything: the libraries that it imports."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("verb", ["visit", "trace", "report", "compare"])
def test_who_reads_no_topology_does_not_wait_for_the_schema(verb: str) -> None:
    program = f"import sys, orchestrator.cli.{verb}; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
