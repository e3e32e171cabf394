"""`make test-sanitized` on programs that are wrong on purpose, in a test that would not notice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.build_sanitized import SANITIZE

REPOSITORY = Path(__file__).resolve().parents[3]
SOURCE = """
#include <stdlib.h>
int main(int count, char **arguments)
{
    char *volatile memory = calloc(8, 1);
    (void)arguments, (void)memory;
    %s
    return 0;
}
"""
TEST = """
import subprocess
def test_it(): subprocess.run([%r])
def test_another(): pass
"""


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("return memory[count + 7];", "heap-buffer-overflow"),
        ("free(memory); return 1 << (count + 31);", "ILL"),
        ("memory = NULL; return count - 1;", "LeakSanitizer"),
    ],
    ids=["overflow", "shift", "leak"],
)
def test_the_test_in_hand_fails(tmp_path: Path, wrong: str, told: str) -> None:
    source, program, test = (tmp_path / name for name in ("wrong.c", "wrong", "test_wrong.py"))
    source.write_text(SOURCE % wrong)
    subprocess.run([*SANITIZE, "-o", str(program), str(source)], check=True)
    test.write_text(TEST % str(program))
    argv = [sys.executable, "-m", "pytest", "-p", "tests.sanitized", "--noconftest", str(test)]
    done = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert told in done.stdout
