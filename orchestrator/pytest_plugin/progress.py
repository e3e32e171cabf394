"""Saying what goes on while pytest captures output and has begun a line of its own."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.pytest_plugin.effects import Tell
from orchestrator.visible import visible


def teller(config: pytest.Config) -> Tell:
    """Lines on the terminal between pytest's own; details with -v, nothing with -q."""
    manager = config.pluginmanager
    reporter: Any = manager.get_plugin("terminalreporter")
    capture: Any = manager.get_plugin("capturemanager")

    def write(line: str) -> None:
        reporter.ensure_newline()
        # After the first dots it does not know of a line that was begun.
        if config.get_terminal_writer().width_of_current_line:
            config.get_terminal_writer().line()
        reporter.write_line(f"clicklab: {visible(line)}")

    def tell(line: str, is_detail: bool) -> None:
        if reporter is None or config.get_verbosity() < is_detail:
            return
        if capture is None:
            write(line)
            return
        with capture.global_and_fixture_disabled():
            write(line)

    return tell
