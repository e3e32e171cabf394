"""What pip installs: the wheel's tag, files and metadata; and what is said without an extra."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import HostError

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
PROGRAMS = ("capture/capmux", "runtime/wire/wire", "faults/skewed_clock.so")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built by the backend itself, which needs no network as it is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(argv, cwd=REPOSITORY, check=True, capture_output=True)
    (path,) = folder.iterdir()
    return zipfile.ZipFile(path)


def metadata(wheel: zipfile.ZipFile, file: str) -> Message:
    (name,) = (name for name in wheel.namelist() if name.endswith(f".dist-info/{file}"))
    return message_from_bytes(wheel.read(name))


def test_any_python_3_takes_the_wheel(wheel: zipfile.ZipFile) -> None:
    tag = metadata(wheel, "WHEEL")["Tag"]
    assert re.fullmatch(r"py3-none-linux_\w+", tag)
    assert Path(str(wheel.filename)).name == f"clicklab-{PROJECT['version']}-{tag}.whl"


def test_everything_that_runs_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    shipped = {
        f"orchestrator/_{folder}/{path.relative_to(REPOSITORY / folder)}"
        for folder in ("images", "topologies")
        for path in (REPOSITORY / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    modules = {
        str(path.relative_to(REPOSITORY)) for path in REPOSITORY.glob("orchestrator/**/*.py")
    }
    wanted = {"orchestrator/py.typed", *(f"orchestrator/{name}" for name in PROGRAMS)}
    assert shipped | modules | wanted <= set(wheel.namelist())


def test_programs_may_be_executed(wheel: zipfile.ZipFile) -> None:
    for program in PROGRAMS[:2]:
        mode = wheel.getinfo(f"orchestrator/{program}").external_attr >> 16
        assert mode & 0o111 == 0o111


def test_tests_stay_out_of_the_wheel(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"orchestrator", f"clicklab-{PROJECT['version']}.dist-info"}


def test_what_a_plain_install_brings(wheel: zipfile.ZipFile) -> None:
    told = metadata(wheel, "METADATA")
    plain = {need for need in told.get_all("Requires-Dist", ()) if "extra ==" not in need}
    assert not {need for need in plain if re.match("pytest|mininet|setuptools", need)}
    assert set(told.get_all("Provides-Extra", ())) == {"dev", "mininet", "pytest"}
    versions = {text.rpartition(" :: ")[2] for text in told.get_all("Classifier", ())}
    assert versions >= {"3.11", "3.12", "3.13", "Typed"}


def test_the_lock_pins_all_that_is_asked_for() -> None:
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    pinned = {normal(line.split("==")[0]) for line in lines if "==" in line}
    build = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["build-system"]["requires"]
    extras = [need for needs in PROJECT["optional-dependencies"].values() for need in needs]
    asked = {normal(need) for need in [*build, *PROJECT["dependencies"], *extras]}
    assert asked - {PROJECT["name"]} <= pinned


def normal(requirement: str) -> str:
    """The name in a requirement, as PEP 503 writes it."""
    name = re.match(r"[\w.-]+", requirement)
    assert name is not None
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def test_the_citation_names_this_version() -> None:
    citation = (REPOSITORY / "CITATION.cff").read_text()
    assert f"\nversion: {PROJECT['version']}\n" in citation
    assert f"\nlicense: {PROJECT['license']}\n" in citation


# ── without the extras ────────────────────────────────────────────────────────


def run(code: str, *argv: str) -> subprocess.CompletedProcess[str]:
    """A Python of its own that runs `code`."""
    command = [sys.executable, "-c", code, *argv]
    return subprocess.run(command, capture_output=True, text=True, check=False)


WITHOUT_MININET = "import sys; sys.modules['mininet'] = None; "


def test_the_console_without_mininet_says_how_to_get_it() -> None:
    code = "sys.argv[1:] = ['console']; from orchestrator.cli.entry import run; run()"
    done = run(WITHOUT_MININET + code)
    assert done.returncode == HostError.exit_code
    assert done.stderr.startswith("lab: mininet cannot be imported: ")
    assert done.stderr.endswith(f"\n  hint: {sys.executable} -m pip install 'clicklab[mininet]'\n")


def test_a_script_without_mininet_may_catch_an_import_error() -> None:
    code = "\ntry: import orchestrator.mininet\nexcept ImportError as error: print(error.hint)"
    done = run(WITHOUT_MININET + code)
    assert "clicklab[mininet]" in done.stdout


def test_the_plugin_without_pytest_says_how_to_get_it() -> None:
    done = run("import sys; sys.modules['pytest'] = None; import orchestrator.pytest_plugin")
    assert "pip install 'clicklab[pytest]'" in done.stderr


def test_a_pytest_without_mininet_is_not_disturbed_by_the_plugin(tmp_path: Path) -> None:
    test = tmp_path / "test_mine.py"
    test.write_text("def test_mine(pytestconfig): assert pytestconfig.getini('lab_topology')")
    code = "import pytest; sys.exit(pytest.main(['-q', '--rootdir', *sys.argv[1:]]))"
    done = run(WITHOUT_MININET + code, str(tmp_path), str(test))
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_the_package_runs_as_the_command() -> None:
    argv = [sys.executable, "-m", "orchestrator", "--version"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout == f"lab, version {PROJECT['version']}\n"
