"""Reading what BIRD answers; the words are those of BIRD 2.17."""

from __future__ import annotations

from ipaddress import ip_network

from orchestrator.runtime.daemons.health import established, prefixes, shut_down

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
