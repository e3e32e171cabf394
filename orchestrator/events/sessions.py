"""Sessions that come up and go down, as BIRD writes it: BGP, RTR, OSPF neighbours and BFD.

The templates of bird.conf ask for it: `debug protocols { states }`, and `events` of OSPF and BFD,
which are one protocol for all neighbours. BIRD's own time is in each line, in milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from orchestrator.events.logs import told_of_lines
from orchestrator.events.names import Names, Party, listed, names_of, speaks
from orchestrator.events.scene import Scene
from orchestrator.plan.model import Node
from orchestrator.records.stamps import bird_ns
from orchestrator.records.study import NetworkEvent
from orchestrator.records.testimony import LogLine

_LINE = re.compile(r"[-\d]+ [:.\d]+ <(?P<class>\w+)> (?P<name>\w+): (?P<said>.*)")
_STATE = re.compile(r"State changed to (?P<state>\w+)")
_BFD = re.compile(r"Session to (?P<who>\S+) changed state from (?P<old>\w+) to (?P<new>\w+)")
_OSPF = re.compile(
    r"Neighbor (?P<who>\S+) on (?P<interface>\S+) changed state from (?P<old>\S+) to (?P<new>\S+)"
)
# What BIRD says of a session before it ends one is why; later it is about something else.
_REASON_HOLDS_NS = 1_000_000_000


@contextmanager
def watch_sessions(scene: Scene) -> Iterator[None]:
    """Tell of the sessions of every node with a BIRD."""
    names = names_of(scene.plan)
    readers = {n.name: BirdLog(n, names) for n in scene.plan.nodes.values() if speaks(n)}

    def read(node: str, line: LogLine) -> None:
        for event in readers[node].read(line):
            scene.tell(event)

    with told_of_lines(scene, readers, read):
        yield


class BirdLog:
    """The log of one BIRD, read line by line; keeps what is up, since BIRD tells each step."""

    def __init__(self, node: Node, names: Names) -> None:
        self._node, self._names = node.name, names
        self._down: set[tuple[str, str]] = set()
        self._reasons: dict[str, tuple[int, str]] = {}

    def read(self, line: LogLine) -> Iterator[NetworkEvent]:
        """The session that a line says is up or down now, if it says so."""
        found = _LINE.match(line.text)
        if found is None:
            return
        time_ns, name, said = bird_ns(line), found["name"], found["said"]
        if party := self._names.sessions.get((self._node, name)):
            yield from self._session(time_ns, name, party, found["class"], said)
        elif changed := _BFD.fullmatch(said):
            neighbour = self._names.owners.get(changed["who"], changed["who"])
            detail = {"address": changed["who"]}
            yield from self._changed(time_ns, name, "BFD", neighbour, changed, "Up", detail)
        elif changed := _OSPF.fullmatch(said):
            neighbour = self._names.far_end(self._node, changed["interface"])
            detail = {"interface": changed["interface"], "family": 6 if name[-1] == "6" else 4}
            yield from self._changed(time_ns, name, "OSPF", neighbour, changed, "Full", detail)

    def _session(
        self, time_ns: int, name: str, party: Party, level: str, said: str
    ) -> Iterator[NetworkEvent]:
        changed = _STATE.fullmatch(said)
        if level in ("RMT", "ERR"):
            self._reasons[name] = (time_ns, said)
        if said == "Starting":  # what BIRD began with is not up; what was up is told below
            self._down.add((name, ""))
        if changed is None:
            return
        action = self._turn((name, ""), changed["state"] == "up")
        if action:
            since_ns, reason = self._reasons.pop(name, (0, ""))
            detail = {"protocol": party.protocol, "name": name, "family": party.family}
            if action == "down" and time_ns - since_ns < _REASON_HOLDS_NS:
                detail["reason"] = reason
            yield self._event(time_ns, action, party.neighbour, detail)

    def _changed(
        self,
        time_ns: int,
        name: str,
        protocol: str,
        neighbour: str,
        changed: re.Match[str],
        good: str,
        detail: dict[str, object],
    ) -> Iterator[NetworkEvent]:
        if good not in (changed["old"], changed["new"]):
            return
        key = (name, changed["who"] + str(detail.get("interface", "")))
        if action := self._turn(key, changed["new"] == good):
            detail = {"protocol": protocol, "name": name, **detail, "state": changed["new"]}
            yield self._event(time_ns, action, neighbour, detail)

    def _turn(self, key: tuple[str, str], is_up: bool) -> str:
        """What is new of a session: "up", "down" or nothing. Whose state is unknown may be either,
        so that what was down before anybody watched may be told to be down."""
        if is_up:
            self._down.discard(key)
            return "up"
        if key in self._down:
            return ""
        self._down.add(key)
        return "down"

    def _event(
        self, time_ns: int, action: str, neighbour: str, detail: dict[str, object]
    ) -> NetworkEvent:
        return NetworkEvent(time_ns, self._node, "session", action, neighbour, detail)


def say_sessions(names: Names, node: str, events: Sequence[NetworkEvent]) -> Iterator[str]:
    """``BGP with tundra-fra (IPv4, IPv6) is down``; many of one node in one sentence."""
    groups: dict[tuple[str, str, str], list[NetworkEvent]] = {}
    for event in events:
        reason = str(event.detail.get("reason", ""))
        groups.setdefault((event.action, event.detail["protocol"], reason), []).append(event)
    for (action, protocol, reason), told in groups.items():
        families = {family for event in told if (family := event.detail.get("family"))}
        of = f" ({', '.join(f'IPv{family}' for family in sorted(families))})" if families else ""
        why = f": {reason}" if reason else ""
        yield f"{protocol} with {listed(event.subject for event in told)}{of} is {action}{why}"
