"""What a client waits for until a connection stands, as segments: DNS, TCP, TLS.

Their ends are packets at the client.
"""

from __future__ import annotations

from orchestrator.analysis.connections.handshake import read_handshake
from orchestrator.analysis.connections.peers import (
    answers_of,
    dissections_of,
    find_peer,
    how_many,
    in_words,
    is_syn,
)
from orchestrator.analysis.names.lookups import DnsExchange
from orchestrator.analysis.packets.frames import RST
from orchestrator.analysis.story import Connection, Story
from orchestrator.analysis.waits.segment import Path


def name_of_client(story: Story) -> str:
    """What a segment is called in which the client itself is at work."""
    return "browser" if story.visit.client == "chromium" else story.visit.client


def the_client(story: Story) -> str:
    """The same, at the start of a sentence."""
    return "The browser" if story.visit.client == "chromium" else story.visit.client


def wait_for_lookup(path: Path, story: Story, asked: list[DnsExchange], before_ns: int) -> None:
    """The questions that were asked from now on, and answered before the client went on."""
    begun_ns = path.now_ns
    mine = [e for e in asked if begun_ns <= e.asked_ns <= before_ns]
    answers = [e.answer.frame.time_ns for e in mine if e.answer]
    in_time = [time_ns for time_ns in answers if time_ns <= before_ns]
    if not in_time:
        return
    client = name_of_client(story)
    path.pause(mine[0].asked_ns, client, f"{the_client(story)} gets ready, and needs an address.")
    lost = sum(1 for e in mine if e.answer is None)
    again = f" {_queries(lost)} not answered and had to be repeated." if lost else ""
    names = in_words(dict.fromkeys(e.name for e in mine))
    if any(e.is_truncated for e in mine) and any(e.over_tcp for e in mine):
        again = f" What came over UDP is cut short, and is asked for again over TCP.{again}"
    whom = in_words(dict.fromkeys(str(e.server) for e in mine))
    path.until(
        max(in_time),
        "DNS",
        f"{story.client.name} asks {whom} for the address of {names}.{again}",
    )


def _queries(count: int) -> str:
    return "One query was" if count == 1 else f"{count} queries were"


def wait_for_connection(
    path: Path, story: Story, connection: Connection, asked: list[DnsExchange]
) -> None:
    """DNS, TCP and TLS, as far as they were not done before: of a connection that is used again
    nothing is left to wait for."""
    tried = [c for c in story.connections if path.now_ns <= c.opened_ns <= connection.opened_ns]
    same = [c for c in tried if c.server[1] == connection.server[1]]
    opened_ns = min([c.opened_ns for c in same] or [connection.opened_ns])
    wait_for_lookup(path, story, asked, opened_ns)
    vain = [c for c in same if not answers_of(c)]
    if vain:
        _wait_in_vain(path, story, vain, connection.opened_ns)
    _wait_for_tcp(path, story, connection)
    _wait_for_tls(path, story, connection)


def _wait_in_vain(path: Path, story: Story, vain: list[Connection], until_ns: int) -> None:
    client = name_of_client(story)
    path.pause(vain[0].opened_ns, client, f"{the_client(story)} opens a connection.")
    addresses = in_words(dict.fromkeys(str(c.frames[0].target_address) for c in vain))
    refused = any(f.has(RST) for c in vain for f in c.frames if not f.outbound)
    what = f"{addresses} {'refuses' if refused else 'does not answer'}"
    path.until(until_ns, "TCP in vain", f"{what}; the client then tries another address.")


def _wait_for_tcp(path: Path, story: Story, connection: Connection) -> None:
    answers = answers_of(connection)
    syns = [f for f in connection.frames if is_syn(f)]
    peer, client = find_peer(story, connection), name_of_client(story)
    path.pause(syns[0].time_ns, client, f"{the_client(story)} opens a connection.")
    end_ns = answers[0].time_ns if answers else connection.frames[-1].time_ns
    again = [f for f in syns[1:] if f.time_ns < end_ns]
    if again:
        told = f"The SYN to {peer.called} is not answered, and is sent again."
        path.until(again[-1].time_ns, "TCP: SYN lost", told)
    if answers:
        told = f"SYN and SYN-ACK: a round trip to {peer.called}."
        path.until(end_ns, "TCP", told)


def _wait_for_tls(path: Path, story: Story, connection: Connection) -> None:
    found = read_handshake(dissections_of(story, connection.frames))
    if found is None or found.answer is None:
        return
    peer = find_peer(story, connection)
    flight, finished = found.flight_end or found.answer, found.finished
    trips = how_many(found.round_trips, "round trip")
    what = "The session goes on" if found.is_resumed else "Keys and the certificate"
    path.until(flight.frame.time_ns, "TLS", f"{what}: TLS with {peer.called} takes {trips}.")
    if finished is not None and (found.is_decrypted or story.visit.error != "tls"):
        told = "The client makes its keys and ends the handshake."
        if found.certificate is not None:
            told = "The client checks the certificate, makes its keys and ends the handshake."
        path.until(finished.frame.time_ns, "TLS check", told)
