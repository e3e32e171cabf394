"""What links make of packets: copies, and damage. Every packet is accounted for as what it was."""

from __future__ import annotations

from orchestrator.analysis.hops.account import Account, account
from orchestrator.analysis.packets.copies import is_told_apart
from orchestrator.analysis.packets.frames import ACK, FIN, SYN, Frame
from tests.unit.analysis.tracing import BEYOND, HOME, LAPTOP, Way, Wires, edge, wan

OUT = ((LAPTOP, 40000), (edge(), 443))
TRANSLATED = ((wan(), 61000), (edge(), 443))
# From behind the line, where a copy or a damaged frame is seen first.
BEHIND = BEYOND[1:]


def opened() -> Wires:
    """A SYN that went all the way: whose packets are counted."""
    wires = Wires()
    wires.send(HOME, OUT, 1, 0, flags=SYN)
    wires.send(BEYOND, TRANSLATED, 1, 10, flags=SYN)
    return wires


def sent(wires: Wires, identity: int, at_ms: float, beyond: Way = BEYOND) -> list[Frame]:
    inside = wires.send(HOME, OUT, identity, at_ms, payload=b"q")
    return inside + wires.send(beyond, TRANSLATED, identity, at_ms + 3, payload=b"q")


def damaged(wires: Wires, at_ms: float, way: Way = BEHIND, bit: int = 300, **headers: int) -> Frame:
    """What the line made of the packet sent then: one bit is another, and so its identity."""
    node, interface, _ = way[0]
    clean = wires.story().frames_of("home-gw")[-1].captured.data
    data = bytearray(clean)
    data[bit // 8] ^= 1 << bit % 8
    return wires.saw(
        *(node, at_ms + 3.5),
        **{"interface": interface, "out": False, "source": wan(), "target": edge()},
        **{"ports": (61000, 443), "protocol": 6, "flags": ACK, "data": bytes(data)},
        **{"identity": 99, "payload": b"q", **headers},
    )


def counts(found: Account) -> tuple[int, int, int, int, int]:
    """How many matched, lost, damaged, copies, unseen, which are all there are."""
    told = (len(found.lost), len(found.damaged), len(found.copies))
    assert found.packets == found.matched + sum(told) + found.unseen
    return found.matched, *told, found.unseen


def test_a_copy_that_a_link_made_is_told_as_a_copy() -> None:
    """Of 387 packets, 325 matched, none were lost, and 62 were not accounted for."""
    wires = opened()
    sent(wires, 7, 100)
    wires.send(BEHIND, TRANSLATED, 7, 103.6, payload=b"q")
    found = account(wires.story())
    assert counts(found) == (2, 0, 0, 1, 0)
    assert found.copies[0].endswith("1 bytes: copied between home-gw:wan and isp:eth2")


def test_a_copy_made_before_the_capture_sees_what_leaves_is_one_too() -> None:
    """The kernel's netem copies in the queue of the sender's own interface."""
    wires = opened()
    wires.send(HOME, OUT, 7, 100, payload=b"q")
    wires.send(BEYOND, TRANSLATED, 7, 103, payload=b"q")
    wires.send(BEYOND, TRANSLATED, 7, 103.01, payload=b"q")
    stamped = wires.story()
    assert not any(is_told_apart(frame) for frame in stamped.frames_of("home-gw"))
    # Without timestamp or identification nobody can know: it may have been sent again.
    assert counts(account(stamped))[3] == 0


def test_a_damaged_packet_was_not_lost() -> None:
    wires = opened()
    clean = sent(wires, 7, 100, BEYOND[:1])
    came = damaged(wires, 100)
    story = wires.story()
    track = story.tracks.of(clean[0])
    assert track.lost == "to damage between home-gw:wan and isp:eth2"
    assert track.damaged
    assert not track.arrived
    assert track.last == came
    assert story.tracks.is_damaged(came)
    assert not story.tracks.is_damaged(clean[-1])
    found = account(story)
    assert counts(found) == (1, 0, 1, 0, 0)


def test_a_damaged_packet_may_go_all_the_way_and_is_taken_by_nobody() -> None:
    wires = opened()
    sent(wires, 7, 100, BEYOND[:1])
    damaged(wires, 100)
    data = wires.story().frames_of("isp")[-1].captured.data
    for place, (node, interface, out) in enumerate(BEHIND[1:]):
        wires.saw(
            *(node, 104 + place / 2),
            **{"interface": interface, "out": out, "source": wan(), "target": edge()},
            **{"ports": (61000, 443), "protocol": 6, "identity": 99, "data": data},
        )
    story = wires.story()
    assert counts(account(story)) == (1, 0, 1, 0, 0)
    (arrived, late) = [f for f in story.frames_of("edge") if not f.outbound]
    assert not story.tracks.is_damaged(arrived)
    assert story.tracks.is_damaged(late)


def test_damage_where_nothing_else_is_looked_at_shows_in_the_bytes() -> None:
    """A bit of the checksum: all that packets are known by is as it was."""
    wires = opened()
    sent(wires, 7, 100, BEYOND[:1])
    damaged(wires, 100, identity=7)
    assert counts(account(wires.story())) == (1, 0, 1, 0, 0)


def test_a_damaged_copy_is_a_copy() -> None:
    wires = opened()
    sent(wires, 7, 100)
    damaged(wires, 100.1)
    assert counts(account(wires.story())) == (2, 0, 0, 1, 0)


def test_what_arrives_and_was_not_captured_before_is_not_left_out() -> None:
    wires = opened()
    wires.send(BEHIND, TRANSLATED, 8, 200, flags=FIN | ACK)
    assert counts(account(wires.story())) == (1, 0, 0, 0, 1)
