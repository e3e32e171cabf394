"""A host's clock is wrong: certificates are not valid yet, or no longer, to it alone.

Containers share the kernel's clock. What the host starts from now on is told another wall time by
a library that ld.so(8) loads into it (skewed_clock.c); time as it passes (CLOCK_MONOTONIC) is true.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

from orchestrator.errors import FaultError, Mistake
from orchestrator.faults.fault import Fault, Memo, Option, Options
from orchestrator.faults.scene import Scene
from orchestrator.files import replace_file
from orchestrator.plan.model import Plan

LIBRARY = Path(__file__).with_name("skewed_clock.so")
# The image links /etc/ld.so.preload to the second (images/client).
_OFFSET, _PRELOAD = "clock-offset", "ld.so.preload"
_WRITTEN = re.compile(r"([+-])(\d{1,9})(s|min|h|d)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_EARLIEST_S, _LATEST_S = 0, 2**32  # 1970 to 2106
_CLOSE_S = 10


def read_offset_s(text: str) -> int:
    """How many seconds a clock is ahead; negative: behind. Raises Mistake."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise Mistake(f"'{text}' is no offset of a clock", "write it like offset=+400d or -2h")
    offset_s = int(found[1] + found[2]) * _SECONDS[found[3]]
    if not _EARLIEST_S < time.time() + offset_s < _LATEST_S:
        raise Mistake(f"{text} leads out of the years 1970 to 2106")
    return offset_s


def _prepare(scene: Scene, target: str, options: Options) -> Memo:
    scene.running(target)
    if not LIBRARY.exists():
        raise FaultError(f"{LIBRARY.name} is not compiled", "install again: make lab")
    return {"node": target, "offset_s": read_offset_s(options["offset"])}


def _inject(scene: Scene, memo: Memo) -> None:
    node = memo["node"]
    target = scene.state.node_folder(node) / LIBRARY.name
    replace_file(target, LIBRARY.read_bytes(), mode=0o755)
    scene.rewrite(node, _OFFSET, f"{memo['offset_s']}\n")
    scene.rewrite(node, _PRELOAD, f"/lab/{LIBRARY.name}\n")


def _seen(scene: Scene, memo: Memo) -> str:
    ahead_s = int(scene.run(memo["node"], "date", "+%s")) - time.time()
    if abs(ahead_s - memo["offset_s"]) < _CLOSE_S:
        return ""
    return f"the clock of {memo['node']} is {ahead_s:.0f} s ahead"


def _heal(scene: Scene, memo: Memo) -> None:
    # First what names the library, or programs would complain that it is not there.
    scene.remove(memo["node"], _PRELOAD, _OFFSET, LIBRARY.name)


def _affects(plan: Plan, target: str) -> str:
    return (
        f"programs that {target} starts from now on: browsers and curl refuse certificates as "
        "expired or not yet valid; nobody else, and nothing that measures time"
    )


FAULT = Fault(
    name="clock-skew",
    about="A host's clock is wrong",
    target="host",
    targets=lambda plan: [node.name for node in plan.with_role("host")],
    affects=_affects,
    prepare=_prepare,
    inject=_inject,
    seen=_seen,
    heal=_heal,
    options=(Option("offset", "+400d", "how far it is ahead; -: behind", read_offset_s),),
)
