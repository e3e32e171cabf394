"""What carries a link, and how its impairments are put in force and seen to be.

veth   nothing is impaired: plain kernel links, at full speed
netem  the kernel impairs (runtime/links/netem.py); kernels that have it, for what it can express
wire   one process of ours impairs (runtime/wire/); every kernel
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from orchestrator.errors import FaultError
from orchestrator.plan.impairment import Bernoulli, GilbertElliott, Impairment, Nth
from orchestrator.runtime.links.netem_options import can_express
from orchestrator.runtime.links.state import DIRECTIONS, Backend, LinkState
from orchestrator.runtime.network.namespaces import CLONE_NEWNET, unshare
from orchestrator.runtime.wire.process import WireControl

# Which backend impairs, where the choice is to be taken from the kernel: "netem" or "wire".
CHOICE = "CLICKLAB_LINKS"


def impairing_backend() -> Backend:
    """What impairs links on this kernel: netem if it has it, unless the user chose."""
    chosen = os.environ.get(CHOICE, "")
    if chosen in ("netem", "wire"):
        return "netem" if chosen == "netem" else "wire"
    return "netem" if kernel_has_netem() else "wire"


def kernel_has_netem() -> bool:
    """Tried, not guessed: in a namespace that a thread takes with it when it ends."""
    answers: list[bool] = []
    prober = threading.Thread(target=lambda: answers.append(_try_netem()))
    prober.start()
    prober.join()
    return answers == [True]


def _try_netem() -> bool:
    unshare(CLONE_NEWNET)
    with IPRoute() as socket:
        try:
            socket.tc("add", "netem", index=1, delay=1000)
        except NetlinkError:
            return False
    return True


def choose_backend(impairing: Backend, *impairments: Impairment) -> Backend:
    """What carries a link with these impairments, where ``impairing`` is what the kernel offers."""
    if all(impairment.is_none for impairment in impairments):
        return "veth"
    if impairing == "netem" and all(map(can_express, impairments)):
        return "netem"
    return "wire"


def wire_settings(impairment: Impairment) -> dict[str, int | str]:
    """An impairment in the words of `wire` (runtime/wire/commands.h): ns, ppb, bit/s."""
    queue = impairment.queue
    return {
        "delay_ns": round(impairment.delay_ms * 1e6),
        "jitter_ns": round(impairment.jitter_ms * 1e6),
        "distribution": impairment.distribution,
        "correlation_ppb": _ppb(impairment.correlation),
        "loss": _wire_loss(impairment),
        "reorder_ppb": _ppb(impairment.reorder),
        "duplicate_ppb": _ppb(impairment.duplicate),
        "corrupt_ppb": _ppb(impairment.corrupt),
        "rate_bps": impairment.rate_bps or 0,
        "limit": f"{queue.counted}:{queue.length}",
    }


def _wire_loss(impairment: Impairment) -> str:
    match impairment.loss:
        case Bernoulli(probability, correlation):
            return f"bernoulli:{_ppb(probability)},{_ppb(correlation)}"
        case GilbertElliott(p, r, good, bad):
            return f"gilbert:{','.join(str(_ppb(share)) for share in (p, r, good, bad))}"
        case Nth(n):
            return f"nth:{n}"
    return "none"


def _ppb(share: float) -> int:
    return round(share * 1e9)


def impair_wire(control: WireControl, name: str, link: LinkState) -> None:
    """Set both directions of a link, and see in what `wire` shows that it took."""
    if link.ab == link.ba:
        shown = control.set(name, "both", **wire_settings(link.ab))
    else:
        control.set(name, "ab", **wire_settings(link.ab))
        shown = control.set(name, "ba", **wire_settings(link.ba))
    for direction in DIRECTIONS:
        verify(name, direction, wire_settings(link.impairments[direction]), shown[direction])


def verify(name: str, direction: str, wanted: Mapping[str, Any], shown: Mapping[str, Any]) -> None:
    """Raise FaultError where `wire` shows something else than was asked for."""
    seen = shown["parameters"]
    missed = [key for key, value in wanted.items() if seen.get(key) != value]
    if missed:
        listed = ", ".join(f"{key}={wanted[key]} (has {seen.get(key)})" for key in missed)
        raise FaultError(f"link {name}, {direction}: did not take: {listed}")
