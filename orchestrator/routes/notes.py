"""What is no mistake in a plan's routing, but surprises: in words, for who checks a topology."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.plan.addresses import Prefix
from orchestrator.plan.model import Plan
from orchestrator.plan.routing import (
    LONGEST_AS_PATH,
    BgpPolicy,
    RouterSettings,
    RouteServerSettings,
)
from orchestrator.routes.bgp import ControlPlane, control_plane
from orchestrator.routes.bgp_route import tell_outside
from orchestrator.routes.bgp_sessions import Channel

_NAMED = 3  # prefixes that a sentence names


def notes_on_routes(plan: Plan) -> Iterator[str]:
    """A sentence each on sessions that a limit shuts, on AS paths that are too long to be passed
    on, and on prefixes for which BGP has several outcomes.

    Raises Unsettled where policies contradict each other.
    """
    # Without policies there is nothing to tell, and a large plan's routes take seconds.
    if not _has_policies(plan):
        return
    control = control_plane(plan)
    yield from _on_limits(control)
    yield from _on_long_paths(control)
    yield from _on_outcomes(control)


def _has_policies(plan: Plan) -> bool:
    settings = [node.settings for node in plan.nodes.values()]
    sessions = (
        session
        for each in settings
        if isinstance(each, RouterSettings | RouteServerSettings)
        for session in each.sessions
    )
    return any(session.policy != BgpPolicy() for session in sessions)


def _on_limits(control: ControlPlane) -> Iterator[str]:
    for name, speaker in control.speakers.items():
        for session in speaker.sessions:
            if (name, session.name) in control.tripped:
                yield (
                    f"{name} shuts its IPv{session.family} session with "
                    f"{session.neighbour_node}, which announces more prefixes than its limit of "
                    f"{session.policy.limit}"
                )


def _on_long_paths(control: ControlPlane) -> Iterator[str]:
    if not _may_be_long(control):
        return
    lost: dict[tuple[str, str], dict[Prefix, None]] = {}
    for prefix in control.announced:
        for channel in control.channels(prefix.version):
            if not channel.internal and _is_too_long(control, channel, prefix):
                ends = channel.hearer.name, channel.teller.name
                lost.setdefault(ends, {})[prefix] = None
    for (hearer, teller), prefixes in lost.items():
        yield (
            f"{hearer} takes no route to {_some(prefixes)} from {teller}: the AS path has more "
            f"than {LONGEST_AS_PATH} numbers"
        )


def _may_be_long(control: ControlPlane) -> bool:
    """Whether all prepending together makes a path too long; else nothing need be worked out."""
    longest: dict[int, int] = {}
    for speaker in control.speakers.values():
        times = [session.policy.prepend for session in speaker.sessions]
        longest[speaker.asn] = max(1 + max(times, default=0), longest.get(speaker.asn, 0))
    prepends = any(times > 1 for times in longest.values())
    return prepends and sum(longest.values()) > LONGEST_AS_PATH


def _is_too_long(control: ControlPlane, channel: Channel, prefix: Prefix) -> bool:
    best = control.best_routes(prefix).get(channel.teller.name)
    told = tell_outside(channel, best) if best is not None else None
    return told is not None and len(told.as_path) > LONGEST_AS_PATH


def _on_outcomes(control: ControlPlane) -> Iterator[str]:
    if control.is_unruly and not control.is_searched:
        yield (
            "preferences break the order of customers, peers and providers, so BGP may have "
            "several outcomes, or none; this lab is too large to look for them"
        )
    if not control.is_searched:
        return
    told: dict[str, dict[Prefix, None]] = {}
    for prefix in control.announced:
        for sentence in _outcomes(control, prefix):
            told.setdefault(sentence, {})[prefix] = None
    for sentence, prefixes in tuple(told.items())[:_NAMED]:
        yield f"BGP has more than one outcome for {_some(prefixes)}: {sentence} (RFC 4264)"
    if len(told) > _NAMED:
        yield f"… and {len(told) - _NAMED} more like this"


def _outcomes(control: ControlPlane, prefix: Prefix) -> Iterator[str]:
    """On whom outcomes differ first, and its AS path in each."""
    outcomes = (control.best_routes(prefix), *control.other_routes(prefix))
    for name in control.routers if len(outcomes) > 1 else ():
        routes = [outcome.get(name) for outcome in outcomes]
        paths = dict.fromkeys(
            " ".join(map(str, route.as_path)) if route else "none" for route in routes
        )
        if len(paths) > 1:
            yield f"{name} may end with the AS path {' or '.join(paths)}, whichever it hears first"
            return


def _some(prefixes: dict[Prefix, None]) -> str:
    listed = [str(prefix) for prefix in prefixes]
    rest = f" and {len(listed) - _NAMED} others" if len(listed) > _NAMED else ""
    return ", ".join(listed[:_NAMED]) + rest
