"""What a scenario asks of its lab, held against the lab's plan: hosts, names, faults, times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from itertools import combinations

from orchestrator.errors import Problem, UsageError, nearest
from orchestrator.faults.asked import find_fault, find_target, read_options
from orchestrator.faults.fault import Fault
from orchestrator.plan.model import Node, Plan
from orchestrator.plan.services import NameServerSettings
from orchestrator.roles import ROLES
from orchestrator.spec.document import Document, Path
from orchestrator.spec.kinds import host_of
from orchestrator.spec.probing import KINDS
from orchestrator.spec.scenario import FaultSpec, ProbeSpec, Scenario
from orchestrator.studies.timeline import TimedFault


def place_faults(
    scenario: Scenario, document: Document, plan: Plan
) -> tuple[tuple[TimedFault, ...], list[Problem]]:
    """The timeline with its targets resolved, and all that is wrong with it."""
    problems: list[Problem] = []
    placed: dict[int, TimedFault] = {}
    for index, spec in enumerate(scenario.faults):
        path: Path = ("faults", index)
        try:
            fault = find_fault(spec.fault)
        except UsageError as error:
            problems.append(document.problem(error.message, *path, "fault", hint=error.hint))
            continue
        problems += _check_options(fault, spec, document, path)
        problems += _check_end(fault, spec, document, path)
        try:
            target = find_target(fault, plan, spec.target)
        except UsageError as error:
            problems.append(document.problem(error.message, *path, "target", hint=error.hint))
            continue
        times = (spec.at, spec.for_ if fault.lasts else 0.0, spec.jitter)
        placed[index] = TimedFault(fault.name, target, spec.with_, *times, not fault.lasts)
    problems += _check_together(placed, document, plan)
    problems += _check_after(scenario, document)
    return tuple(placed.values()), problems


def _check_options(
    fault: Fault, spec: FaultSpec, document: Document, path: Path
) -> Iterator[Problem]:
    for name, value in spec.with_.items():
        try:
            read_options(fault, {name: value})
        except UsageError as error:
            known = any(option.name == name for option in fault.options)
            where = (*path, "with", name)
            yield document.problem(error.message, *where, hint=error.hint, at_key=not known)


def _check_end(fault: Fault, spec: FaultSpec, document: Document, path: Path) -> Iterator[Problem]:
    if spec.for_ is not None and not fault.lasts:
        message = f"{fault.name} does not last: it passes by itself"
        yield document.problem(message, *path, "for", hint="leave 'for' out", at_key=True)


def _check_together(
    placed: Mapping[int, TimedFault], document: Document, plan: Plan
) -> Iterator[Problem]:
    """What cannot be in force at once."""
    for (one, first), (two, second) in combinations(placed.items(), 2):
        if not first.may_overlap(second):
            continue
        later = two if second.at_ms >= first.at_ms else one
        if (first.fault, first.target) == (second.fault, second.target):
            message = f"{first.fault} may still be in force on {first.target} from before"
            hint = "the two must be apart in time, jitter included"
            yield document.problem(message, "faults", later, "at", hint=hint)
        stopped, other = (first, second) if later == two else (second, first)
        if find_fault(stopped.fault).node_off and _is_at(other, stopped.target, plan):
            message = f"{stopped.target} may not run then: {stopped.fault} is in force"
            hint = "the two must be apart in time, jitter included"
            yield document.problem(message, "faults", later, "at", hint=hint)


def _is_at(fault: TimedFault, node: str, plan: Plan) -> bool:
    """Whether a fault is done to a node, to something in it, or to a link that ends there."""
    link = plan.links.get(fault.target)
    ends = (link.a.node, link.b.node) if link else ()
    return node in ends or node in fault.target.replace(":", ",").split(",")


def _check_after(scenario: Scenario, document: Document) -> Iterator[Problem]:
    """There is an 'after' only where every fault ends before the trial does."""
    lasting = [spec.fault for spec in scenario.faults if _outlasts(spec)]
    if not lasting:
        return
    message = f"there is no 'after': {lasting[0]} lasts until the trial's end"
    for index, expected in enumerate(scenario.expect):
        if expected.path is not None and expected.path.after is not None:
            yield document.problem(message, "expect", index, "path", "after", at_key=True)
        if expected.median is not None and expected.median.of == "after":
            yield document.problem(message, "expect", index, "median", "of")


def _outlasts(spec: FaultSpec) -> bool:
    try:
        return spec.for_ is None and find_fault(spec.fault).lasts
    except UsageError:
        return False


def problems_with_plan(scenario: Scenario, document: Document, plan: Plan) -> list[Problem]:
    """Hosts that ask, what they ask, and nodes of paths, that the lab does not have."""
    names = known_names(plan)
    problems: list[Problem] = []
    for name, probe in scenario.probes.items():
        path: Path = ("probes", name)
        problems += _check_source(probe, document, path, plan)
        problems += _check_server(probe, document, path, plan)
        if probe.answer is not None and not _is_address(probe.answer):
            problems += _check_node(probe.answer, document, (*path, "answer"), plan)
        problems += _check_target(probe, document, path, plan, names)
    for index, expected in enumerate(scenario.expect):
        if expected.path is not None:
            named = [*expected.path.phases.items(), ("not", expected.path.not_)]
            for phase, nodes in named:
                for step, node in enumerate(nodes):
                    where = ("expect", index, "path", phase, step)
                    problems += _check_node(node, document, where, plan)
    return problems


def known_names(plan: Plan) -> set[str]:
    """Every name that a name server of the lab has an address or an alias for."""
    return {
        _absolute(record.owner, zone.name)
        for node in plan.nodes.values()
        if isinstance(node.settings, NameServerSettings)
        for view in node.settings.views
        for zone in view.zones
        for record in zone.records
        if record.type in ("A", "AAAA", "CNAME")
    }


def _absolute(owner: str, zone: str) -> str:
    """A record's owner without its final dot."""
    if owner == "@":
        return zone.rstrip(".")
    return (owner if owner.endswith(".") else f"{owner}.{zone}").rstrip(".")


def _check_node(name: str, document: Document, path: Path, plan: Plan) -> Iterator[Problem]:
    if name not in plan.nodes and name not in plan.switches:
        hint = nearest(name, [*plan.nodes, *plan.switches], "see 'lab plan'")
        yield document.problem(f"there is no node '{name}' in the lab", *path, hint=hint)


def _check_source(
    probe: ProbeSpec, document: Document, path: Path, plan: Plan
) -> Iterator[Problem]:
    hosts = [node.name for node in plan.nodes.values() if can_ask(node)]
    listed = f"hosts: {', '.join(hosts)}"
    if probe.from_ not in plan.nodes:
        hint = nearest(probe.from_, plan.nodes, listed)
        message = f"there is no node '{probe.from_}' in the lab"
        yield document.problem(message, *path, "from", hint=hint)
    elif probe.from_ not in hosts:
        role = plan.nodes[probe.from_].role
        message = f"'{probe.from_}' is a {role}, and cannot ask like a visitor"
        yield document.problem(message, *path, "from", hint=listed)


def can_ask(node: Node) -> bool:
    """Whether probes can be asked from a node: it has a browser, a resolver and the lab's CA."""
    return ROLES[node.role].browser


def _check_server(
    probe: ProbeSpec, document: Document, path: Path, plan: Plan
) -> Iterator[Problem]:
    if probe.server is None or _is_address(probe.server):
        return
    servers = [node.name for node in plan.nodes.values() if ROLES[node.role].answers_dns]
    if probe.server not in servers:
        role = plan.nodes[probe.server].role if probe.server in plan.nodes else ""
        absent = f"there is no node '{probe.server}' in the lab"
        message = f"'{probe.server}' is a {role}, and answers no DNS" if role else absent
        hint = nearest(probe.server, servers, f"servers: {', '.join(servers)}")
        yield document.problem(message, *path, "server", hint=hint)


def _check_target(
    probe: ProbeSpec, document: Document, path: Path, plan: Plan, names: set[str]
) -> Iterator[Problem]:
    """A name that must lead somewhere; one that is only looked up may be any."""
    kind, about = probe.kind, KINDS[probe.kind].about
    if about == "name":
        return
    host = host_of(probe.target) if about == "url" else probe.target
    if host in names or _is_address(host.strip("[]")):
        return
    if about == "node" and host in plan.nodes:
        return
    choices = [*sorted(names), *(plan.nodes if about == "node" else ())]
    hint = nearest(host, choices, f"the lab has: {', '.join(plan.sites)}")
    yield document.problem(f"no server of the lab knows '{host}'", *path, kind, hint=hint)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
