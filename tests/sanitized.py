"""A plugin of pytest for `make test-sanitized`: a report of ASan or UBSan fails the test in hand.

Reports are files in a folder of the run's own, because nobody may see the exit code or the error
output of a program that is left running, or killed. A report is written before the program ends by
it. Those of programs that outlive their test are found in the next one, or after the last. What
UBSan finds is reported as an illegal instruction (ILL), with its place (tools/build_sanitized.py).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

REPORTS = Path(tempfile.mkdtemp(prefix="clicklab-sanitized-"))


def pytest_configure() -> None:
    options = [f"log_path={REPORTS}/report", "handle_sigill=1", "detect_stack_use_after_return=1"]
    os.environ["ASAN_OPTIONS"] = ":".join(options)


def watched() -> Generator[None]:
    """Fail if there is a report, whatever else went wrong because of it."""
    try:
        yield
    finally:
        if told := take_reports():
            pytest.fail(told, pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None]:
    yield from watched()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None]:
    yield from watched()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None]:
    yield from watched()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if told := take_reports():
        print(f"\nafter the last test:\n{told}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure() -> None:
    shutil.rmtree(REPORTS)


def take_reports() -> str:
    """What was reported since the last time."""
    files = sorted(REPORTS.iterdir())
    told = "\n".join(file.read_text(errors="replace") for file in files)
    for file in files:
        file.unlink()
    return told
