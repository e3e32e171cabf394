"""The addresses that the plan has for the client, and whether it used them."""

from __future__ import annotations

from orchestrator.analysis.packets.frames import Frame
from orchestrator.analysis.story import Story
from orchestrator.plan.addresses import Address, Family, of_family
from orchestrator.plan.hops import leased_to


def planned_lease(story: Story, family: Family) -> Address | None:
    """What the client is to be given; None for a host whose addresses are static."""
    return next(iter(of_family(leased_to(story.client), family)), None)


def first_from(story: Story, address: Address) -> Frame | None:
    """The first frame that the client sent from an address."""
    frames = story.frames_of(story.client.name)
    return next((f for f in frames if f.outbound and f.source == address.packed), None)
