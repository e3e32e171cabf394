from __future__ import annotations

import pytest

from orchestrator.browser.click import Click


@pytest.fixture
def click() -> Click:
    return Click(run="run-1", node="laptop", cold=True)
