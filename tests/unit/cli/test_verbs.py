"""What every verb has in common: a summary that fits a terminal, and `--name` anywhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import click
import pytest

from orchestrator.cli.groups import takes_lab
from orchestrator.cli.main import lab, main


class Verb(NamedTuple):
    """A verb, and the words that call it."""

    words: tuple[str, ...]
    command: click.Command

    def __str__(self) -> str:
        return " ".join(self.words)


def verbs(group: click.Group = lab, words: tuple[str, ...] = ()) -> Iterator[Verb]:
    """All verbs with those below them; what is hidden is called without its own word."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        here = words if command.hidden else (*words, name)
        yield Verb(here, command)
        if isinstance(command, click.Group):
            yield from verbs(command, here)


ALL = list(verbs())
GROUPS = [Verb((), lab), *(verb for verb in ALL if isinstance(verb.command, click.Group))]
LEAVES = [verb for verb in ALL if not isinstance(verb.command, click.Group)]
OF_A_LAB = [verb for verb in LEAVES if takes_lab(verb.command)]
OF_NONE = [verb for verb in LEAVES if not takes_lab(verb.command)]


@pytest.mark.parametrize("group", GROUPS, ids=str)
def test_summaries_end_before_the_terminal_does(group: Verb) -> None:
    context = click.Context(group.command, info_name="lab", terminal_width=80)
    told = group.command.get_help(context)
    listed = told.partition("Commands:")[2]
    assert listed
    assert "..." not in listed
    assert max(map(len, listed.split("\n"))) < 80


def test_the_verbs_that_are_about_no_lab() -> None:
    none = ["build", "check", "compare", "doctor", "plan", "report", "schema", "trace"]
    none.append("wireshark")
    of_study = [f"study {word}" for word in ("check", "compare", "list", "report")]
    assert sorted(map(str, OF_NONE)) == sorted([*none, *of_study])


def arguments(command: click.Command) -> list[str]:
    """Words that a verb wants, and no more; a number is a word as well."""
    wanted = (each for each in command.params if isinstance(each, click.Argument))
    return ["3" for each in wanted if each.required]


def name_given(verb: Verb, words: list[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The lab that a verb is told to take, on this command line."""
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(verb.command, "callback", lambda **given: seen.append(given))
    lab.main(words, standalone_mode=False)
    assert len(seen) == 1
    return str(seen[0]["name"])


def command_lines(verb: Verb) -> Iterator[list[str]]:
    """`--name it` before and after every word of a verb's own; `exec` has a command after it."""
    own = [*verb.words, *arguments(verb.command)]
    last = len(own) - (str(verb) == "exec")
    for place in range(last + 1):
        yield [*own[:place], "--name", "it", *own[place:]]
        yield [*own[:place], "--name=it", *own[place:]]


@pytest.mark.parametrize("verb", OF_A_LAB, ids=str)
def test_a_lab_is_named_anywhere(verb: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = list(command_lines(verb))
    assert len(lines) >= 4
    for line in lines:
        assert name_given(verb, line, monkeypatch) == "it", line


@pytest.mark.parametrize("verb", OF_A_LAB, ids=str)
def test_two_places_may_say_the_same(verb: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["--name", "it", *verb.words, "--name", "it", *arguments(verb.command)]
    assert name_given(verb, words, monkeypatch) == "it"


def exit_code(words: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["lab", *words])
    return main()


@pytest.mark.parametrize("verb", OF_A_LAB, ids=str)
def test_two_places_may_not_differ(
    verb: Verb, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--name", "one", *verb.words, "--name", "two", *arguments(verb.command)]
    assert exit_code(words, monkeypatch) == 2
    assert capsys.readouterr().err == (
        "lab: two labs are named, 'one' and 'two'\n  hint: name one\n"
    )


@pytest.mark.parametrize("verb", OF_NONE, ids=str)
def test_a_verb_about_no_lab_takes_no_name(
    verb: Verb, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--name", "it", *verb.words, *arguments(verb.command)]
    assert exit_code(words, monkeypatch) == 2
    assert f"'lab {verb}' takes no --name" in capsys.readouterr().err


def test_the_argument_of_down_is_a_name_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["down", "one", "--name", "two"], monkeypatch) == 2
    assert "two labs are named" in capsys.readouterr().err


def test_what_follows_the_node_is_the_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    verb = next(verb for verb in OF_A_LAB if str(verb) == "exec")
    seen: list[tuple[str, ...]] = []
    monkeypatch.setattr(verb.command, "callback", lambda argv, **_: seen.append(argv))
    for words in ("ip --name x", "-- ip --name x", "--name it ip --name x", "--user=0 -- ip -4"):
        lab.main(["exec", "laptop", *words.split()], standalone_mode=False)
    assert [[word for word in argv if word != "--"] for argv in seen] == [
        ["ip", "--name", "x"],
        ["ip", "--name", "x"],
        ["ip", "--name", "x"],
        ["ip", "-4"],
    ]


@pytest.mark.parametrize("seconds", ["-1", "0", "nan", "inf", "1e400"])
@pytest.mark.parametrize("verb", ["up minimal", "study run transit-cut"])
def test_no_lab_is_given_a_time_that_is_none(
    verb: str, seconds: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["lab", *verb.split(), "--timeout", seconds])
    assert main() == 2
    assert "'--timeout'" in capsys.readouterr().err
