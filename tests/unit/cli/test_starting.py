"""What a command waits for before it does anything: the libraries that it imports."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("verb", ["visit", "trace", "report", "compare"])
def test_who_reads_no_topology_does_not_wait_for_the_schema(verb: str) -> None:
    program = f"import sys, orchestrator.cli.{verb}; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_browser_starts_before_what_tells_and_prints_is_imported() -> None:
    late = ["pyroute2", "cryptography", "jinja2", "rich", "orchestrator.analysis"]
    program = f"import sys, orchestrator.cli.visit; sys.exit(any(n in sys.modules for n in {late}))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
