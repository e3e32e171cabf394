"""A visit to the shop, written packet by packet: laptop, edge, balancer, application, database.

Over IPv6, so that nothing is translated on the way. Times are milliseconds:

     0 SYN   20 request   26 at the edge   26.1 SYN to the origin   60 SYN-ACK   60.1 request
    77 at the balancer   77.3 at the application   78.5 query   79.6 rows   82 answer
    99 at the edge   105 first byte at the laptop   107 last byte
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orchestrator.analysis.packets.frames import ACK, SYN, TCP, Frame
from orchestrator.analysis.web.http import HttpMessage
from orchestrator.records.visit import Resource, Visit
from tests.unit.analysis.builders import VISIT, Recording, at

LAPTOP, EDGE, ORIGIN = "3fff:0:c000:0:4c:ff:fe06:0", "3fff:1:4000::9", "198.18.5.7"
ORIGIN6 = "3fff:1:4000::7"
EDGE4, BALANCER, APP, DATABASE = "198.18.5.9", "10.0.0.1", "10.0.0.2", "10.0.0.3"
ID = "f458f5cf6c29ff3cfa1fcefed6d9a6e6"
OTHER_ID = "0123456789abcdef0123456789abcdef"
SQL = "\\n        SELECT shelf.slug,\\n          shelf.title FROM shelf\\n"

Header = tuple[str, str]


def http2(
    *headers: Header, streams: tuple[int, ...] = (1,), end: bool = True, size: int = 0
) -> dict[str, tuple[str, ...]]:
    """HEADERS of these streams, one block after the other, and DATA of the last if ``size``."""
    kinds = ["1"] * len(streams) + ["0"] * bool(size)
    last = "0x05" if end else "0x04"
    return {
        "http2.type": tuple(kinds),
        "http2.streamid": tuple(map(str, (*streams, *streams[-1:] * bool(size)))),
        "http2.flags": tuple(["0x04"] * (len(kinds) - 1) + [last]),
        "http2.length": tuple(["30"] * len(streams) + [str(size)] * bool(size)),
        "http2.header.name": tuple(name for name, _ in headers),
        "http2.header.value": tuple(value for _, value in headers),
    }


def asks2(path: str = "/", *more: Header, host: str = "www.example.com") -> tuple[Header, ...]:
    """The header block of a request."""
    method, scheme = (":method", "GET"), (":scheme", "https")
    return (method, (":authority", host), scheme, (":path", path), *more)


def asks1(path: str = "/", **headers: str) -> dict[str, str | tuple[str, ...]]:
    """A request of HTTP/1.1; ``X_Request_Id`` names X-Request-Id."""
    return {
        "http.request.method": "GET",
        "http.request.uri": path,
        "http.request.version": "HTTP/1.1",
        "http.request.line": _lines({"Host": "www.example.com", **headers}),
    }


def answers1(status: int = 200, **headers: str) -> dict[str, str | tuple[str, ...]]:
    """A response of HTTP/1.1."""
    return {
        "http.response.code": str(status),
        "http.response.version": "HTTP/1.1",
        "http.response.line": _lines(headers),
    }


def _lines(headers: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name.replace('_', '-')}: {value}\\r\\n" for name, value in headers.items())


class Shop(Recording):
    """A recording with words for what a visit to the shop is made of."""

    def __init__(self, visit: Visit = VISIT) -> None:
        super().__init__(visit=replace(visit, remote_address=EDGE))

    def tcp(
        self,
        node: str,
        at_ms: float,
        source: str,
        target: str,
        ports: tuple[int, int],
        fields: Mapping[str, Any] | None = None,
        layers: str = "",
        **headers: Any,
    ) -> Frame:
        """A segment; ``out`` follows from whose address the source is."""
        own = {
            "laptop": (LAPTOP,),
            "edge": (EDGE, EDGE4),
            "shop-lb": (ORIGIN, ORIGIN6, BALANCER),
            "shop-app1": (APP,),
            "shop-db": (DATABASE,),
        }[node]
        known = None if fields is None else {"tcp.stream": str(max(ports)), **fields}
        return self.saw(
            node,
            at_ms,
            known,
            layers=layers,
            out=source in own,
            source=source,
            target=target,
            ports=ports,
            **{"protocol": TCP, "payload": b"x", "flags": ACK, **headers},
        )

    def opens(
        self, at_ms: float, there: str, source: str, target: str, ports: tuple[int, int]
    ) -> None:
        """SYN and SYN-ACK, from the laptop to the node ``there``."""
        syn: dict[str, Any] = {"flags": SYN, "identity": hash(ports), "payload": b""}
        self.tcp("laptop", at_ms, source, target, ports, **syn)
        self.tcp(there, at_ms + 5, source, target, ports, **syn)
        back: dict[str, Any] = {"flags": SYN | ACK, "identity": hash(ports) + 1, "payload": b""}
        self.tcp("laptop", at_ms + 10, target, source, ports[::-1], **back)

    def browser_asks(self, at_ms: float = 20.0, *, layers: str = "tls:http2") -> None:
        """GET / from the laptop, 6 ms to the edge."""
        fields = http2(*asks2("/", ("accept", "text/html")))
        for node, then in (("laptop", at_ms), ("edge", at_ms + 6)):
            self.tcp(node, then, LAPTOP, EDGE, (40000, 443), fields, layers, data=b"." * 300)

    def edge_answers(
        self, at_ms: float, cache: str, *more: Header, status: int = 200, size: int = 3000
    ) -> None:
        """The answer at the edge and, in two packets, 6 ms later at the laptop."""
        headers = ((":status", str(status)), ("x-cache", cache), ("x-edge", "edge"))
        block = http2(*headers, ("x-request-id", ID), *more, size=size)
        back = (EDGE, LAPTOP, (443, 40000))
        self.tcp("edge", at_ms, *back, block, "tls:http2")
        first = self.tcp("laptop", at_ms + 6, *back, {}, "tls")
        parts = (str(first.number), str(first.number + 1))
        both = {**block, "tcp.segment": parts}
        self.tcp("laptop", at_ms + 8, *back, both, "tls:http2", data=b"." * 1000)

    def edge_logs(self, at_ms: float, cache: str, status: int = 200, **more: str) -> None:
        """nginx's line."""
        entry = {
            "time": "1",
            "id": ID,
            "client": f"{LAPTOP}:40000",
            "request": "GET / HTTP/2.0",
            "status": status,
            "bytes": 3200,
            "cache": cache,
            "upstream": "",
            "upstream_s": "",
            "total_s": "0.010",
            "protocol": "HTTP/2.0",
        }
        self.logged("edge", at_ms, json.dumps(entry | more, separators=(",", ":")))

    def edge_asks_origin(self, *, new: bool = True) -> None:
        """The edge's own request, by way of the balancer, and its answer."""
        to, back = (EDGE4, ORIGIN, (50000, 80)), (ORIGIN, EDGE4, (80, 50000))
        if new:
            self.tcp("edge", 26.1, *to, flags=SYN, payload=b"")
            self.tcp("edge", 60.0, *back, flags=SYN | ACK, payload=b"")
        named = asks1(X_Request_Id=ID)
        answer = answers1(X_Served_By="shop-app1", x_balancer="shop-lb", Content_Length="3000")
        self.tcp("edge", 60.1, *to, named, "http")
        self.tcp("shop-lb", 77.0, *to, named, "http")
        self.app_serves(named)
        self.tcp("shop-lb", 82.3, *back, answer, "http")
        self.tcp("edge", 99.0, *back, answer, "http")

    def edge_asks_in_vain(self) -> None:
        """Over a kept connection, which the balancer then closes; and after a while anew."""
        to, named = (EDGE4, ORIGIN, (49999, 80)), asks1(X_Request_Id=ID)
        self.tcp("edge", 26.05, *to, named, "http")
        self.tcp("shop-lb", 26.08, *to, named, "http")
        said = f"{EDGE4}:49999 [x] public apps/<NOSRV> 0/0/0/-1/4 503 0 - - SC-- 1/1/0/0/+1 0/0"
        self.logged("shop-lb", 26.09, f'{said} {{{ID}}} "GET / HTTP/1.1"')

    def app_serves(self, asked: Mapping[str, Any]) -> None:
        """Balancer to application to database, and back to the balancer."""
        to, back = (BALANCER, APP, (51000, 8080)), (APP, BALANCER, (8080, 51000))
        self.tcp("shop-lb", 77.2, *to, asked, "http", identity=77)
        self.tcp("shop-app1", 77.3, *to, asked, "http", identity=77)
        self.queries()
        answer = answers1(X_Served_By="shop-app1", Content_Length="3000")
        self.tcp("shop-app1", 82.0, *back, answer, "http", identity=82)
        self.tcp("shop-lb", 82.1, *back, answer, "http", identity=82)

    def queries(self) -> None:
        """The pool's empty query, and the page's."""
        self.asks_database(78.0, {"pgsql.type": "Simple query"})
        self.database_answers(78.2, {"pgsql.type": ("Empty query", "Ready for query")})
        self.asks_database(78.5, {"pgsql.type": "Simple query", "pgsql.query": SQL})
        rows = ("Data row", "Command completion", "Ready for query")
        self.database_answers(79.6, {"pgsql.type": rows, "pgsql.tag": "SELECT 6"})

    def asks_database(self, at_ms: float, fields: Mapping[str, Any], port: int = 52000) -> None:
        """A message of the application's."""
        to = (APP, DATABASE, (port, 5432))
        self.tcp("shop-app1", at_ms, *to, fields, "pgsql", identity=hash(at_ms))
        self.tcp("shop-db", at_ms + 0.1, *to, fields, "pgsql", identity=hash(at_ms))

    def database_answers(self, at_ms: float, fields: Mapping[str, Any], port: int = 52000) -> None:
        """A message of the database's."""
        self.tcp("shop-app1", at_ms, DATABASE, APP, (5432, port), fields, "pgsql")

    def origin_logs(self, request_id: str = ID, client: str = f"{EDGE4}:50000") -> None:
        """The lines of balancer, application and database."""
        said = f"{client} [x] public apps/shop-app1 0/0/0/4/4 200 3100 - - ---- 1/1/0/0/0 0/0"
        self.logged("shop-lb", 82.4, f'{said} {{{request_id}}} "GET / HTTP/1.1"')
        self.logged("shop-app1", 82.2, f"shop-app1 GET '/' 200 3.3 ms id={request_id or '-'}")
        prefix = f"2026-01-01 00:00:00.078 GMT [15] shop@shop {APP}(52000) LOG:  "
        self.logged("shop-db", 78.2, f"{prefix}statement: ")
        self.logged("shop-db", 78.7, f"{prefix}statement: ")
        self.logged("shop-db", 78.7, "\t        SELECT shelf.slug,")
        self.logged("shop-db", 78.7, "\t          shelf.title FROM shelf")


def missed(*, new: bool = True, visit: Visit = VISIT) -> Shop:
    """A visit whose page the edge had to fetch from the origin."""
    shop = Shop(visit)
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks()
    shop.edge_asks_origin(new=new)
    shop.edge_answers(99.2, "MISS", ("cache-control", "public"), ("x-balancer", "shop-lb"))
    shop.edge_logs(99.4, "MISS", upstream=f"{ORIGIN}:80", upstream_s="0.073", total_s="0.074")
    shop.origin_logs()
    return shop


def cached(visit: Visit = VISIT, cache: str = "HIT") -> Shop:
    """A visit whose page the edge had."""
    shop = Shop(visit)
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.browser_asks()
    shop.edge_answers(26.2, cache)
    shop.edge_logs(26.3, cache, total_s="0.000")
    return shop


def locked(visit: Visit = VISIT, *, captured: bool = True) -> Shop:
    """A visit whose page the edge was getting for somebody else. ``captured`` is whether the other
    request was; its line is in the log either way."""
    shop = Shop(visit)
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    other, to, back = asks1(X_Request_Id=OTHER_ID), (EDGE4, ORIGIN, (50000, 80)), (80, 50000)
    if captured:
        shop.tcp("edge", 15, *to, other, "http")
    shop.browser_asks()
    if captured:
        shop.tcp("edge", 99, ORIGIN, EDGE4, back, answers1(Content_Length="3000"), "http")
    shop.edge_answers(226, "HIT")
    miss = {"id": OTHER_ID, "upstream": f"{ORIGIN}:80", "upstream_s": "0.084"}
    shop.edge_logs(100, "MISS", **miss, total_s="0.085", client=f"{LAPTOP}:40007")
    shop.edge_logs(226.1, "HIT", total_s="0.200")
    return shop


def logged_only(logged_ms: float = 99.4) -> Shop:
    """The same as missed(), without keys: of what went over TLS there are only logs."""
    shop = Shop()
    shop.opens(0, "edge", LAPTOP, EDGE, (40000, 443))
    shop.tcp("laptop", 20, LAPTOP, EDGE, (40000, 443), {}, "tls")
    shop.edge_asks_origin()
    shop.edge_logs(logged_ms, "MISS", upstream=f"{ORIGIN}:80", upstream_s="0.073", total_s="0.074")
    shop.origin_logs()
    return shop


def resource(path: str, start_ms: float, size: int = 500) -> Resource:
    """What the browser says of a file."""
    url = f"https://www.example.com{path}"
    return Resource(url, 200, "h2", size, start_ms, 50.0)


def times(message: HttpMessage) -> tuple[float, float]:
    """When a message began and ended, in milliseconds from the start of the navigation."""
    return (message.time_ns - at(0)) / 1e6, (message.ended_ns - at(0)) / 1e6
