"""The lab's map as shapes: boxes for nodes, curves for links, and the ways that a packet took."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.analysis.hops.trace import Passage
from orchestrator.analysis.journey import Journey
from orchestrator.plan.model import Plan
from orchestrator.report.atlas import Atlas, draw_atlas, is_leaf
from orchestrator.report.words import call_packet

# In the units of the drawing, which are pixels where it is not scaled.
_COLUMN, _BOX, _ROW, _INDENT = 118, 100, 26, 8
_BOX_HEIGHT, _TITLE, _GAP, _HEAD = 20, 24, 10, 34
# A trace to draw the way of the visit by, the most telling first.
_WAYS = ("request", "client-hello", "syn")


@dataclass(frozen=True)
class Box:
    """A node: its name, its upper left corner and width; ``involved`` if it had a part."""

    name: str
    about: str
    x: float
    y: float
    width: float
    involved: bool

    @property
    def middle(self) -> float:
        """The height at which its links end."""
        return self.y + _BOX_HEIGHT / 2


@dataclass(frozen=True)
class Band:
    """A row of the map: a network and the nodes drawn in it."""

    title: str
    about: str
    y: float
    height: float


@dataclass(frozen=True)
class Way:
    """A way through the lab: ``kind`` is "forward", "back" or "names", ``curves`` are SVG paths."""

    kind: str
    label: str
    nodes: tuple[str, ...]
    curves: tuple[str, ...]


@dataclass(frozen=True)
class Map:
    """All shapes, and the drawing's size."""

    width: float
    height: float
    cities: tuple[tuple[str, float], ...]
    bands: tuple[Band, ...]
    boxes: tuple[Box, ...]
    links: tuple[str, ...]
    ways: tuple[Way, ...]


def draw_map(journey: Journey, plan: Plan) -> Map:
    """The map of a journey. Ways are drawn of the packets that were traced; else there are none."""
    ways = _ways(journey)
    involved = {node for step in journey.steps for node in step.nodes}
    involved |= {node for _, _, nodes in ways for node in nodes} | {journey.visit.node}
    atlas = draw_atlas(plan, journey.visit.node, involved)
    bands, boxes, height = _place(atlas, plan, involved)
    by_name = {box.name: box for box in boxes}
    cities = tuple(
        (city or "elsewhere", _left(index) + _BOX / 2) for index, city in enumerate(atlas.cities)
    )
    return Map(
        width=_COLUMN * len(atlas.cities) + _COLUMN - _BOX,
        height=height,
        cities=cities,
        bands=bands,
        boxes=tuple(boxes),
        links=tuple(_curve(by_name[a], by_name[b], 0) for a, b in atlas.links),
        ways=tuple(Way(k, label, nodes, _curves(nodes, by_name, k)) for k, label, nodes in ways),
    )


def _left(column: int) -> float:
    return column * _COLUMN + _COLUMN - _BOX


def _place(
    atlas: Atlas, plan: Plan, involved: set[str]
) -> tuple[tuple[Band, ...], list[Box], float]:
    bands, boxes, y = [], [], float(_HEAD)
    for area in atlas.areas:
        height = _TITLE + area.height * _ROW + _GAP / 2
        bands.append(Band(area.name, area.about, y, height))
        for city, names in area.cells.items():
            left = _left(atlas.cities.index(city))
            for row, name in enumerate(names):
                indent = _INDENT if is_leaf(plan, name) else 0
                top = y + _TITLE + row * _ROW
                size = (left + indent, top, _BOX - indent)
                boxes.append(Box(name, _about(plan, name), *size, involved=name in involved))
        y += height + _GAP
    return tuple(bands), boxes, y


def _about(plan: Plan, name: str) -> str:
    if name not in plan.nodes:
        return f"{name}: switch of an exchange point"
    node = plan.nodes[name]
    return f"{name}: {node.role}, {', '.join(str(a) for a in node.addresses)}"


def _curve(a: Box, b: Box, offset: float) -> str:
    """From side to side; between boxes above each other, along their left side.

    A way back is moved aside by ``offset``, and goes along the right side.
    """
    ya, yb = a.middle + offset, b.middle + offset
    if abs(a.x - b.x) < _COLUMN / 2:
        side = 1 if offset > 0 else 0
        xa, xb = a.x + side * a.width, b.x + side * b.width
        bulge = (min(22.0, 8 + abs(yb - ya) / 8)) * (1 if side else -1)
        edge = (max if side else min)(xa, xb) + bulge
        return f"M{xa:.1f} {ya:.1f}C{edge:.1f} {ya:.1f} {edge:.1f} {yb:.1f} {xb:.1f} {yb:.1f}"
    left_to_right = a.x < b.x
    xa = a.x + a.width if left_to_right else a.x
    xb = b.x if left_to_right else b.x + b.width
    pull = (xb - xa) / 2
    return f"M{xa:.1f} {ya:.1f}C{xa + pull:.1f} {ya:.1f} {xb - pull:.1f} {yb:.1f} {xb:.1f} {yb:.1f}"


def _curves(nodes: Sequence[str], boxes: dict[str, Box], kind: str) -> tuple[str, ...]:
    known = [boxes[name] for name in nodes if name in boxes]
    offset = {"forward": -3.0, "back": 4.0}.get(kind, 0.0)
    return tuple(_curve(a, b, offset) for a, b in itertools.pairwise(known))


def _ways(journey: Journey) -> list[tuple[str, str, tuple[str, ...]]]:
    """(kind, label, nodes) of each way; the way back only where it is another one."""
    ways = []
    if names := journey.traces.get("dns-query"):
        ways.append(("names", call_packet("dns-query"), _nodes(names.forward)))
    name = next((name for name in _WAYS if name in journey.traces), "")
    if name:
        trace = journey.traces[name]
        there, back = _nodes(trace.forward), _nodes(trace.back)
        ways.append(("forward", call_packet(name), there))
        if back and back != there[::-1]:
            ways.append(("back", f"{call_packet(name)}: what came back", back))
    return ways


def _nodes(passages: Iterable[Passage]) -> tuple[str, ...]:
    """The nodes and switches that a packet crossed, each once per visit."""
    crossed: list[str] = []
    for passage in passages:
        node = passage.interface.partition(":")[0]
        if not crossed or crossed[-1] != node:
            crossed.append(node)
    return tuple(crossed)
