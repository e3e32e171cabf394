"""The profile that a run's captures are read with: Wireshark's own files, made for its plan.

What is the same for every lab stands in the templates; of the plan are the colours of ASes, the
names of interfaces, and the ports that HTTP is spoken at. The names of addresses are in the
captures themselves, which are right whatever lab the profile was made for last.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from orchestrator.plan.legend import http_ports, mac_names
from orchestrator.plan.model import Plan
from orchestrator.render.main import environment

FILES = (
    "preferences",
    "recent",
    "dfilter_buttons",
    "colorfilters",
    "ethers",
    "decode_as_entries",
)
COLOURS_AT_MOST = 32
"""ASes that get one, the first of the plan: more can neither be told apart nor are they free, for
Wireshark tries one rule after the other on each frame."""

_GREY = (58000, 58000, 58000)
# Hues a golden section of the circle apart, so that few are far apart and none comes back.
_FIRST_HUE, _HUE_STEP, _LIGHTNESS, _SATURATION = 0.58, 0.618034, 0.86, 0.75


@dataclass(frozen=True)
class Group:
    """Nodes and switches of one colour: what it is called, their names, and red, green and blue
    from 0 to 65535."""

    name: str
    members: tuple[str, ...]
    background: tuple[int, ...]


def render_profile(plan: Plan | None, deinterlaces: bool) -> dict[str, str]:
    """The files of the profile: name → text. What is of the plan is not in it without one.

    ``deinterlaces`` says that the Wireshark that reads it tells apart what several interfaces
    saw: one that does not would take most of a merged capture for retransmissions.
    """
    known = {
        "deinterlaces": deinterlaces,
        "groups": list(_groups(plan)) if plan else [],
        "macs": mac_names(plan) if plan else {},
        "http_ports": http_ports(plan) if plan else (),
    }
    templates = {name: environment().get_template(f"wireshark/{name}") for name in FILES}
    return {name: template.render(known) for name, template in templates.items()}


def _groups(plan: Plan) -> Iterator[Group]:
    """The switches of exchange points, then an AS after the other."""
    ixps = [switch.name for switch in plan.switches.values() if switch.is_ixp]
    if ixps:
        yield Group("exchange points", tuple(ixps), _GREY)
    for place, system in enumerate(islice(plan.systems.values(), COLOURS_AT_MOST)):
        nodes = tuple(node.name for node in plan.nodes.values() if node.asn == system.asn)
        if nodes:
            yield Group(f"{system.name} (AS {system.asn})", nodes, _colour(place))


def _colour(place: int) -> tuple[int, ...]:
    channels = colorsys.hls_to_rgb((_FIRST_HUE + place * _HUE_STEP) % 1, _LIGHTNESS, _SATURATION)
    return tuple(round(65535 * channel) for channel in channels)
