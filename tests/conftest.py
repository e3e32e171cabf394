"""Options that every tier shares."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from tests.lanes import lane_of


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what the code says now as what is expected; judge the difference yourself",
    )


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether expected files are to be rewritten."""
    return bool(request.config.getoption("--update-golden"))


def pytest_collection_finish() -> None:
    """Five thousand tests are no garbage: not to be looked through every 700 objects."""
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """A lane's tests go to one process, in their order; all others wherever there is time."""
    from xdist.scheduler import LoadScopeScheduling

    class Lanes(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return lane_of(nodeid.partition("::")[0]) or nodeid

    return Lanes(config, log)
