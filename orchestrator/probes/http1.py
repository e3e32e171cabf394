"""Just enough HTTP/1.1 to ask for a page and read all of its answer (RFC 9112)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from orchestrator.probes.lookup import FAMILIES, version_of
from orchestrator.probes.question import Failed, Question, Setting

# How long a connection that is done may take to say goodbye.
_GOODBYE_S = 1.0
# What tells who answered, and from which cache.
_TELLING = ("x-edge", "x-cache", "x-served-by", "x-app", "x-balancer")
_NO_BODY = (204, 304)


@dataclass(frozen=True)
class Place:
    """What a URL says: ``name`` is the host's, ``path`` has the query too."""

    secure: bool
    name: str
    port: int
    path: str

    @property
    def host(self) -> str:
        """As the Host header has it (RFC 9110, 7.2)."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port == (443 if self.secure else 80) else f"{name}:{self.port}"

    def request(self, close: bool) -> bytes:
        """A GET, after which the connection is closed or kept."""
        lines = [
            f"GET {self.path} HTTP/1.1",
            f"Host: {self.host}",
            "User-Agent: clicklab-probe",
            "Accept: */*",
            f"Connection: {'close' if close else 'keep-alive'}",
        ]
        return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def place_of(url: str) -> Place:
    """The parts of an http(s) URL."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(secure, parts.hostname or "", parts.port or (443 if secure else 80), path)


@dataclass(frozen=True)
class Response:
    """An answer that was read to its end. Names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]

    @property
    def told(self) -> str:
        """The status, and who answered where a header says so."""
        said = [self.headers[name] for name in _TELLING if name in self.headers]
        return " ".join([str(self.status), *said])

    @property
    def closes(self) -> bool:
        """Whether the connection ends with it."""
        return self.headers.get("connection", "").lower() == "close"


async def read_response(reader: asyncio.StreamReader) -> Response:
    """Raises IncompleteReadError when it ends too early, Failed("http") when it is no HTTP."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    words = head[0].split(" ", 2)
    if not head[0].startswith("HTTP/1.") or not words[1:2] or not words[1].isdigit():
        raise Failed("http", f"not HTTP: {head[0][:40]}")
    pairs = (line.partition(":") for line in head[1:] if line)
    response = Response(int(words[1]), {name.lower(): value.strip() for name, _, value in pairs})
    await _read_body(reader, response)
    return response


async def _read_body(reader: asyncio.StreamReader, response: Response) -> None:
    headers = response.headers
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            await reader.readexactly(size + 2)
        while await reader.readuntil(b"\r\n") != b"\r\n":
            pass
    elif (length := headers.get("content-length", "")).isdigit():
        await reader.readexactly(int(length))
    elif response.status not in _NO_BODY:
        while await reader.read(1 << 16):
            pass


def secrets_kept(ca: str, keylog: str) -> ssl.SSLContext:
    """Trusts the lab's root alone, and writes its secrets down."""
    context = ssl.create_default_context(cafile=ca)
    context.keylog_filename = keylog
    return context


async def connect(
    setting: Setting, context: ssl.SSLContext, place: Place, address: str, question: Question
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A new connection of the host's to ``address``, with TLS where the URL says so."""
    loop = asyncio.get_running_loop()
    plain = setting.open(FAMILIES[int(version_of(address))], 1, 0)
    try:
        plain.setblocking(False)
        question.target, question.target_port = address, place.port
        connecting = asyncio.ensure_future(loop.sock_connect(plain, (address, place.port)))
        await asyncio.sleep(0)  # the SYN is on its way, and the port chosen
        question.source, question.source_port = plain.getsockname()[:2]
        await connecting
        if not place.secure:
            return await asyncio.open_connection(sock=plain)
        return await asyncio.open_connection(
            sock=plain,
            ssl=context,
            server_hostname=place.name,
            ssl_shutdown_timeout=_GOODBYE_S,
        )
    except BaseException:
        plain.close()
        raise
