"""The links of a running lab: made, impaired, cut and mended; what is on disk follows.

A link that was plain and is to be impaired live where the kernel cannot do it is handed to `wire`:
both ends are made anew with their names, MACs and addresses, which takes some milliseconds and
is a short loss of carrier for whoever watches. All other changes disturb nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

from orchestrator.errors import FaultError
from orchestrator.plan.model import Endpoint, Link, Plan
from orchestrator.runtime.disk.labs import system_name
from orchestrator.runtime.disk.processes import working_for
from orchestrator.runtime.disk.state import LabState
from orchestrator.runtime.links import cuts
from orchestrator.runtime.links.backends import (
    choose_backend,
    impair_wire,
    impairing_backend,
)
from orchestrator.runtime.links.netem import apply_netem
from orchestrator.runtime.links.state import (
    DIRECTIONS,
    Direction,
    LinkState,
    load_links,
    save_links,
)
from orchestrator.runtime.network.held import addresses_of, restore_addresses
from orchestrator.runtime.network.ports import darken, is_dark, missing_ports, move_ports
from orchestrator.runtime.network.wiring import (
    Namespaces,
    configure_ends,
    create_pairs,
    interface_at,
    remove_links,
)
from orchestrator.runtime.wire.process import End, WireControl, start_wire


class LinkLayer:
    """The links of a lab, between the namespaces that are there now."""

    def __init__(self, state: LabState, plan: Plan, namespaces: Namespaces) -> None:
        self.state, self.plan, self.namespaces = state, plan, namespaces
        self.links = load_links(state)

    def create_all(self) -> None:
        """Make every link of the plan, as the plan has it."""
        impairing = impairing_backend()
        self.links = {
            name: LinkState(choose_backend(impairing, link.ab, link.ba), link.ab, link.ba)
            for name, link in self.plan.links.items()
        }
        save_links(self.state, self.links)
        self.create(self.plan.links)

    def create(self, names: Iterable[str], dark: Collection[str] = ()) -> None:
        """Make links as they were last recorded: carrier, addresses, impairments and cuts. Ends
        at the nodes ``dark`` stay so."""
        links = [self.plan.links[name] for name in names]
        wired = [link for link in links if self.links[link.name].backend == "wire"]
        create_pairs(self.plan, [link for link in links if link not in wired], self.namespaces)
        if wired:
            self.ensure_wire()
            for link in wired:
                self._add_to_wire(link)
        configure_ends(self.plan, links, self.namespaces, left_out=dark)
        for link in links:
            self._enforce(link.name)
            if dark:
                self._set_carrier(link.name)

    def ensure_wire(self) -> None:
        """Start the lab's `wire` process unless it runs."""
        process = self.state.record().wire
        if process is None or not process.is_alive():
            self.state.wire_socket.unlink(missing_ok=True)
            started = start_wire(
                self.state.wire_socket,
                self.state.folder / "wire.log",
                working_for(self.state.folder),
            )
            self.state.update(wire=started)

    def revive_wire(self) -> int:
        """After `wire` died: start it, and give it all of its links back. Returns how many."""
        self.ensure_wire()
        names = [name for name, link in self.links.items() if link.backend == "wire"]
        reachable = [name for name in names if self._is_reachable(self.plan.links[name])]
        for name in reachable:
            self._add_to_wire(self.plan.links[name])
            self._enforce(name)
            self._set_carrier(name)
        return len(reachable)

    def darken(self, node: str) -> None:
        """A node is off: its ports go dark, and the far ends lose their carrier."""
        darken(self.namespaces[node], self.plan.nodes[node].interfaces)
        for name in self._links_of(node):
            if self.links[name].backend == "wire":
                self._set_carrier(name)

    def bring(self, node: str, namespace: str) -> None:
        """A node is on again, in another namespace: its ports get there, as they were last
        recorded, with its addresses and routes. Those that are gone are made anew."""
        ports, names = self.plan.nodes[node].interfaces, self._links_of(node)
        move_ports(system_name(self.plan.name, node), namespace, ports)
        missing = set(missing_ports(namespace, ports))
        gone = [name for name in names if self._end_at(name, node).interface in missing]
        self.remove(gone)
        self.create(gone, dark=self._dark_at(gone) - {node})
        kept = [name for name in names if name not in gone]
        for name in kept:
            if self.links[name].backend == "wire":
                end = "a" if self._ends(name)[0].node == node else "b"
                self._wire.move(name, end, namespace)
        others = {end.node for name in kept for end in self._ends(name)} - {node}
        links = [self.plan.links[name] for name in kept]
        configure_ends(self.plan, links, self.namespaces, left_out=others)
        for name in kept:
            self._enforce(name)
            self._set_carrier(name)

    def remove(self, names: Iterable[str]) -> None:
        """Remove what is left of links, so that they can be made again."""
        links = [self.plan.links[name] for name in names]
        for link in links:
            if self.links[link.name].backend == "wire":
                with suppress(FaultError):  # it had not got there yet
                    self._wire.delete(link.name)
        remove_links(self.plan, links, self.namespaces)

    def change(self, name: str, link: LinkState) -> None:
        """Put other impairments in force, live; recorded once they are seen to be."""
        self._require_reachable(name)
        self._hand_over(name, choose_backend(impairing_backend(), link.ab, link.ba))
        changed = self.links[name].changed(ab=link.ab, ba=link.ba)
        before, self.links[name] = self.links[name], changed
        try:
            self._impair(name)
        except BaseException:
            self.links[name] = before
            self._impair(name)
            raise
        save_links(self.state, self.links)

    def remake(self, name: str) -> None:
        """Make a link anew as the plan starts it, whatever it is now. What its ends hold beside
        the plan's addresses they get back."""
        link = self.plan.links[name]
        backend = choose_backend(impairing_backend(), link.ab, link.ba)
        is_on_wire = self.links[name].backend == "wire"  # it stays there
        self._make_anew(name, LinkState("wire" if is_on_wire else backend, link.ab, link.ba))
        save_links(self.state, self.links)

    def cut(self, name: str, down: bool) -> None:
        """Pull the cable, or plug it in again: both ends lose or get their carrier."""
        self._require_reachable(name)
        link = self.plan.links[name]
        if down and not {link.a.node, link.b.node} & self.plan.switches.keys():
            self._hand_over(name, "wire")
        self.links[name] = self.links[name].changed(down=down)
        self._set_carrier(name)
        save_links(self.state, self.links)

    def blackhole(self, name: str, directions: Iterable[Direction], is_on: bool) -> None:
        """Let all frames of a direction vanish, or no longer; the carrier stays."""
        self._require_reachable(name)
        before = set(self.links[name].blackholes)
        holes = before | set(directions) if is_on else before - set(directions)
        ordered = tuple(direction for direction in DIRECTIONS if direction in holes)
        self.links[name] = self.links[name].changed(blackholes=ordered)
        self._set_blackholes(name)
        save_links(self.state, self.links)

    def show(self, name: str) -> Mapping[str, object]:
        """What the backend itself says of a link: its settings and counters."""
        if self.links[name].backend == "wire":
            return self._wire.show(name)
        return {
            direction: cuts.read_qdisc(*self._sender(name, direction)) for direction in DIRECTIONS
        }

    @functools.cached_property
    def _wire(self) -> WireControl:
        """One conversation with `wire`, for as long as this object is used."""
        return WireControl(self.state.wire_socket)

    def _add_to_wire(self, link: Link) -> None:
        self._wire.add(link.name, self._end(link.a), self._end(link.b), link.mtu)

    def _end(self, end: Endpoint) -> End:
        interface = interface_at(self.plan, end)
        return End(self.namespaces[end.node], interface.name, interface.index, interface.mac)

    def _is_reachable(self, link: Link) -> bool:
        return link.a.node in self.namespaces and link.b.node in self.namespaces

    def _require_reachable(self, name: str) -> None:
        link = self.plan.links[name]
        for end in (link.a, link.b):
            if end.node not in self.namespaces:
                raise FaultError(f"link {name}: {end.node} does not run", "start it first")

    def _sender(self, name: str, direction: Direction) -> tuple[str, int]:
        """Where frames of a direction enter a link: namespace and interface index."""
        link = self.plan.links[name]
        end = link.a if direction == "ab" else link.b
        return self.namespaces[end.node], interface_at(self.plan, end).index

    def _enforce(self, name: str) -> None:
        self._impair(name)
        if self.links[name].blackholes:
            self._set_blackholes(name)
        if self.links[name].down:
            self._set_carrier(name)

    def _impair(self, name: str) -> None:
        link = self.links[name]
        if link.backend == "wire":
            impair_wire(self._wire, name, link)
            return
        for direction, impairment in link.impairments.items():
            if link.backend == "netem" and direction not in link.blackholes:
                apply_netem(*self._sender(name, direction), impairment)

    def _set_blackholes(self, name: str) -> None:
        link = self.links[name]
        for direction in DIRECTIONS:
            is_on = direction in link.blackholes
            if link.backend == "wire":
                self._wire.blackhole(name, direction, is_on)
            elif is_on:
                cuts.set_blackhole(*self._sender(name, direction))
            else:
                cuts.lift_blackhole(*self._sender(name, direction))
                self._impair(name)

    def _set_carrier(self, name: str) -> None:
        """Both ends have it, unless the cable is pulled or one of them is dark."""
        link, is_plugged = self.plan.links[name], not self.links[name].down
        dark = self._dark_at([name])
        if self.links[name].backend == "wire":
            self._wire.carrier(name, is_plugged and not dark)
        elif {link.a.node, link.b.node} & self.plan.switches.keys():
            end = link.a if link.a.node in self.plan.switches else link.b
            index = interface_at(self.plan, end).index
            cuts.set_port(self.namespaces[end.node], index, is_plugged)
        for end in (link.a, link.b):
            if end.node in self.plan.nodes and end.node not in dark:
                index = interface_at(self.plan, end).index
                is_up = is_plugged and not dark
                cuts.await_carrier(self.namespaces[end.node], index, is_up, str(end))

    def _links_of(self, node: str) -> list[str]:
        return [name for name in self.plan.links if any(e.node == node for e in self._ends(name))]

    def _ends(self, name: str) -> tuple[Endpoint, Endpoint]:
        return self.plan.links[name].a, self.plan.links[name].b

    def _end_at(self, name: str, node: str) -> Endpoint:
        return next(end for end in self._ends(name) if end.node == node)

    def _dark_at(self, names: Iterable[str]) -> set[str]:
        """Those of the nodes at some links that are dark. By the kernel, not by a record: a node
        may end at any moment, whoever ends it."""
        nodes = {end.node for name in names for end in self._ends(name)} & self.plan.nodes.keys()
        return {n for n in nodes if is_dark(self.namespaces[n], self.plan.nodes[n].interfaces)}

    def _hand_over(self, name: str, backend: str) -> None:
        """Move a link to another backend. Once on `wire` it stays: it can do whatever is asked."""
        now = self.links[name]
        if now.backend == "wire" or backend == now.backend:
            return
        if backend != "wire":
            # veth and netem are the same pair: a qdisc more or less.
            self.links[name] = now.changed(backend="netem")
            return
        self._make_anew(name, now.changed(backend="wire"))

    def _make_anew(self, name: str, wanted: LinkState) -> None:
        dark = self._dark_at([name])
        held = addresses_of(self.plan, self.plan.links[name], self.namespaces)
        self.remove([name])
        self.links[name] = wanted
        self.create([name], dark)
        restore_addresses(one for one in held if one.node not in dark)
