"""One click on the default lab, step by step, as the packets tell it."""

from __future__ import annotations

import json

import pytest

from tests.e2e.conftest import AGGREGATOR, Run, RunningLab

URL = "https://www.example.com/"
HOST = "www.example.com"
A = "1"


# Over IPv4 alone the click has everything a click can have, NAT and ARP among it, and asks for
# one record: its walk of the tree is as short as can be. IPv6 is below, and in test_families.py.
@pytest.fixture(scope="module")
def warm(internet: RunningLab, cold: Run) -> Run:
    return internet.visited(URL, "-4")


def addresses(internet: RunningLab, node: str) -> set[str]:
    """Every address a node has, of both families."""
    plain = internet.plan()["nodes"][node]
    ports = [
        entry.split("/")[0] for port in plain["interfaces"] for entry in port.get("addresses", ())
    ]
    return {*ports, *plain.get("anycast", ()), *plain.get("loopbacks", ())}


def leased(internet: RunningLab, gateway: str) -> str:
    """The address that a gateway has from its ISP."""
    return str(internet.plan()["nodes"][gateway]["settings"]["wan"])


def test_the_visit_is_recorded(cold: Run) -> None:
    record = cold.record
    assert (record["status"], record["protocol"], record["error"]) == (200, "h2", None)
    assert record["url"] == URL
    for step in ("dns", "connect", "tls", "ttfb", "dom_content_loaded", "load"):
        assert record["timings_ms"][step] > 0, step
    assert len(record["resources"]) >= 8
    assert {resource["status"] for resource in record["resources"]} == {200}


def test_the_run_folder_is_whole(internet: RunningLab, cold: Run) -> None:
    plan = internet.plan()
    for node in [*plan["nodes"], *plan["switches"]]:
        assert (cold.folder / f"{node}.pcapng").is_file(), node
    assert json.loads((cold.folder / "visit.json").read_text()) == cold.record
    assert json.loads((cold.folder / "plan.json").read_text()) == plan
    assert (cold.folder / "screenshot.png").read_bytes().startswith(b"\x89PNG")
    har = json.loads((cold.folder / "visit.har").read_text())
    assert len(har["log"]["entries"]) == len(cold.record["resources"]) + 1
    assert "CLIENT_TRAFFIC_SECRET_0" in (cold.folder / "keys.log").read_text()


def test_nothing_was_lost_by_the_capture(cold: Run, warm: Run) -> None:
    for run in (cold, warm):
        assert json.loads((run.folder / "capture.json").read_text())["drops"] == 0


def test_interfaces_are_named_by_node(cold: Run) -> None:
    names = {row[0] for row in cold.packets("oak-street-gw", "frame", "frame.interface_name")}
    assert names == {"oak-street-gw:lan", "oak-street-gw:wan"}


def test_the_laptop_gets_its_address_by_dhcp(cold: Run) -> None:
    """DISCOVER, OFFER, REQUEST, ACK (RFC 2131, section 3.1): message types 1, 2, 3, 5."""
    rows = cold.packets("laptop", "dhcp", "dhcp.option.dhcp", "dhcp.ip.your")
    assert [kind for kind, _ in rows if kind in "1235"] == ["1", "2", "3", "5"]
    assert rows[-1][1] == "192.168.1.100"


def test_arp_finds_the_gateway(cold: Run) -> None:
    rows = cold.packets("laptop", "arp", "arp.opcode", "arp.dst.proto_ipv4", "arp.src.proto_ipv4")
    assert ("1", "192.168.1.1", "192.168.1.100") in rows
    assert any(opcode == "2" and source == "192.168.1.1" for opcode, _, source in rows)


def queries(run: Run, node: str) -> list[tuple[str, ...]]:
    """Source, destination, name and type of each question, over either family."""
    rows = run.packets(
        *(node, "dns.flags.response == 0", "ip.src", "ipv6.src", "ip.dst", "ipv6.dst"),
        *("dns.qry.name", "dns.qry.type"),
    )
    return [(row[0] or row[1], row[2] or row[3], *row[4:]) for row in rows]


def test_the_resolver_walks_the_tree_once(internet: RunningLab, cold: Run) -> None:
    """Root, then TLD, then the zone's own server; each asked exactly once, over either family."""
    me = addresses(internet, "alder-resolver")
    asked = [row for row in queries(cold, "alder-resolver") if me & set(row[:2])]
    asked = [row for row in asked if row[0] in me]
    servers = {
        role: set().union(*(addresses(internet, node) for node in nodes))
        for role, nodes in (
            ("root", ("root-a1", "root-a2", "root-b")),
            ("tld", ("tld-com",)),
            ("zone", ("ns1", "ns2")),
        )
    }
    by_server = {role: [r for r in asked if r[1] in those] for role, those in servers.items()}
    assert [row[2] for row in by_server["root"]] == ["com"]
    assert [row[2] for row in by_server["tld"]] == ["example.com"]
    assert [row[2:] for row in by_server["zone"]] == [(HOST, A)]
    assert len(asked) == 3
    order = [asked.index(by_server[role][0]) for role in ("root", "tld", "zone")]
    assert order == sorted(order)


def test_the_same_question_is_answered_at_home(internet: RunningLab, cold: Run, warm: Run) -> None:
    resolver = addresses(internet, "alder-resolver")

    def asked_upstream(run: Run) -> list[tuple[str, ...]]:
        return [row for row in queries(run, "oak-street-gw") if row[1] in resolver]

    assert asked_upstream(cold)
    assert queries(warm, "laptop")
    assert not asked_upstream(warm)


def test_nat_changes_the_source(internet: RunningLab, cold: Run) -> None:
    syn = "tcp.flags.syn == 1 and tcp.flags.ack == 0 and tcp.dstport == 443"
    rows = cold.packets("oak-street-gw", syn, "frame.interface_name", "ip.src", "tcp.seq_raw")
    lan = [row[1:] for row in rows if row[0] == "oak-street-gw:lan"]
    wan = [row[1:] for row in rows if row[0] == "oak-street-gw:wan"]
    public = leased(internet, "oak-street-gw")
    assert [source for source, _ in lan] == ["192.168.1.100"]
    assert wan == [(public, lan[0][1])]


def test_tcp_shakes_hands(cold: Run) -> None:
    edge = cold.record["remote_address"]
    rows = cold.packets("laptop", f"tcp and ip.addr == {edge}", "ip.src", "tcp.flags.str")
    flags = [row[1].strip("·") for row in rows[:3]]
    assert flags == ["S", "A··S", "A"]
    assert rows[0][0] == rows[2][0] != rows[1][0] == edge


def test_tls_names_the_site(cold: Run) -> None:
    hello = "tls.handshake.type == 1"
    rows = cold.packets("laptop", hello, "tls.handshake.extensions_server_name")
    assert rows == [(HOST,)]


def test_the_request_is_readable(cold: Run) -> None:
    """HTTP/2, decrypted with the secrets in the file itself, at both ends of the path."""
    for node in ("laptop", "edge-fra"):
        get = 'http2.headers.method == "GET" and http2.headers.path == "/"'
        rows = cold.packets(node, get, "http2.headers.authority")
        assert rows == [(HOST,)], node


def cache_verdicts(run: Run) -> list[str]:
    rows = run.packets(
        "edge-fra", "http2.headers.status", "http2.header.name", "http2.header.value"
    )
    verdicts = []
    for names, values in rows:
        headers = dict(zip(names.split(AGGREGATOR), values.split(AGGREGATOR), strict=True))
        verdicts += [headers["x-cache"]] if "x-cache" in headers else []
    return verdicts


def test_a_miss_reaches_the_origin_and_a_hit_does_not(cold: Run, warm: Run) -> None:
    assert set(cache_verdicts(cold)) == {"MISS"}
    assert set(cache_verdicts(warm)) == {"HIT"}
    visited = 'http.request and !(http.request.uri == "/healthz")'
    assert ("/",) in cold.packets("shop-lb", visited, "http.request.uri")
    assert warm.packets("shop-lb", visited, "http.request.uri") == []


def test_a_visitor_who_knows_nothing_is_served_by_an_edge_that_others_filled(
    internet: RunningLab, cold: Run
) -> None:
    run = internet.visit(URL, "--cold", "-4")
    assert run.record["cold"] is True
    assert cold.record["cold"] == "all"
    assert run.packets("laptop", "dhcp.option.dhcp == 1", "frame.number")
    assert run.packets("alder-resolver", "dns.flags.response == 0", "frame.number")
    assert "MISS" not in cache_verdicts(run)


def test_one_request_id_crosses_the_edge(cold: Run) -> None:
    rows = cold.packets("edge-fra", 'http.request.uri == "/"', "http.request.line")
    assert len(rows) == 1
    assert "X-Request-Id: " in rows[0][0]


def test_the_database_is_asked(cold: Run, warm: Run) -> None:
    select = 'pgsql.query contains "SELECT" and pgsql.query contains "product"'
    rows = cold.packets("shop-db", select, "pgsql.query")
    assert rows
    assert not warm.packets("shop-db", select, "pgsql.query")


def test_the_other_home_is_served_by_the_other_edge(internet: RunningLab) -> None:
    """At the same address: whoever is nearest in BGP answers."""
    run = internet.visit(URL, "--from", "tablet", "--client", "curl")
    assert run.record["remote_address"] in internet.plan()["anycast"]["swift"]["addresses"]
    assert run.packets("edge-nyc", "tls.handshake.type == 1", "frame.number")
    assert not run.packets("edge-fra", "tls.handshake.type == 1", "frame.number")


def test_curl_fills_the_same_table(internet: RunningLab) -> None:
    record = internet.visited(URL, "-4", "--client", "curl").record
    assert (record["status"], record["protocol"]) == (200, "h2")
    for step in ("dns", "connect", "tls", "ttfb", "load"):
        assert record["timings_ms"][step] > 0, step
