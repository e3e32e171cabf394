"""Links, addresses and routes, as the kernels of all nodes and switches tell them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from orchestrator.events.names import Names, counted, listed
from orchestrator.events.scene import Scene
from orchestrator.records.study import NetworkEvent
from orchestrator.runtime.kernel.monitor import watch
from orchestrator.runtime.network.wiring import namespaces_of

_LINKS = {"up": "is up", "down": "is down", "gone": "is gone", "new": "is new"}
_ADDRESSES = {"add": "has", "del": "has no more"}


@contextmanager
def watch_kernels(scene: Scene) -> Iterator[None]:
    """Tell what netlink tells, also of nodes that start again."""
    with watch(namespaces_of(scene.plan), scene.tell) as monitor:

        def add(event: NetworkEvent) -> None:
            if (event.kind, event.action) == ("node", "start"):
                with suppress(OSError):  # it has ended again
                    monitor.add(event.node, scene.containers[event.node].namespace)

        scene.hearers.append(add)
        try:
            yield
        finally:
            scene.hearers.remove(add)


def say_links(names: Names, node: str, events: Sequence[NetworkEvent]) -> Iterator[str]:
    """``eth3 to tundra-fra is down``; many of one node in one sentence."""
    for action, told in _by_action(events).items():
        ends = [_with_far_end(names, node, event.subject) for event in told]
        yield f"link {listed(ends)} {_LINKS.get(action, action)}"


def _with_far_end(names: Names, node: str, interface: str) -> str:
    far = names.far_end(node, interface)
    return interface if far == interface else f"{interface} to {far}"


def say_addresses(names: Names, node: str, events: Sequence[NetworkEvent]) -> Iterator[str]:
    """``has address 198.18.1.1 at eth0``; nothing of one that went and is there again."""
    first = {(e.subject, e.detail["interface"]): e for e in reversed(events)}
    last = {(e.subject, e.detail["interface"]): e for e in events}
    lasting = [event for key, event in last.items() if event.action == first[key].action]
    for action, told in _by_action(lasting).items():
        listing = listed(f"{event.subject} at {event.detail['interface']}" for event in told)
        yield f"{_ADDRESSES.get(action, action)} address {listing}"


def say_routes(names: Names, node: str, events: Sequence[NetworkEvent]) -> Iterator[str]:
    """``14 prefixes now via tundra-fra``: how it ended for each prefix, not each step to it.

    The kernel's own routes come and go with addresses and links, which are told already.
    """
    last = {event.subject: event for event in events if event.detail["protocol"] != "kernel"}
    fates: dict[str, list[str]] = {}
    for prefix, event in last.items():
        fates.setdefault(_fate(names, node, event.action, event.detail), []).append(prefix)
    for fate, prefixes in fates.items():
        yield f"{counted(len(prefixes), 'prefix', 'prefixes')} {fate}: {listed(prefixes, most=2)}"


def _fate(names: Names, node: str, action: str, detail: Mapping[str, object]) -> str:
    if action == "del":
        return "gone"
    via = detail["via"]
    if not isinstance(via, list) or not via:
        return f"now {detail['kind']}"
    return f"now via {listed(names.neighbour(node, hop[0], hop[1]) for hop in via)}"


def say_overrun(names: Names, node: str, events: Sequence[NetworkEvent]) -> Iterator[str]:
    """A sentence that the kernel said more than could be read."""
    yield "some links' and routes' events were lost: more came at once than could be read"


def _by_action(events: Sequence[NetworkEvent]) -> dict[str, list[NetworkEvent]]:
    found: dict[str, list[NetworkEvent]] = {}
    for event in events:
        found.setdefault(event.action, []).append(event)
    return found
