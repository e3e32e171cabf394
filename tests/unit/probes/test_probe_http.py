"""HTTP over new connections, and over one that is kept."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from pathlib import Path

import pytest

from orchestrator.probes.http import Http
from orchestrator.probes.http1 import place_of
from orchestrator.probes.question import Question
from orchestrator.probes.tcp import Tcp
from orchestrator.runtime.disk.pki import Authority, mint_authority, mint_leaf
from tests.unit.probes.servers import LOCAL, Serve, answering, asked, serving, setting, tried


@pytest.fixture(scope="module")
def authority() -> Authority:
    return mint_authority("test")


@pytest.fixture(scope="module")
def ca(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    file.write_text(authority.root.pem)
    return str(file)


def test_the_parts_of_a_url() -> None:
    place = place_of("https://shop.example.com:8443/a?b=c")
    assert (place.secure, place.name, place.port) == (True, "shop.example.com", 8443)
    assert place.request(close=True).startswith(
        b"GET /a?b=c HTTP/1.1\r\nHost: shop.example.com:8443\r\n"
    )
    assert place_of("http://[2001:db8::1]").host == "[2001:db8::1]"


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def hanging_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A RST, which is what closing without lingering sends (socket(7), SO_LINGER)."""
    await reader.readuntil(b"\r\n\r\n")
    plain: socket.socket = writer.get_extra_info("socket")
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@pytest.mark.parametrize(
    ("serve", "failure", "detail"),
    [
        (
            answering("200 OK", b"ok\n", "X-Edge: edge-fra", "X-Cache: HIT"),
            None,
            "200 edge-fra HIT",
        ),
        (answering("301 Moved", b""), None, "301"),
        (answering("503 Service Unavailable"), "http", "503"),
        (answering("nonsense"), "http", ""),
        (hanging_up, "reset", ""),
        (resetting, "reset", ""),
        (silent, "lost", ""),
    ],
)
def test_how_a_question_ends(ca: str, serve: Serve, failure: str | None, detail: str) -> None:
    async def scene() -> None:
        async with serving(serve) as port:
            probe = Http(setting("http", f"http://server:{port}/", ca))
            question, failed = await tried(probe, within_s=0.1 if serve is silent else 5.0)
            assert (failed, question.detail) == (failure, detail)
            assert (question.target, question.target_port) == (LOCAL, port)
            assert question.source_port > 0

    asyncio.run(scene())


def test_a_closed_port_refuses(ca: str) -> None:
    async def scene() -> None:
        with socket.create_server((LOCAL, 0)) as listening:
            port = listening.getsockname()[1]
        assert (await tried(Http(setting("http", f"http://{LOCAL}:{port}/", ca))))[1] == "refused"

    asyncio.run(scene())


@pytest.mark.parametrize(("host", "failure"), [("server", None), ("somebody.example.com", "tls")])
def test_the_certificate_counts(
    ca: str, authority: Authority, tmp_path: Path, host: str, failure: str | None
) -> None:
    leaf, file = mint_leaf(authority, [host]), tmp_path / "site.pem"
    file.write_text(leaf.pem + authority.intermediate.pem + leaf.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    async def scene() -> None:
        async with serving(answering("200 OK"), ssl=context) as port:
            question, failed = await tried(Http(setting("http", f"https://server:{port}/", ca)))
            assert failed == failure
            assert (question.detail == "200") is (failure is None)

    asyncio.run(scene())


def test_a_connection_is_kept_and_made_again_when_it_is_gone(ca: str) -> None:
    made: list[asyncio.StreamWriter] = []
    talk = answering("200 OK")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append(writer)
        await talk(reader, writer)

    async def scene() -> None:
        async with serving(serve) as port:
            probe = Tcp(setting("tcp", "server", ca, port=str(port)))
            first, second = await asked(probe), await asked(probe)
            assert len(made) == 1
            assert first.source_port == second.source_port
            made[0].transport.abort()
            # The end may be heard of before the next question, or by it.
            details = [(await tried(probe))[0].detail for _ in range(2)]
            assert details[-1] == "200, reconnected 1×"
            assert len(made) == 2

    asyncio.run(scene())


def test_questions_do_not_wait_for_the_answers_before_them(ca: str) -> None:
    held = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(3):
            await reader.readuntil(b"\r\n\r\n")
            if number == 0:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await held.wait()
        # The first of the two has been given up on by then; its answer is not the second's.
        late = b"HTTP/1.1 503 Late\r\nContent-Length: 0\r\n\r\n"
        writer.write(late + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def scene() -> None:
        async with serving(serve) as port:
            probe = Tcp(setting("tcp", "server", ca, port=str(port)))
            await asked(probe)
            lost = asyncio.create_task(tried(probe, within_s=0.05))
            answered = asyncio.create_task(asked(probe, within_s=5.0))
            assert (await lost)[1] == "lost"
            held.set()
            assert (await answered).detail == "200"

    asyncio.run(scene())


def test_who_waits_hears_of_a_host_that_goes_down(ca: str) -> None:
    async def scene() -> None:
        async with serving(silent) as port:
            probe = Tcp(setting("tcp", "server", ca, port=str(port)))
            await probe.prepare()
            waiting = asyncio.create_task(tried(probe, within_s=5.0))
            # No time passes: in two turns of the loop the question is on its way, and waits.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            probe.close()
            question, failed = await waiting
            assert failed == "reset"
            assert question == Question(0, 0, None, "", *_ends(question), LOCAL, port)

    asyncio.run(scene())


def _ends(question: Question) -> tuple[str, int]:
    assert question.source_port
    return LOCAL, question.source_port
