"""What happens before anything is started: reading files, refusing them, naming images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from orchestrator.errors import SpecError
from orchestrator.runtime.engine.images import IMAGES, image_tag, images_folder
from orchestrator.spec.load import parse
from tests.bench.figures import Figure
from tests.bench.running import seconds

_SYSTEM = "  isp{0}:\n    asn: {0}\n    at: Frankfurt\n    routers: [a, b]\n    peers:\n      - x\n"
_LINES = ("as:\n" + "".join(_SYSTEM.format(64500 + i) for i in range(50))).encode()


def measure() -> Iterator[Figure]:
    """The best of five each: the rest is what else the machine did."""
    yield Figure("300 lines of a topology read", 1e3 * _best(lambda: parse(_LINES, "f")), "ms", 15)
    yield Figure("ten megabytes of nesting refused", _best(_refuse), "s", 1)
    yield Figure("every shipped image named", _best(_name_images), "s", 0.5)


def _best(work: Callable[[], object]) -> float:
    return min(seconds(work) for _ in range(5))


def _refuse() -> None:
    with suppress(SpecError):
        parse(b"[" * 10_000_000, "f")


def _name_images() -> None:
    for kind in IMAGES:
        image_tag(kind, images_folder())
