"""Paints the shop's pictures: `python3 paint.py` writes static/img/*.png.

The pictures are committed, so building an image needs no Python; run this again
after changing a motif. Only the standard library is used, and the grain is seeded:
the same program gives the same bytes.
"""

from __future__ import annotations

import math
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

WIDTH, HEIGHT = 360, 240
Colour = tuple[int, int, int]
Shape = tuple[Callable[[float, float], float], Colour]

INK: Colour = (24, 38, 58)
PAPER: Colour = (250, 246, 236)
COPPER: Colour = (214, 122, 58)
GLASS: Colour = (92, 178, 196)
SUN: Colour = (246, 196, 84)


def disc(x: float, y: float, radius: float) -> Callable[[float, float], float]:
    """The signed distance, in pixels, to a disc: negative inside."""
    return lambda px, py: math.hypot(px - x, py - y) - radius


def ring(x: float, y: float, radius: float, width: float) -> Callable[[float, float], float]:
    """The signed distance to a circle drawn with a pen of that width."""
    return lambda px, py: abs(math.hypot(px - x, py - y) - radius) - width / 2


def bar(
    x0: float, y0: float, x1: float, y1: float, width: float
) -> Callable[[float, float], float]:
    """The signed distance to a line with round ends."""
    dx, dy = x1 - x0, y1 - y0
    length2 = dx * dx + dy * dy

    def distance(px: float, py: float) -> float:
        along = max(0.0, min(1.0, ((px - x0) * dx + (py - y0) * dy) / length2))
        return math.hypot(px - x0 - along * dx, py - y0 - along * dy) - width / 2

    return distance


def box(x: float, y: float, half_w: float, half_h: float) -> Callable[[float, float], float]:
    """The signed distance to a box with slightly rounded corners."""
    corner = 6.0

    def distance(px: float, py: float) -> float:
        qx, qy = abs(px - x) - half_w + corner, abs(py - y) - half_h + corner
        return math.hypot(max(qx, 0), max(qy, 0)) + min(max(qx, qy), 0) - corner

    return distance


def cables() -> list[Shape]:
    colours = (COPPER, GLASS, SUN, PAPER)
    return [
        shape
        for n, colour in enumerate(colours)
        for shape in (
            (ring(180, 250, 70 + 34 * n, 16), colour),
            (ring(180, 250, 70 + 34 * n, 4), INK),
        )
    ]


def switches() -> list[Shape]:
    ports = [(box(88 + 37 * n, 128, 13, 13), INK) for n in range(6)]
    lights = [(disc(88 + 37 * n, 102, 4), SUN if n % 2 else GLASS) for n in range(6)]
    return [(box(180, 118, 126, 44), PAPER), *ports, *lights]


def radio() -> list[Shape]:
    waves = [(ring(180, 92, 30 + 26 * n, 6), GLASS) for n in range(4)]
    mast = [(bar(180, 92, 138, 236, 8), PAPER), (bar(180, 92, 222, 236, 8), PAPER)]
    return [*waves, *mast, (bar(156, 176, 204, 176, 6), PAPER), (disc(180, 92, 14), COPPER)]


def clocks() -> list[Shape]:
    marks = [
        (disc(180 + 74 * math.sin(n * math.pi / 6), 120 - 74 * math.cos(n * math.pi / 6), 4), INK)
        for n in range(12)
    ]
    hands = [(bar(180, 120, 180, 64, 7), INK), (bar(180, 120, 222, 142, 7), COPPER)]
    return [(disc(180, 120, 94), PAPER), (ring(180, 120, 94, 8), SUN), *marks, *hands]


def tools() -> list[Shape]:
    return [
        (bar(120, 196, 218, 98, 26), COPPER),
        (ring(236, 80, 30, 22), PAPER),
        (bar(236, 80, 272, 44, 20), INK),
        (bar(240, 196, 150, 106, 14), GLASS),
        (bar(150, 106, 118, 74, 7), PAPER),
        (disc(120, 196, 6), INK),
    ]


def books() -> list[Shape]:
    spines = [(GLASS, 70), (PAPER, 84), (COPPER, 62), (SUN, 78), (PAPER, 68)]
    shelf = [(box(100 + 38 * n, 206 - h, 16, h), colour) for n, (colour, h) in enumerate(spines)]
    bands = [(box(100 + 38 * n, 206 - 1.5 * h, 16, 7), INK) for n, (_, h) in enumerate(spines)]
    return [*shelf, *bands, (bar(60, 210, 300, 210, 8), INK)]


def paint(shapes: list[Shape], top: Colour, bottom: Colour, grain: random.Random) -> bytes:
    """The picture as rows of RGB, each opened by the PNG filter byte 0."""
    rows = bytearray()
    for y in range(HEIGHT):
        rows.append(0)
        share = y / HEIGHT
        for x in range(WIDTH):
            colour = [a + (b - a) * share for a, b in zip(top, bottom, strict=True)]
            for distance, ink in shapes:
                cover = max(0.0, min(1.0, 0.5 - distance(x, y)))
                colour = [a + (b - a) * cover for a, b in zip(colour, ink, strict=True)]
            noise = grain.choice((0, 0, 0, 0, 0, 3))
            rows += bytes(min(255, int(value) + noise) for value in colour)
    return bytes(rows)


def png(rows: bytes) -> bytes:
    """An 8-bit RGB image (PNG, second edition, section 5)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


PICTURES = {
    "cables": (cables, (38, 62, 92), (20, 34, 54)),
    "switches": (switches, (196, 104, 62), (126, 58, 40)),
    "radio": (radio, (26, 82, 98), (14, 44, 62)),
    "clocks": (clocks, (92, 74, 128), (48, 40, 78)),
    "tools": (tools, (70, 104, 84), (34, 60, 52)),
    "books": (books, (150, 82, 94), (84, 42, 62)),
}


def main() -> None:
    folder = Path(__file__).parent / "static" / "img"
    for name, (motif, top, bottom) in PICTURES.items():
        rows = paint(motif(), top, bottom, random.Random(name))
        (folder / f"{name}.png").write_bytes(png(rows))


if __name__ == "__main__":
    main()
