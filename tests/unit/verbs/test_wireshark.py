"""Which file is opened, with what profile, and what stands in the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestrator.cli.wireshark import wireshark_command
from orchestrator.errors import HostError, UsageError
from orchestrator.plan.codec import to_plain
from orchestrator.verbs.wireshark import find_capture, prepare, start
from tests.unit.analysis.builders import minimal_plan

# What is asked of tshark, without its start of a fifth of a second; tests/e2e has the real one.
TSHARK = """#!/bin/sh
case "$*" in
    "-G folders") printf 'Temp:\\t/tmp\\nPersonal configuration:\\t%s\\n' "$WIRESHARK_CONFIG_DIR" ;;
    "-G defaultprefs") echo "#protocols.conversation_deinterlacing_key: NONE" ;;
esac
"""


def install(folder: Path, program: str, text: str = "#!/bin/sh\n") -> None:
    folder.mkdir(exist_ok=True)
    (folder / program).write_text(text)
    (folder / program).chmod(0o755)


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Wireshark's personal folder; the only program there is beside it is tshark."""
    install(tmp_path / "bin", "tshark", TSHARK)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("WIRESHARK_CONFIG_DIR", str(tmp_path / "settings"))
    monkeypatch.delenv("SUDO_UID", raising=False)
    return tmp_path / "settings"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "captures/run"
    folder.mkdir(parents=True)
    for name in ("journey", "laptop", "edge"):
        (folder / f"{name}.pcapng").write_bytes(b"")
    (folder / "plan.json").write_text(json.dumps(to_plain(minimal_plan())))
    return folder


def test_a_run_is_its_journey_and_a_node_its_own_file(run: Path) -> None:
    assert find_capture(run) == run / "journey.pcapng"
    assert find_capture(run, "edge") == run / "edge.pcapng"


@pytest.mark.parametrize("node", ["lptop", "../run/laptop", "/etc/passwd"])
def test_what_is_not_there_is_told_with_what_is(run: Path, node: str) -> None:
    with pytest.raises(UsageError, match="there is no file of a node") as refused:
        find_capture(run, node)
    assert "laptop" in refused.value.hint


def test_without_a_journey_there_are_the_nodes(run: Path) -> None:
    (run / "journey.pcapng").unlink()
    with pytest.raises(UsageError, match=r"has no journey\.pcapng") as refused:
        find_capture(run)
    assert refused.value.hint == f"open one node's: lab wireshark {run} --node edge"


def test_of_a_study_a_trial_is_wanted_whose_plan_is_above_it(run: Path, settings: Path) -> None:
    trial = run / "trial-1"
    trial.mkdir()
    for file in run.glob("*.pcapng"):
        file.rename(trial / file.name)
    with pytest.raises(UsageError, match="has no captures") as refused:
        find_capture(run)
    assert refused.value.hint == f"a study has them by trial: {trial}"
    assert "laptop:eth0" in (prepare(find_capture(trial, "laptop")).profile / "ethers").read_text()


def test_an_empty_folder_says_what_makes_runs(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no captures") as refused:
        find_capture(tmp_path)
    assert "lab visit" in refused.value.hint


def test_the_profile_is_made_anew_but_for_the_widths_of_columns(run: Path, settings: Path) -> None:
    profile = prepare(run / "journey.pcapng").profile
    assert profile == settings / "profiles/Clicklab"
    assert "cloud (AS 64502)" in (profile / "colorfilters").read_text()
    for name in ("colorfilters", "recent"):
        (profile / name).write_text("mine")
    prepare(run / "journey.pcapng")
    assert "cloud (AS 64502)" in (profile / "colorfilters").read_text()
    assert (profile / "recent").read_text() == "mine"


def test_one_that_cannot_deinterlace_is_noted_but_for_a_nodes_own_file(
    run: Path, tmp_path: Path
) -> None:
    def is_noted(*options: str) -> bool:
        said = CliRunner().invoke(wireshark_command, [str(run), "--print", *options])
        return "note: this Wireshark takes" in said.output

    assert not is_noted()
    install(tmp_path / "bin", "tshark", TSHARK.replace("deinterlacing", "nothing"))
    assert is_noted()
    assert not is_noted("--node", "edge")


def test_a_profile_that_cannot_be_written_is_told(run: Path, settings: Path) -> None:
    settings.write_text("")
    with pytest.raises(HostError, match=r"cannot write .*profiles/Clicklab"):
        prepare(run / "journey.pcapng")


def test_without_tshark_it_says_what_installs_it(run: Path, tmp_path: Path) -> None:
    (tmp_path / "bin/tshark").unlink()
    with pytest.raises(HostError, match="tshark is not there"):
        prepare(run / "journey.pcapng")


def test_nothing_starts_without_wireshark_or_a_display(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = prepare(run / "journey.pcapng")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(HostError, match="Wireshark is not installed") as refused:
        start(opening)
    assert str(opening.profile) in refused.value.hint
    install(tmp_path / "bin", "wireshark")
    with pytest.raises(HostError, match="there is no display"):
        start(opening)


def test_the_command_can_be_printed_alone(run: Path) -> None:
    said = CliRunner().invoke(wireshark_command, ["run", "--print", "--captures", str(run.parent)])
    assert said.exit_code == 0
    assert said.stdout == f"wireshark -C Clicklab {run}/journey.pcapng\n"


def test_a_path_is_printed_so_that_a_shell_takes_it(run: Path) -> None:
    spaced = run.rename(run.with_name("my run"))
    said = CliRunner().invoke(wireshark_command, [str(spaced), "--print", "--node", "edge"])
    assert said.stdout == f"wireshark -C Clicklab '{spaced}/edge.pcapng'\n"
