"""The walk through the tree of names: referrals, answers, what was known, and servers in ruins."""

from __future__ import annotations

from orchestrator.analysis.step import Step
from orchestrator.analysis.steps.dns_query import TELLER
from tests.unit.analysis.builders import Recording
from tests.unit.analysis.dns_frames import End, Record, answer, ask

NAME = "www.example.com"
ADDRESS: Record = (NAME, "A", 60, "198.18.5.9")
CLIENT, GATEWAY = ("laptop", "192.168.1.100"), ("home-gw", "192.168.1.1")
OUTSIDE, RESOLVER = ("home-gw", "198.18.1.3"), ("isp-resolver", "198.18.1.1")
ROOT, TLD, SERVER = ("root", "198.18.5.1"), ("tld-com", "198.18.5.3"), ("ns", "198.18.5.5")
GLUE: tuple[Record, ...] = (("ns1.nic.com", "A", 172800, "198.18.5.3"),)


def waiting(run: Recording) -> None:
    """The client asks, its gateway asks on."""
    ask(run, 0.0, CLIENT, GATEWAY, NAME, "A", identifier="0x0100")
    ask(run, 2.0, OUTSIDE, RESOLVER, NAME, "A", identifier="0x0101")


def refer(run: Recording, at_ms: float, server: End, child: str, name: str) -> None:
    ask(run, at_ms, RESOLVER, server, child, "NS")
    answer(
        run,
        at_ms + 3.0,
        server,
        RESOLVER,
        child,
        "NS",
        authority=((child, "NS", 172800, name),),
        additional=GLUE,
        flags="0x8000",
    )


def answered(run: Recording, at_ms: float) -> None:
    ask(run, at_ms, RESOLVER, SERVER, NAME, "A", identifier="0x0007")
    answer(
        run,
        at_ms + 3.0,
        SERVER,
        RESOLVER,
        NAME,
        "A",
        answers=(ADDRESS,),
        flags="0x8400",
        identifier="0x0007",
    )


def told(run: Recording) -> list[Step]:
    return list(TELLER.tell(run.story()))


def test_the_walk_from_the_root_to_the_zone() -> None:
    run = Recording()
    waiting(run)
    refer(run, 10.0, ROOT, "com", "ns1.nic.com")
    refer(run, 20.0, TLD, "example.com", "ns.example.com")
    answered(run, 30.0)
    root, tld, server = told(run)
    assert root.title == "root refers to the servers of com"
    assert root.as_expected
    assert root.expected == "com NS ns1.nic.com"
    assert "the root server a.root-servers.net" in root.told
    assert "198.18.5.3" in root.told
    assert "RFC 9156" in root.told
    assert tld.title == "tld-com refers to the servers of example.com"
    assert tld.as_expected
    assert server.title == f"ns answers: {NAME} is at 198.18.5.9"
    assert server.as_expected
    assert server.details["authoritative"] is True
    assert server.duration_ms == 4.0
    assert not any(step.saved for step in (root, tld, server))


def test_each_question_is_proved_at_both_ends() -> None:
    run = Recording()
    waiting(run)
    answered(run, 30.0)
    (step,) = told(run)
    assert [p.file for p in step.proofs] == [
        f"{n}.pcapng" for n in ("isp-resolver", "ns", "ns", "isp-resolver")
    ]
    assert "dns.a == 198.18.5.9" in step.proofs[-1].shows
    assert "dns.resp.ttl == 60" in step.proofs[-1].shows


def test_a_resolver_that_knows_the_zones_servers_begins_there() -> None:
    run = Recording()
    waiting(run)
    answered(run, 30.0)
    (step,) = told(run)
    assert step.saved.startswith("questions to the servers of the root and com")


def test_a_server_that_is_silent_and_one_that_refuses() -> None:
    run = Recording()
    waiting(run)
    ask(run, 10.0, RESOLVER, TLD, "example.com", "NS", identifier="0x0005", arrives=False)
    ask(run, 20.0, RESOLVER, SERVER, NAME, "A", identifier="0x0006")
    answer(run, 22.0, SERVER, RESOLVER, NAME, "A", flags="0x8005", identifier="0x0006")
    silent, refusing = told(run)
    assert silent.title == "tld-com does not answer about example.com"
    assert silent.as_expected is None
    assert refusing.title == f"ns gives no answer about {NAME}: REFUSED"
    assert refusing.as_expected is False


def test_a_referral_to_others_than_the_plans_is_not_as_expected() -> None:
    run = Recording()
    waiting(run)
    refer(run, 10.0, ROOT, "com", "evil.example.net")
    assert told(run)[0].as_expected is False


def test_what_a_resolver_asks_while_nobody_waits_is_no_step_of_the_visit() -> None:
    run = Recording()
    waiting(run)
    answer(run, 5.0, RESOLVER, OUTSIDE, NAME, "A", answers=(ADDRESS,), identifier="0x0101")
    answered(run, 30.0)
    assert told(run) == []
