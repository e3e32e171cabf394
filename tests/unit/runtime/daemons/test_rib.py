"""Reading BIRD's routes and sessions; the words are those of BIRD 2.17 in the default lab."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address, ip_network

from orchestrator.runtime.daemons.rib import RibHop, read_routes
from orchestrator.runtime.daemons.sessions import (
    Session,
    read_adjacencies,
    read_bfd,
    read_count,
    read_sessions,
)

BORDER = """\
1007-Table master4:
 198.19.251.0/24      unicast [ix_fra_swift_fra 03:39:43.749] * (100) [AS64530i]
 \tvia 198.19.255.2 on eth4
1008-\tType: BGP univ
1012-\tBGP.origin: IGP
 \tBGP.as_path: 64530
 \tBGP.next_hop: 198.19.255.2
 \tBGP.local_pref: 200
 \tBGP.large_community: (64530, 1, 0) (64501, 1, 2)
1007-                     unicast [ix_fra_rs 03:39:43.750 from 198.19.255.254] (100-) [AS64530i]
 \tvia 198.19.255.2 on eth4
1008-\tType: BGP univ
1012-\tBGP.origin: IGP
 \tBGP.as_path: 64530
 \tBGP.next_hop: 198.19.255.2
 \tBGP.local_pref: 190
 \tBGP.community: (65535,65281)
 \tBGP.large_community: (64530, 1, 0) (64501, 1, 2)
0000 \n\
"""
INSIDE = """\
1007-Table master4:
 198.18.24.0/22       unicast [ibgp_pampas_chi 03:39:19.201 from 198.18.4.2] * (100/114) [AS64540i]
 \tvia 198.18.10.3 on eth0 weight 1
 \tvia 198.18.10.5 on eth1 weight 1
1008-\tType: BGP univ
1012-\tBGP.origin: IGP
 \tBGP.as_path: 64540
 \tBGP.next_hop: 198.18.4.2
 \tBGP.med: 10
 \tBGP.local_pref: 300
 \tBGP.originator_id: 198.18.8.6
 \tBGP.cluster_list: 198.18.8.7 198.18.8.5
0000 \n\
"""
OTHERS = """\
1007-Table master6:
 3fff:2:c000::/56     unicast [interior6 03:39:19.557] * E2 (150/109/10000) [198.18.8.1]
 \tvia fe80::4c:ff:fe0a:4 on eth1 weight 1
1008-\tType: OSPF-E2 univ
1012-\tOSPF.metric1: 109
 \tOSPF.metric2: 10000
 3fff:2:8000::2/127   unicast [interior6 03:39:19.557] * I (150/10) [198.18.8.1]
 \tdev eth0
1008-\tType: OSPF univ
1007-3fff:2:0:3:4:5:6:7/128 unreachable [originated6 03:39:12.445] * (200)
1008-\tType: static univ
1007-                     unicast [to_isp_v6 03:39:12.445] (100/?) [i]
1008-\tType: BGP univ
1012-\tBGP.as_path: \n\
 \tBGP.next_hop: 2001:db8::2 fe80::4c:ff:fe13:2
0000 \n\
"""
PROTOCOLS = """\
2002-Name       Proto      Table      State  Since         Info
1002-device1    Device     ---        up     03:39:12.466  \n\
1006-
1002-rtr_rpki   RPKI       ---        start  03:39:12.466  Transport-Error
1006-  Cache server:     198.18.17.19
   Status:           Transport-Error
   Channel roa4
     State:          DOWN
 \n\
1002-interior4  OSPF       master4    up     03:39:12.466  Running
1006-  Channel ipv4
     State:          UP
     Routes:         4 imported, 0 exported, 4 preferred
 \n\
1002-ibgp_dal   BGP        ---        up     03:39:18.741  Established   \n\
1006-  Description:    stratus-dal, inside AS 64540
   BGP state:          Established
     Neighbor address: 198.18.24.2
     Session:          internal multihop AS4
   Channel ipv4
     State:          UP
     Routes:         10 imported, 1 exported, 9 preferred
     Route change stats:     received   rejected   filtered    ignored   accepted
       Import updates:             12          0          0          0         12
 \n\
1002-to_chi     BGP        ---        start  03:54:12.050  Active        Socket: Connection refused
1006-  Description:    pampas-chi, our provider
   BGP state:          Active
     Connect delay:    0.655/1
     Last error:       Socket: Connection refused
   Channel ipv4
     State:          DOWN
 \n\
1002-to_nyc     BGP        ---        down   03:54:12.050  \n\
1006-  BGP state:          Down
0000 \n\
"""
BFD = """\
1020-bfd1:
 IP address                Interface  State      Since         Interval  Timeout
 3fff:1:8000::f            eth1       Down       03:54:12.050    1.000    0.000
 198.18.26.1               eth0       Up         03:39:13.260    0.100    0.300
0000 \n\
"""
OSPF = """\
1013-interior4:
 Router ID   \tPri\t     State     \tDTime\tInterface  Router IP
 198.18.24.2 \t  1\tFull/PtP  \t 3.178\teth0       198.18.26.1
 \n\
 interior6:
 Router ID   \tPri\t     State     \tDTime\tInterface  Router IP
 198.18.24.2 \t  1\tExStart/PtP\t 3.178\teth0       fe80::4c:ff:fe16:0
0000 \n\
"""


def test_a_border_router_has_a_route_of_each_neighbour() -> None:
    best, other = read_routes(BORDER)
    assert best.prefix == other.prefix == ip_network("198.19.251.0/24")
    assert (best.best, best.session, best.local_pref) == (True, "ix_fra_swift_fra", 200)
    assert best.hops == (RibHop(ip_address("198.19.255.2"), "eth4"),)
    assert (other.best, other.session, other.local_pref) == (False, "ix_fra_rs", 190)
    assert other.teller == ip_address("198.19.255.254")
    assert best.as_path == other.as_path == (64530,)


def test_communities_are_read_both_plain_and_large() -> None:
    _, other = read_routes(BORDER)
    assert other.communities == ((65535, 65281), (64530, 1, 0), (64501, 1, 2))


def test_what_reflectors_wrote_on_a_route_is_read() -> None:
    (route,) = read_routes(INSIDE)
    assert (route.med, route.metric) == (10, 114)
    assert route.originator == IPv4Address("198.18.8.6")
    assert route.clusters == (IPv4Address("198.18.8.7"), IPv4Address("198.18.8.5"))
    assert [hop.interface for hop in route.hops] == ["eth0", "eth1"]


def test_routes_of_other_protocols_are_read() -> None:
    external, internal, static, unresolved = read_routes(OTHERS)
    assert (external.source, external.metric, external.session) == ("OSPF-E2", 109, "interior6")
    assert internal.hops == (RibHop(None, "eth0"),)
    assert (static.kind, static.source, static.preference) == ("unreachable", "static", 200)
    assert static.prefix == ip_network("3fff:2:0:3:4:5:6:7/128")
    assert (unresolved.metric, unresolved.as_path) == (None, ())
    assert unresolved.next_hop == ip_address("2001:db8::2")


def test_no_route_is_no_route() -> None:
    assert read_routes("8001 Network not found\n") == []


def test_sessions_are_told_with_what_they_carry() -> None:
    sessions = read_sessions(PROTOCOLS)
    assert list(sessions) == ["rtr_rpki", "ibgp_dal", "to_chi", "to_nyc"]
    up = Session("ibgp_dal", "BGP", "Established", "03:39:18.741", "", 10, 1, 9)
    assert sessions["ibgp_dal"] == up
    assert up.is_up


def test_a_session_that_is_down_says_why() -> None:
    sessions = read_sessions(PROTOCOLS)
    down = Session("to_chi", "BGP", "Active", "03:54:12.050", "Socket: Connection refused")
    assert sessions["to_chi"] == down
    assert not down.is_up
    assert sessions["rtr_rpki"].state == "Transport-Error"
    assert sessions["to_nyc"].state == "down"


def test_bfd_is_told_by_neighbour() -> None:
    assert read_bfd(BFD) == {ip_address("3fff:1:8000::f"): "Down", ip_address("198.18.26.1"): "Up"}


def test_ospf_neighbours_are_told_by_version() -> None:
    four, six = read_adjacencies(OSPF)
    assert (four.instance, four.interface, four.is_up) == ("interior4", "eth0", True)
    assert (six.instance, six.interface, six.is_up) == ("interior6", "eth0", False)


def test_roas_are_counted() -> None:
    assert read_count("1007-10 of 10 routes for 10 networks in table roas4\n0000 \n") == 10
    assert read_count("9001 No such table\n") == 0
