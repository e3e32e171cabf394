"""The verbs `fault` and `heal`: break a running lab, and mend it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import click

from orchestrator.cli import interrupts, words
from orchestrator.cli.common import chosen_lab, json_option, name_option, print_json
from orchestrator.cli.layout import Output, open_output
from orchestrator.cli.saying import say
from orchestrator.cli.tables import Column
from orchestrator.errors import LabError, Mistake, UsageError, nearest
from orchestrator.faults import FAULTS
from orchestrator.faults.asked import find_fault
from orchestrator.faults.fault import Fault
from orchestrator.plan.model import Plan
from orchestrator.records.in_force import InForce
from orchestrator.spec.units import read_duration_s
from orchestrator.verbs.fault import heal, in_force, inject, links_changed
from orchestrator.verbs.labs import known_labs, plan_of

LIST = "list"


_target_argument = click.argument(
    "target", required=False, default="", metavar="[TARGET]", shell_complete=words.targets
)


@click.command("fault")
@click.argument(
    "fault",
    required=False,
    default="",
    metavar="[list | NAME]",
    shell_complete=words.fault_verbs,
)
@_target_argument
@click.argument("settings", nargs=-1, metavar="[OPTION=VALUE]…")
@click.option(
    "--for", "duration", default="", help="Heal it after so long, like 10s; ^C heals too."
)
@name_option
@json_option
def fault_command(
    fault: str, target: str, settings: tuple[str, ...], duration: str, name: str, as_json: bool
) -> None:
    """Break something, and see that it is broken.

    It stays so until `lab heal`.

    \b
    lab fault                                       what is in force
    lab fault list                                  what there is
    lab fault link-blackhole                        … on what, and with which options
    lab fault link-blackhole alder-core,tundra-fra --for 10s
    """
    if fault == LIST:
        return _list_all(as_json)
    if not fault:
        return _print_in_force(in_force(chosen_lab(name)), as_json)
    found = find_fault(fault)
    if not target:
        return _describe(found, name, as_json)
    seconds = _seconds(duration) if duration else 0.0
    return _inject(chosen_lab(name), found, target, _read(settings), seconds, as_json)


def _inject(
    lab: str, fault: Fault, target: str, options: dict[str, str], seconds: float, as_json: bool
) -> None:
    entry = inject(lab, fault.name, target, options)
    if not (seconds and fault.lasts):
        _tell(lab, fault, entry, as_json)
        return
    try:
        _tell(lab, fault, entry, as_json, lasting="")
        _wait(seconds)
    finally:
        _heal(lab, entry, quiet=as_json)


def _tell(
    lab: str, fault: Fault, entry: InForce, as_json: bool, lasting: str = "heal it: lab heal"
) -> None:
    if as_json:
        print_json(entry.told())
        return
    took_ms = (entry.in_force_ns - entry.begun_ns) / 1e6
    hint = f"{lasting} {entry.id}" if lasting and fault.lasts else ""
    say(f"{entry}: in force after {took_ms:.0f} ms. {hint}".strip())
    say(f"  it should affect: {fault.affects(plan_of(lab), entry.target)}")


def _wait(seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left_s := end - time.monotonic()) > 0:
        time.sleep(min(left_s, 0.2))
        interrupts.check()


def _list_all(as_json: bool) -> None:
    if as_json:
        print_json([_described(fault) for fault in FAULTS.values()])
        return
    columns = (Column("fault"), Column("on"), Column("what happens", least=24))
    rows = [(fault.name, fault.target, fault.about) for fault in FAULTS.values()]
    open_output().table(columns, rows)


def _described(fault: Fault) -> dict[str, Any]:
    options = [
        {"name": option.name, "default": option.default, "about": option.about}
        for option in fault.options
    ]
    about = {"name": fault.name, "about": fault.about, "target": fault.target}
    return {**about, "lasts": fault.lasts, "options": options}


def _describe(fault: Fault, name: str, as_json: bool) -> None:
    """A fault without a target: what it is, and, where a lab is up, what it can be done to."""
    targets = list(fault.targets(_plan(name))) if name or len(known_labs()) == 1 else None
    if as_json:
        print_json({**_described(fault), "targets": targets})
        return
    print_fault(open_output(), fault, targets)


def print_fault(output: Output, fault: Fault, targets: Sequence[str] | None) -> None:
    """What a fault is, its options, and what it can be done to, where a lab says that."""
    output.say(f"{fault.name}: {fault.about}", hang=2)
    for option in fault.options:
        default = f" (default: {option.default})" if option.default else ""
        output.say(f"{option.about}{default}", f"  {option.name}=…  ", 6)
    if targets is not None:
        output.say(f"on a {fault.target}: {', '.join(targets) or 'this lab has none'}", "  ", 4)


def _plan(name: str) -> Plan:
    return plan_of(chosen_lab(name))


def _print_in_force(entries: Sequence[InForce], as_json: bool) -> None:
    if as_json:
        print_json([entry.told() for entry in entries])
        return
    print_in_force(open_output(), entries, time.time_ns())


def print_in_force(output: Output, entries: Sequence[InForce], now_ns: int) -> None:
    """Faults in force, each with how long it has been."""
    for entry in entries:
        since_s = (now_ns - entry.begun_ns) / 1e9
        output.say(f"{entry}  since {since_s:.0f} s", f"{entry.id}  ")
    if not entries:
        output.say("no fault is in force; what there is: lab fault list")


@click.command("heal")
@click.argument(
    "which", required=False, default="", metavar="[ID | NAME]", shell_complete=words.faults
)
@_target_argument
@click.option("--all", "every", is_flag=True, help="Heal all that is in force.")
@name_option
def heal_command(which: str, target: str, every: bool, name: str) -> int:
    """Undo a fault, and see that the lab is as its plan says.

    Without an argument it is the only one there is. One of several that cannot be undone does not
    keep the others from it; it stays recorded, and the exit status is 1.
    """
    lab = chosen_lab(name)
    meant, failed = _meant(in_force(lab), which, target, every), 0
    for entry in meant:
        try:
            _heal(lab, entry)
        except LabError as error:
            if len(meant) == 1:
                raise
            say(f"lab: {entry}: {error}", err=True)
            failed += 1
    if not meant:
        say("no fault is in force: there is nothing to heal")
    return 1 if failed else 0


def _heal(lab: str, entry: InForce, quiet: bool = False) -> None:
    started = time.monotonic()
    heal(lab, entry)
    if not quiet:
        say(f"{entry}: healed in {time.monotonic() - started:.1f} s; {_rest(lab)}")


def _rest(lab: str) -> str:
    """How the lab is after a fault."""
    if in_force(lab):
        return "other faults are in force"
    by_hand = ", ".join(links_changed(lab))
    return "the lab is as its plan says" + (f", but for 'lab link': {by_hand}" if by_hand else "")


def _meant(entries: Sequence[InForce], which: str, target: str, every: bool) -> Sequence[InForce]:
    """The last begun first, as one undoes things. Raises UsageError where there is none such."""
    if every:
        return entries[::-1]
    if not entries:
        raise UsageError("no fault is in force: there is nothing to heal")
    if not which and len(entries) > 1:
        listed = "\n".join(f"  {entry.id}  {entry}" for entry in entries)
        raise UsageError(
            f"several faults are in force:\n{listed}", "lab heal ID, or lab heal --all"
        )
    found = [e for e in entries if which in ("", str(e.id), e.fault) and target in ("", e.target)]
    if not found:
        names = [name for entry in entries for name in (str(entry.id), entry.fault)]
        hint = nearest(which, names, "in force: " + "; ".join(map(str, entries)))
        raise UsageError(f"no fault '{f'{which} {target}'.strip()}' is in force", hint)
    return found[::-1]


def _read(settings: Sequence[str]) -> dict[str, str]:
    read: dict[str, str] = {}
    for setting in settings:
        key, sign, value = setting.partition("=")
        if not sign or not key:
            raise UsageError(f"'{setting}' is no option", "write options like from=alder-core")
        if key in read:
            raise UsageError(f"'{key}' is given twice")
        read[key] = value
    return read


def _seconds(text: str) -> float:
    try:
        return read_duration_s(text)
    except Mistake as mistake:
        raise UsageError(f"--for: {mistake}", mistake.hint) from None
