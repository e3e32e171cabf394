from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.analysis.hops.passage import Leg
from orchestrator.analysis.hops.trace import Account, Trace, account, trace_frame, trace_packets
from orchestrator.analysis.packets.frames import ACK, ARP, RST, SYN, UDP, Frame
from orchestrator.plan.impairment import Impairment
from orchestrator.plan.model import Plan
from tests.unit.analysis.builders import VISIT
from tests.unit.analysis.tracing import (
    BEYOND,
    GATEWAY,
    HOME,
    LAPTOP,
    Way,
    Wires,
    edge,
    turned,
    wan,
)

PORT, OUTER = 40000, 61000
BACK: tuple[Way, Way] = (turned(BEYOND), turned(HOME))


def visited() -> Wires:
    return Wires(replace(VISIT, remote_address=edge()))


def send_out(wires: Wires, identity: int, at_ms: float, **headers: Any) -> list[Frame]:
    inside = wires.send(HOME, ((LAPTOP, PORT), (edge(), 443)), identity, at_ms, **headers)
    outer = ((wan(), OUTER), (edge(), 443))
    return inside + wires.send(BEYOND, outer, identity, at_ms + 2, **headers)


def send_back(wires: Wires, identity: int, at_ms: float, **headers: Any) -> list[Frame]:
    outer = ((edge(), 443), (wan(), OUTER))
    sent = wires.send(BACK[0], outer, identity, at_ms, **headers)
    ends = ((edge(), 443), (LAPTOP, PORT))
    return sent + wires.send(BACK[1], ends, identity, at_ms + 3, **headers)


def shake_hands(wires: Wires) -> None:
    send_out(wires, 1, 0, flags=SYN, seq=10)
    send_back(wires, 2, 10, flags=SYN | ACK, seq=90, ack=11)


def interfaces(trace: Trace) -> tuple[list[str], list[str]]:
    return [p.interface for p in trace.forward], [p.interface for p in trace.back]


def numbers(frames: list[Frame]) -> list[tuple[str, int]]:
    return [(f"{frame.node}.pcapng", frame.number) for frame in frames]


def test_a_syn_and_what_came_back_interface_by_interface() -> None:
    wires = visited()
    shake_hands(wires)
    trace = trace_packets(wires.story())["syn"]
    there = [f"{node}:{interface}" for node, interface, _ in (*HOME, *BEYOND)]
    assert interfaces(trace) == (there, there[::-1])
    assert trace.one_way_ns == 4_500_000
    assert "home-gw changes the source 192.168.1.100:40000" in trace.notes[0]
    assert f"to {wan()}:{OUTER} (NAT)" in trace.notes[0]
    assert "The way back is the same." in trace.notes


def test_passages_are_in_order_and_their_legs_leave_no_gap() -> None:
    wires = visited()
    shake_hands(wires)
    trace = trace_packets(wires.story())["syn"]
    for passages, legs in ((trace.forward, trace.forward_legs), (trace.back, trace.back_legs)):
        times = [passage.time_ns for passage in passages]
        assert times == sorted(times)
        assert [leg.start_ns for leg in legs] == times[:-1]
        assert [leg.end_ns for leg in legs] == times[1:]


def crossing(plan_ms: float, rate_bps: int | None, taken_ms: float, held_ms: float) -> list[Leg]:
    """The legs before and over the home's line: a frame of 66 bytes."""
    wires = visited()
    wires.plan = with_line(wires.plan, Impairment(delay_ms=plan_ms, rate_bps=rate_bps))
    ends = ((LAPTOP, PORT), (edge(), 443))
    wires.send(HOME, ends, 1, 0, flags=SYN, seq=10)
    outer = ((wan(), OUTER), (edge(), 443))
    wires.send(BEYOND[:1], outer, 1, 1.5 + held_ms, flags=SYN, seq=10)
    wires.send(BEYOND[1:2], outer, 1, 1.5 + held_ms + taken_ms, flags=SYN, seq=10)
    return list(trace_packets(wires.story())["syn"].forward_legs[-2:])


def with_line(plan: Plan, impairment: Impairment) -> Plan:
    link = plan.links["isp--home-gw"]
    return replace(plan, links={**plan.links, link.name: replace(link, ba=impairment)})


def parts(leg: Leg) -> tuple[str, str, float, float, float]:
    times = (leg.propagation_ms, leg.serialisation_ms, leg.queueing_ms)
    return (leg.kind, leg.name, *(round(time, 6) for time in times))


def test_the_time_on_a_link_is_propagation_serialisation_and_the_rest() -> None:
    held, crossed = crossing(2.0, 1_000_000, taken_ms=5.0, held_ms=1.0)
    assert parts(held) == ("node", "home-gw", 0, 0, 0)
    assert held.duration_ms == 1.0
    assert parts(crossed) == ("link", "isp--home-gw", 2.0, 0.528, 2.472)


def test_where_netem_delays_a_frame_before_it_is_seen_to_leave_the_node_has_the_delay() -> None:
    held, crossed = crossing(2.0, 1_000_000, taken_ms=0.01, held_ms=2.628)
    assert parts(held) == ("node", "home-gw", 2.0, 0.528, 0.1)
    assert parts(crossed) == ("link", "isp--home-gw", 0, 0, 0.01)


def test_a_link_quicker_than_planned_is_said_to_be() -> None:
    held, crossed = crossing(2.0, None, taken_ms=0.5, held_ms=0.1)
    assert parts(held) == ("node", "home-gw", 0, 0, 0)
    assert parts(crossed) == ("link", "isp--home-gw", 2.0, 0, -1.5)


def test_of_a_syn_that_was_lost_the_one_that_arrived_is_traced() -> None:
    wires = visited()
    lost = wires.send(HOME, ((LAPTOP, PORT), (edge(), 443)), 1, 0, flags=SYN, seq=10)
    wires.send(BEYOND[:1], ((wan(), OUTER), (edge(), 443)), 1, 2, flags=SYN, seq=10)
    again = send_out(wires, 3, 1_000, flags=SYN, seq=10)
    send_back(wires, 2, 1_010, flags=SYN | ACK, seq=90, ack=11)
    story = wires.story()
    trace = trace_packets(story)["syn"]
    assert [(p.file, p.number) for p in trace.forward] == numbers(again)
    assert (
        "laptop had sent it 1000.0 ms before (frame 0): lost between home-gw:wan and isp:eth2."
        in (trace.notes)
    )
    given = trace_frame(story, lost[0])
    assert len(given.forward) == 5
    assert "It was lost between home-gw:wan and isp:eth2." in given.notes


@pytest.mark.parametrize("flags", [SYN | ACK, RST | ACK])
def test_what_answers_a_syn_may_refuse_it(flags: int) -> None:
    wires = visited()
    send_out(wires, 1, 0, flags=SYN, seq=10)
    answer = send_back(wires, 2, 10, flags=flags, ack=11)
    trace = trace_packets(wires.story())["syn"]
    assert [(p.file, p.number) for p in trace.back] == numbers(answer)


def test_a_syn_without_an_answer() -> None:
    wires = Wires()
    send_out(wires, 1, 0, flags=SYN, seq=10)
    trace = trace_packets(wires.story())["syn"]
    assert trace.back == ()
    assert "Nothing that answers it came back to laptop." in trace.notes


def test_another_way_back_is_told_with_its_nodes() -> None:
    wires = visited()
    send_out(wires, 1, 0, flags=SYN, seq=10)
    aside: Way = (("isp", "eth1", True), ("isp-resolver", "eth0", False))
    around = turned(BEYOND)[:4] + aside + turned(aside) + turned(BEYOND)[4:]
    outer = ((edge(), 443), (wan(), OUTER))
    wires.send(around, outer, 2, 10, flags=SYN | ACK, seq=90, ack=11)
    wires.send(BACK[1], ((edge(), 443), (LAPTOP, PORT)), 2, 20, flags=SYN | ACK, seq=90, ack=11)
    notes = trace_packets(wires.story())["syn"].notes
    assert (
        "The way back from edge to laptop is another one: only the way back crosses isp-resolver. "
        "Both cross isp, cloud."
    ) in notes


def query(identifier: int, name: str = "www.example.com", *, answer: bool = False) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    flags = b"\x81\x80" if answer else b"\x01\x00"
    return identifier.to_bytes(2) + flags + bytes(8) + labels + b"\0\0\x01\0\x01"


def test_a_dns_query_goes_on_at_the_gateway_which_asks_for_it() -> None:
    wires = visited()
    inner, outer = ((LAPTOP, 5000), (GATEWAY, 53)), ((wan(), 6000), (edge(), 53))
    asked = wires.send(HOME, inner, 1, 0, protocol=UDP, payload=query(1, "WWW.example.com"))
    wires.saw("home-gw", 2, interface="wan", ethertype=ARP)
    other = query(3, "other.example.com")
    wires.send(BEYOND, ((wan(), 6001), (edge(), 53)), 9, 2, protocol=UDP, payload=other)
    asks = wires.send(BEYOND, outer, 2, 4, protocol=UDP, payload=query(2))
    told = query(2, answer=True)
    answers = wires.send(BACK[0], outer[::-1], 3, 10, protocol=UDP, payload=told)
    told = query(1, answer=True)
    answer = wires.send(BACK[1], inner[::-1], 4, 14, protocol=UDP, payload=told)
    trace = trace_packets(wires.story())["dns-query"]
    assert [(p.file, p.number) for p in trace.forward] == numbers(asked + asks)
    assert [(p.file, p.number) for p in trace.back] == numbers(answers + answer)
    assert [(leg.kind, leg.name) for leg in trace.forward_legs][3] == ("proxy", "home-gw")
    assert trace.notes[0] == (
        f"home-gw goes on with a packet of its own to {edge()}:53, 2.5 ms after it was asked "
        "(known by the same question). It had to ask for the MAC address of its next neighbour "
        "first."
    )


def hello(kind: int) -> bytes:
    return bytes((22, 3, 1, 0, 9, kind)) + bytes(8)


def test_a_client_hello_and_the_server_hello() -> None:
    wires = visited()
    shake_hands(wires)
    asks = send_out(wires, 5, 20, seq=11, payload=hello(1))
    send_back(wires, 6, 30, seq=91, ack=25)
    answers = send_back(wires, 7, 31, seq=91, ack=25, payload=hello(2))
    trace = trace_packets(wires.story())["client-hello"]
    assert [(p.file, p.number) for p in trace.forward] == numbers(asks)
    assert [(p.file, p.number) for p in trace.back] == numbers(answers)


REQUEST = {"http.request.method": "GET", "http.request.uri": "/", "tcp.stream": "0"}
RESPONSE = {"http.response.code": "200", "tcp.stream": "0"}
IDENTIFIED = "X-Request-Id: abc\\r\\n"
UPSTREAM: Way = (
    ("edge", "eth0", True),
    ("cloud", "eth5", False),
    ("cloud", "eth4", True),
    ("shop-lb", "eth0", False),
)


def ask_through_edge(wires: Wires, answered_ms: float = 50) -> dict[str, list[Frame]]:
    """A request that the edge hands on to the balancer, and answers then or before."""
    shake_hands(wires)
    balancer = str(wires.plan.nodes["shop-lb"].address)
    ends = ((edge(), 7000), (balancer, 80))
    upstream = {"tcp.stream": "1"}
    asks = {**REQUEST, **upstream, "http.request.line": IDENTIFIED}
    answers = {**RESPONSE, **upstream}
    answered = {**RESPONSE, "http.response.line": IDENTIFIED}
    return {
        "request": send_out(wires, 5, 20, seq=11, payload=b"GET", fields=REQUEST),
        "asks": wires.send(UPSTREAM, ends, 6, 30, seq=1, payload=b"GET", fields=asks),
        "answers": wires.send(
            turned(UPSTREAM), ends[::-1], 7, 40, seq=1, payload=b"OK", fields=answers
        ),
        "response": send_back(
            wires, 8, answered_ms, seq=91, ack=14, payload=b"OK", fields=answered
        ),
        "ack": send_out(wires, 9, 60, seq=14, ack=93),
    }


def test_a_request_goes_on_at_the_proxy_that_does_not_know() -> None:
    wires = visited()
    sent = ask_through_edge(wires)
    trace = trace_packets(wires.story())["request"]
    assert [(p.file, p.number) for p in trace.forward] == numbers(sent["request"] + sent["asks"])
    assert [(p.file, p.number) for p in trace.back] == numbers(sent["answers"] + sent["response"])
    assert ("proxy", "edge") in [(leg.kind, leg.name) for leg in trace.forward_legs]
    notes = " ".join(trace.notes)
    assert "edge goes on with a packet of its own to" in notes
    assert "5.5 ms after it was asked (known by x-request-id abc)" in notes
    assert "edge waits 11.5 ms for the answer, and answers in turn 8.5 ms after that." in notes


def test_what_an_edge_updates_behind_its_answer_is_not_where_a_request_goes_on() -> None:
    wires = visited()
    sent = ask_through_edge(wires, answered_ms=25)
    trace = trace_packets(wires.story())["request"]
    assert [(p.file, p.number) for p in trace.forward] == numbers(sent["request"])
    assert [(p.file, p.number) for p in trace.back] == numbers(sent["response"])


def test_the_first_byte_comes_from_who_made_it_and_is_acknowledged() -> None:
    wires = visited()
    sent = ask_through_edge(wires)
    trace = trace_packets(wires.story())["first-byte"]
    assert [(p.file, p.number) for p in trace.forward] == numbers(
        sent["answers"] + sent["response"]
    )
    assert [(p.file, p.number) for p in trace.back] == numbers(sent["ack"])


def test_a_visit_in_which_nothing_was_captured_has_no_traces() -> None:
    story = visited().story()
    assert trace_packets(story) == {}
    assert account(story) == Account()


def test_every_packet_of_the_connections_is_accounted_for() -> None:
    wires = visited()
    shake_hands(wires)
    outer = ((edge(), 443), (wan(), OUTER))
    wires.send(BACK[0][:5], outer, 20, 100, payload=b"lost", seq=91)
    wires.send(HOME, ((LAPTOP, 9), (GATEWAY, 53)), 21, 100, protocol=UDP, payload=query(1))
    found = account(wires.story())
    assert (found.packets, found.matched) == (3, 2)
    assert found.share == 2 / 3
    assert found.lost == (
        f"frame 0, {edge()}:443 to {wan()}:{OUTER}, 4 bytes: lost between isp:eth2 and home-gw:wan",
    )


def test_a_frame_of_any_node_is_traced_and_an_ack_asks_for_nothing() -> None:
    wires = visited()
    shake_hands(wires)
    sent = send_out(wires, 5, 20, seq=11, ack=91)
    trace = trace_frame(wires.story(), sent[6])
    assert trace.packet == f"isp:{sent[6].number}"
    assert [(p.file, p.number) for p in trace.forward] == numbers(sent)
    assert trace.back == ()
    assert not any("came back" in note for note in trace.notes)
