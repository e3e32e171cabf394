"""Reading what BIRD answers; the words are those of BIRD 2.17."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from orchestrator.plan.health import TcpCheck
from orchestrator.runtime.daemons import health
from orchestrator.runtime.daemons.health import NotYet, ask, established, prefixes, shut_down
from orchestrator.runtime.engine.containers import Container

PROTOCOLS = """\
2002-Name       Proto      Table      State  Since         Info
1002-device1    Device     ---        up     03:24:26.651  \n\
 up4        BGP        ---        up     03:24:27.012  Established   \n\
 up6        BGP        ---        start  03:24:26.651  Active        Socket: Connection refused
 idle       BGP        ---        start  03:24:26.651  Idle          \n\
 off        BGP        ---        down   03:24:26.651
 cache      RPKI       ---        up     03:24:26.651  Established
 stale      RPKI       ---        start  03:24:26.651  Transport-Error
 bfd1       BFD        ---        up     03:24:26.651  \n\
0000 \n\
"""
ROUTES = """\
1007-Table master4:
 198.18.64.0/18       unicast [to_up4 03:24:27.012] * (100) [AS64501i]
\tvia 198.19.0.2 on eth0
 198.18.0.0/18        unreachable [originated 03:24:26.651] * (200)
 \n\
 Table master6:
 3fff:1::1:2:3:4/128  unicast [interior 03:24:26.651] * I (150/10) [10.0.0.1]
1007-3fff:2:0:3:4:5:6:7/128 unreachable [originated 03:24:26.651] * (200)
 \tvia fe80::1/64 on eth0
0000 \n\
"""


def test_sessions_are_up_with_neighbours_and_with_rtr_servers() -> None:
    assert established(PROTOCOLS) == {"up4", "cache"}


def test_a_session_that_a_limit_shut_is_down_and_does_not_try_again() -> None:
    told = "Automatic shutdown: Route limit exceeded"
    tripped = f" to_down    BGP        ---        down   08:47:56.064  {told}\n"
    assert shut_down(PROTOCOLS.replace("0000 \n", f"{tripped}0000 \n")) == {"off", "to_down"}


def test_an_rtr_session_is_told_when_its_news_have_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a minute, for as long as a round trip takes, it is no session that is established."""
    row = "1002-rtr_rpki   RPKI       ---        up     20:15:01.000  {}\n0000 \n"
    answers = [row.format(state) for state in ("Sync-Start", "Sync-Running", "Established")]
    monkeypatch.setattr(health, "bird", lambda container, command: answers.pop(0))
    assert established(health.protocols(Container("", "", 0, True, ""))) == {"rtr_rpki"}
    assert answers == []


def test_an_answer_without_protocols_has_no_sessions() -> None:
    assert established("9001 syntax error\n") == set()
    assert established("") == set()


def test_prefixes_of_every_table_and_nothing_else() -> None:
    expected = [
        "198.18.64.0/18",
        "198.18.0.0/18",
        "3fff:1:0:0:1:2:3:4/128",
        "3fff:2:0:3:4:5:6:7/128",
    ]
    assert prefixes(ROUTES) == {str(ip_network(prefix)) for prefix in expected}


def test_an_error_has_no_prefixes() -> None:
    assert prefixes("9001 syntax error\n") == set()


NODE, CHECK = Container("", "shop-lb", 0, True, ""), TcpCheck(ip_address("198.18.0.1"), 80)
Answers = Callable[..., list[str]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Ask a node that answers so, one after the other; what was said, and what was left unasked."""

    def answers(*errors: Exception | None, tries: int) -> list[str]:
        left = list(errors)

        def asker(check: TcpCheck, container: Container, ca: Path) -> None:
            if error := left.pop(0):
                raise error

        monkeypatch.setitem(health._ASKERS, TcpCheck, asker)
        return [ask(CHECK, NODE, Path(), tries), *map(str, left)]

    return answers


def test_a_node_that_is_late_once_is_not_ill(asked: Answers) -> None:
    """On a busy machine a node was ill in `lab status` that answered well a moment later."""
    assert asked(TimeoutError("timed out"), None, tries=2) == [""]


def test_a_node_that_stays_silent_is_ill(asked: Answers) -> None:
    assert asked(TimeoutError("timed out"), TimeoutError("timed out"), tries=2) == [
        "tcp: no answer in time"
    ]
    assert asked(TimeoutError("timed out"), None, tries=1) == ["tcp: no answer in time", "None"]


def test_an_answer_counts_the_first_time(asked: Answers) -> None:
    refused = ConnectionRefusedError(111, "Connection refused")
    assert asked(refused, None, tries=2) == ["tcp: Connection refused", "None"]
    assert asked(NotYet("dns: no answers"), None, tries=2) == ["dns: no answers", "None"]
