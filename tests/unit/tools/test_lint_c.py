"""`make lint` on C files that are wrong on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.lint_c import ANALYZE, compile_each, find_circle, lint_program, units_needed

CALLS_B = "void b(void);\nvoid a(void);\nvoid a(void) { b(); }\n"
CALLS_A = "void a(void);\nvoid b(void);\nvoid b(void) { a(); }\n"
ENDS = "void b(void);\nvoid b(void) {}\n"
FREES_TWICE = (
    "#include <stdlib.h>\nvoid f(char *text);\nvoid f(char *text) { free(text); free(text); }"
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        Path(folder, name.replace("_", ".")).write_text(text)


def test_files_that_call_each_other_are_named(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write(here, a_c=CALLS_B, b_c=CALLS_A)
    assert not lint_program("*.c", "program")
    told = capfd.readouterr().err
    assert told.endswith((": a → b → a\n", ": b → a → b\n")), told


def test_a_header_is_a_need_too(here: Path) -> None:
    write(here, a_c=CALLS_B, b_c=ENDS, b_h='#include "a.h"\n', a_h="")
    assert find_circle(units_needed(here.glob("*.[ch]"), [])) == []
    compile_each(here.glob("*.c"), here, ANALYZE)
    assert set(find_circle(units_needed(here.glob("*.[ch]"), here.glob("*.o")))) == {"a", "b"}


def test_one_way_is_fine(here: Path) -> None:
    write(here, a_c=CALLS_B, b_c=ENDS)
    assert lint_program("*.c", "program")


def test_what_the_analyzer_finds_is_refused(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(here, a_c=FREES_TWICE)
    assert not lint_program("*.c", "program")
    assert "-Werror=analyzer-double-free" in capfd.readouterr().err
