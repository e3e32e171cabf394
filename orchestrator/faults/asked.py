"""What a user asks for, found: the fault, what it is done to, and its options."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.errors import Mistake, UsageError, nearest, unknown
from orchestrator.faults import FAULTS
from orchestrator.faults.fault import Fault, Options
from orchestrator.plan.model import Plan


def find_fault(name: str) -> Fault:
    """A fault by its name. Raises UsageError, with the nearest there is."""
    if name not in FAULTS:
        raise unknown("fault", name, FAULTS, hint="see: lab fault list")
    return FAULTS[name]


def find_target(fault: Fault, plan: Plan, given: str) -> str:
    """What a fault is to be done to. Raises UsageError, with the nearest there is."""
    if fault.resolve is not None:
        return fault.resolve(plan, given)
    targets = fault.targets(plan)
    if given not in targets:
        hint = "" if targets else f"this lab has no {fault.target}"
        raise unknown(fault.target, given, targets, within=f"for {fault.name}", hint=hint)
    return given


def read_options(fault: Fault, given: Mapping[str, str]) -> Options:
    """A fault's options with their defaults. Raises UsageError with every mistake."""
    known = {option.name: option for option in fault.options}
    problems = []
    for name, value in given.items():
        if name not in known:
            hint = nearest(name, known)
            problems.append(f"{fault.name} has no option '{name}'; {hint}")
            continue
        try:
            known[name].check(value)
        except Mistake as mistake:
            problems.append(f"{name}: {mistake}" + (f"; {mistake.hint}" if mistake.hint else ""))
    if problems:
        raise UsageError("\n".join(problems))
    return {name: given.get(name, option.default) for name, option in known.items()}
