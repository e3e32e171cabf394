"""What a user is told of a mistake: `x.yaml` has one, `x.txt` is what `lab check` then says.

Each text is exact. `pytest tests/errors --update-golden` rewrites them; read the difference
as a user would: right line and column, the mistake named, the nearest right thing offered.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.cli import main

ROOT = Path(__file__).resolve().parents[2]
CASES = sorted(Path(__file__).parent.glob("*.yaml"))


def check(argument: str, monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    """The exit code of `lab check argument`, run in this process from the repository's root."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["lab", "check", argument, *options])
    return main.main()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_mistake_is_explained(
    case: Path,
    update_golden: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = check(str(case.relative_to(ROOT)), monkeypatch)
    told, expected = capsys.readouterr(), case.with_suffix(".txt")
    if update_golden:
        expected.write_text(told.err, encoding="utf-8")
    assert told.err == expected.read_text(encoding="utf-8")
    assert (code, told.out) == (2, "")


def test_every_text_has_its_topology() -> None:
    texts = {text.stem for text in Path(__file__).parent.glob("*.txt")}
    assert texts == {case.stem for case in CASES}


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("tests/errors", "tests/errors:1:1: error: this is a directory; name the file in it\n"),
        (
            "tests/errors/absent.yaml",
            "tests/errors/absent.yaml:1:1: error: there is no such file; "
            "shipped ones are in topologies/\n",
        ),
        (
            "minmal",
            "lab: there is no topology or file 'minmal'\n  hint: did you mean 'minimal'?\n",
        ),
        (
            "/dev/zero",
            "/dev/zero:1:1: error: it holds more than 64 MiB; is it a file of YAML?\n",
        ),
    ],
)
def test_what_is_no_file(
    argument: str,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert check(argument, monkeypatch) == 2
    assert capsys.readouterr().err == told


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\x7fELF\x02\x01\x01\x00", "1:1: error: the file is not text: byte 0x7f at offset 0"),
        (b"name: lab\n\xff\xfe", "2:1: error: the file is not text: byte 0xff at offset 10"),
        ("name: lab".encode("utf-16"), "1:1: error: the file is UTF-16 or UTF-32"),
        (b"\x1f\x8b\x08\x00rest", "1:2: error: the file is not text: byte 0x8b at offset 1"),
    ],
)
def test_a_binary_file(
    data: bytes,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "lab.yaml"
    path.write_bytes(data)
    assert check(str(path), monkeypatch) == 2
    assert capsys.readouterr().err.startswith(f"{path}:{told}; ")


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        (
            "as.isp.asn=15169",
            "--set as.isp.asn=15169:1:1: error: AS 15169 is not reserved for private use or "
            "documentation; use 64496-65534 or 4200000000-4294967294\n",
        ),
        (
            "routing.bdf=true",
            "--set routing.bdf=true:1:1: error: unknown key 'bdf' in 'routing'; "
            "did you mean 'bfd'?\n",
        ),
        (
            "routing.bfd",
            "lab: --set routing.bfd: there is no '='\n"
            "  hint: write it like --set routing.bfd=false\n",
        ),
    ],
)
def test_a_bad_setting(
    setting: str,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "lab.yaml"
    path.write_text("name: lab\nas:\n  isp: {asn: 64501}\n")
    assert check(str(path), monkeypatch, "--set", setting) == 2
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("piece", [b"[", b"{a: ", b"- ", b"[[], "], ids=repr)
def test_ten_megabytes_of_nesting(
    piece: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "deep.yaml"
    path.write_bytes(b"name: lab\nas:\n  " + piece * (10_000_000 // len(piece)))
    assert check(str(path), monkeypatch) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"{path}:3:")
    assert told.endswith("error: nested deeper than 32 levels\n")


def test_the_command_itself() -> None:
    """Once through the installed command: nothing but the list of errors, and exit code 2."""
    lab = Path(sys.executable).with_name("lab")
    case = "tests/errors/unknown-key.yaml"
    done = subprocess.run(
        [lab, "check", case], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == (ROOT / case).with_suffix(".txt").read_text(encoding="utf-8")
    assert done.stdout == ""
