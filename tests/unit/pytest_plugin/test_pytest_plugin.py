"""The plugin as pytest sees it: what it boots, takes down, keeps and says. Nothing really runs."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

# What pytester's runs import it forgets after each; what is here already stays, once for all.
import orchestrator.pytest_plugin.desk
import orchestrator.pytest_plugin.evidence
import orchestrator.pytest_plugin.progress  # noqa: F401
from orchestrator.pytest_plugin.effects import find_twins
from orchestrator.pytest_plugin.verbs import Lab
from orchestrator.runtime.disk.state import LabState
from tests.unit.compile.texts import compiled

pytest_plugins = ["pytester"]

DOCUMENT = Path(__file__).resolve().parents[3] / "docs/testing.md"
# In the place of Docker: writes down what it is asked for, and clicks by making a folder.
EFFECTS = """
    from contextlib import suppress
    from pathlib import Path

    import pytest

    from orchestrator.errors import DeployError
    from orchestrator.records.visit import Paint, Timings, Visit
    from orchestrator.verbs.visit import Run

    JOURNAL = Path(__file__).with_name("journal")

    def note(line):
        with JOURNAL.open("a") as journal:
            print(line, file=journal)

    class Effects:
        def boot(self, plan, within_s, tell):
            if len(plan.nodes) == 3:
                note("fail")
                raise DeployError("edge ended as it started", "lab logs edge")
            note(f"boot {plan.name} {len(plan.nodes)} {within_s:g}")

        def take_down(self, name):
            note(f"down {name}")

        def find_running(self, plan, stem):
            return "mine"

        def visit(self, name, request, captures):
            run = f"{len(list(captures.glob('run*')))}"
            folder = captures / f"run{run}"
            folder.mkdir(parents=True)
            (folder / "visit.json").write_text("")
            with suppress(FileNotFoundError):
                (captures / "latest").unlink()
            (captures / "latest").symlink_to(folder.name)
            visit = Visit(folder.name, request.url, request.client, request.source or "laptop",
                          502, "h2", "198.51.100.1", Timings(), Paint(), (), "http", "", "", False)
            return Run(visit, folder, None, None)

        def symptoms(self, name):
            yield f"session down: a to b, in {name}"

    @pytest.fixture(scope="session")
    def _clicklab_effects():
        return Effects()
"""
SMALL = """
name: small
as: {isp: {asn: 64501, routers: [ber, fra]}}
"""


@pytest.fixture
def folder(pytester: pytest.Pytester) -> pytest.Pytester:
    """A user's folder: a conftest with those effects, and a topology."""
    pytester.makeconftest(EFFECTS)
    pytester.makefile(".yaml", small=SMALL)
    return pytester


def journal(pytester: pytest.Pytester) -> list[str]:
    """What was booted and taken down, without the part of names that differs each time."""
    lines = (pytester.path / "journal").read_text().splitlines()
    return [
        line.replace(name := line.split(" ")[1], name[:-7]) if " " in line else line
        for line in lines
    ]


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "--strict-markers", *options)


# ── which lab ─────────────────────────────────────────────────────────────────


def test_tests_that_want_the_same_share_a_lab(folder: pytest.Pytester) -> None:
    folder.makepyfile(
        test_one="""
            import pytest

            @pytest.mark.topology("small.yaml")
            def test_a(lab):
                assert lab.name.startswith("pytest-small-")

            @pytest.mark.topology("small.yaml")
            def test_b(lab): pass

            @pytest.mark.topology("small.yaml", settings="routing.bfd=true", timeout_s=90)
            def test_c(lab): pass
        """,
        test_two="""
            import pytest

            @pytest.mark.topology("small.yaml")
            def test_d(lab): pass

            def test_e(): pass
        """,
    )
    run(folder).assert_outcomes(passed=5)
    assert journal(folder) == [
        "boot pytest-small 2 60",
        "boot pytest-small 2 90",
        "down pytest-small",
        "down pytest-small",
    ]


def test_a_lab_of_a_module_goes_with_it(folder: pytest.Pytester) -> None:
    text = """
        import pytest
        from conftest import note

        pytestmark = pytest.mark.topology("small.yaml", scope="module")

        def test_a(lab): note("test")
        def test_b(lab): note("test")
    """
    folder.makepyfile(test_one=text, test_two=text)
    run(folder).assert_outcomes(passed=4)
    assert journal(folder) == ["boot pytest-small 2 60", "test", "test", "down pytest-small"] * 2


def test_without_a_mark_it_is_the_command_lines_then_the_ini_files_lab(
    folder: pytest.Pytester,
) -> None:
    folder.makepyfile("def test_a(lab): assert 'ber' in lab.plan.nodes")
    run(folder, "--lab-topology", "small.yaml").assert_outcomes(passed=1)
    folder.makeini("[pytest]\nlab_topology = small.yaml")
    run(folder).assert_outcomes(passed=1)
    run(folder, "--lab-topology", "minimal").assert_outcomes(failed=1)
    assert journal(folder)[-2:] == ["boot pytest-minimal 12 60", "down pytest-minimal"]


def test_a_fixture_of_wider_scope_has_labs(folder: pytest.Pytester) -> None:
    folder.makepyfile("""
        import pytest

        @pytest.fixture(scope="module")
        def page(labs):
            return labs("small.yaml").visit("www.example.com")

        def test_a(page): assert page.run.exists()
        def test_b(page): assert page.run.exists()

        @pytest.mark.topology("small.yaml")
        def test_c(lab): pass
    """)
    run(folder).assert_outcomes(passed=3)
    assert journal(folder) == ["boot pytest-small 2 60", "down pytest-small"]
    assert not (folder.path / "captures").exists()


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ('"smal.yaml"', "did you mean 'small.yaml'?"),
        ('"minmal"', "did you mean 'minimal'?"),
        ('"small.yaml", scope="class"', "there is no scope 'class'"),
        ('"small.yaml", colour="red"', "unexpected keyword argument 'colour'"),
        ("", "missing 1 required positional argument: 'file'"),
        ('"small.yaml", settings="routing.bfdd=true"', "did you mean 'bfd'?"),
        ('"wrong.yaml"', "wrong.yaml:2:1: error: unknown key 'ass'"),
    ],
)
def test_a_wrong_mark_is_an_error_in_words(folder: pytest.Pytester, mark: str, words: str) -> None:
    folder.makefile(".yaml", wrong="name: wrong\nass: {}\n")
    folder.makepyfile(f"""
        import pytest

        @pytest.mark.topology({mark})
        def test_a(lab): pass
    """)
    result = run(folder)
    result.assert_outcomes(errors=1)
    assert words in result.stdout.str()
    assert "Traceback" not in result.stdout.str()
    assert "desk.py" not in result.stdout.str()


# ── booting and taking down ───────────────────────────────────────────────────


def test_what_does_not_boot_is_tried_once_and_told_to_each(folder: pytest.Pytester) -> None:
    folder.makefile(".yaml", broken=SMALL.replace("fra", "fra, muc"))
    folder.makepyfile("""
        import pytest
        pytestmark = pytest.mark.topology("broken.yaml")

        def test_a(lab): pass
        def test_b(lab): pass
    """)
    result = run(folder)
    result.assert_outcomes(errors=2)
    assert result.stdout.str().count("clicklab: edge ended as it started") >= 2
    assert journal(folder) == ["fail"]


def test_a_machine_that_is_not_ready_is_an_error_in_words(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{pytester.path}/none.sock")
    pytester.makepyfile("""
        import pytest

        @pytest.mark.topology("minimal")
        def test_a(lab): pass
    """)
    result = run(pytester)
    result.assert_outcomes(errors=1)
    told = result.stdout.str()
    assert "clicklab: no Docker daemon answers" in told or "which takes root" in told
    assert "hint: " in told
    assert "engine.py" not in told


@pytest.mark.parametrize("ending", ["raise KeyboardInterrupt", "os.kill(os.getpid(), 15)"])
def test_an_interrupted_session_takes_its_labs_down(folder: pytest.Pytester, ending: str) -> None:
    folder.makepyfile(f"""
        import os, pytest, signal

        @pytest.mark.topology("small.yaml")
        def test_a(lab):
            lab.visit("www.example.com")
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
            {ending}
            raise AssertionError("the signal came too late")
    """)
    result = folder.runpytest_inprocess("-p", "no:cacheprovider", no_reraise_ctrlc=True)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert journal(folder) == ["boot pytest-small 2 60", "down pytest-small"]
    assert (folder.path / "captures/run0").exists()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_lab_that_runs_is_reused_and_left_up(folder: pytest.Pytester) -> None:
    folder.makepyfile("""
        import pytest

        @pytest.mark.topology("small.yaml")
        def test_a(lab): assert lab.name == "mine"
    """)
    result = run(folder, "--lab-reuse")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["clicklab: small.yaml: reuses lab mine"])
    assert not (folder.path / "journal").exists()


def test_what_may_be_reused_was_made_from_the_same_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLICKLAB_STATE", str(tmp_path))
    wanted, other = compiled(SMALL), compiled(SMALL.replace("fra", "muc"))
    for name in ("a", "pytest-b", "small", "half"):
        LabState(name).create(replace(wanted, name=name))
        LabState(name).update(ready=name != "half")
    LabState("c").create(replace(other, name="c"))
    LabState("c").update(ready=True)
    assert find_twins(replace(wanted, name="pytest-new"), "small") == ["small", "pytest-b", "a"]


def test_a_lab_can_be_kept(folder: pytest.Pytester) -> None:
    folder.makeini("[pytest]\nlab_topology = small.yaml")
    folder.makepyfile("def test_a(lab): pass")
    result = run(folder, "--lab-keep")
    result.stdout.fnmatch_lines(["clicklab: lab pytest-small-* is left up; remove it: lab down *"])
    assert journal(folder) == ["boot pytest-small 2 60"]


# ── what is kept, and said ────────────────────────────────────────────────────

VISITS = """
    import pytest
    pytestmark = pytest.mark.topology("small.yaml")

    def test_fails(lab):
        assert lab.visit("www.example.com").status == 200

    def test_passes(lab):
        lab.visit("www.example.com/a")
        assert lab.visit("www.example.com/b", source="phone").error == "http"
"""


def test_runs_of_failed_tests_are_kept_and_told(folder: pytest.Pytester) -> None:
    folder.makepyfile(VISITS)
    result = run(folder, "--junitxml=junit.xml", "--show-capture=no")
    result.assert_outcomes(passed=1, failed=1)
    assert sorted(path.name for path in (folder.path / "captures").iterdir()) == ["latest", "run0"]
    assert (folder.path / "captures/latest").readlink() == Path("run0")
    served = "https://www.example.com/ from laptop: 502 over h2 from 198.51.100.1, failed: http"
    result.stdout.fnmatch_lines(
        [
            "E * assert 502 == 200",
            f"*<visit {served}, evidence: captures/run0>*",
            "-* Clicklab -*",
            "lab pytest-small-*, 2 nodes",
            f"visit of {served}",
            "  its journey cannot be told: *run0 is no run: it has no plan.json",
            "  evidence: captures/run0/",
            "now:",
            "  session down: a to b, in pytest-small-*",
        ]
    )
    cases = {
        str(case.get("name")): [
            (prop.get("name"), prop.get("value")) for prop in case.iter("property")
        ]
        for case in ElementTree.parse(folder.path / "junit.xml").iter("testcase")
    }
    captures = folder.path / "captures"
    assert cases == {
        "test_fails": [("clicklab_run", str(captures / "run0"))],
        "test_passes": [("clicklab_run", str(captures / f"run{n}")) for n in (1, 2)],
    }
    assert "session down" in (folder.path / "junit.xml").read_text()


def test_all_runs_can_be_kept_elsewhere(folder: pytest.Pytester) -> None:
    folder.makepyfile(VISITS)
    folder.makeini("[pytest]\nlab_captures = evidence/runs")
    run(folder, "--lab-keep-captures")
    kept = sorted(path.name for path in (folder.path / "evidence/runs").iterdir())
    assert kept == ["latest", "run0", "run1", "run2"]


def test_a_test_that_fails_as_it_ends_keeps_its_run(folder: pytest.Pytester) -> None:
    folder.makepyfile("""
        import pytest

        @pytest.fixture
        def page(lab):
            yield lab.visit("www.example.com")
            raise AssertionError("too late")

        @pytest.mark.topology("small.yaml")
        def test_a(page): pass
    """)
    run(folder).assert_outcomes(passed=1, errors=1)
    assert (folder.path / "captures/run0").exists()


# ── beside tests that have nothing to do with it ──────────────────────────────


def test_without_the_plugin_pytest_runs_as_ever(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_a(): pass")
    run(pytester, "-p", "no:clicklab").assert_outcomes(passed=1)
    assert "--lab-reuse" not in run(pytester, "-p", "no:clicklab", "--help").stdout.str()
    told = run(pytester, "--help").stdout.str()
    assert "--lab-reuse" in told
    run(pytester, "--markers").stdout.fnmatch_lines(["@pytest.mark.topology(file, *"])


def test_nothing_heavy_is_imported_before_a_lab_is_wanted() -> None:
    code = (
        "import sys, orchestrator.pytest_plugin; "
        "print(*sorted({'docker', 'pyroute2', 'pydantic', 'yaml', 'jinja2', 'cryptography'} "
        "& set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# ── the documentation ─────────────────────────────────────────────────────────

BLOCKS = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(), re.M | re.S)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[-1].strip())
def test_what_the_documentation_shows_is_python(block: str) -> None:
    compile(block, str(DOCUMENT), "exec")


def test_the_first_example_is_short() -> None:
    assert len(BLOCKS[0].splitlines()) == 10


def test_every_verb_and_option_is_documented() -> None:
    verbs = {name for name in vars(Lab) if not name.startswith("_")} - {"undo", "symptoms"}
    text = DOCUMENT.read_text()
    assert [verb for verb in sorted(verbs) if f"lab.{verb}(" not in text] == []
    options = {"--lab-topology", "--lab-reuse", "--lab-keep", "--lab-keep-captures"}
    assert [option for option in sorted(options) if f"`{option}" not in text] == []
