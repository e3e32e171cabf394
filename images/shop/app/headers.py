"""What every answer carries, and the one line it leaves in the log."""

from __future__ import annotations

import re
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)


def cache_policy(path: str, status: int) -> str:
    """How long an answer may be kept, and by whom (RFC 9111, section 5.2.2)."""
    if status not in (200, 206, 304):
        return "no-store"
    if path.startswith("/static/"):
        return "public, max-age=86400"
    if path == "/" or path.startswith("/product/"):
        return "public, max-age=0, s-maxage=60"
    return "no-store"


class SignedAnswers:
    """ASGI middleware: the server's name, the request's id, the cache policy, the log."""

    def __init__(self, app: ASGIApp, name: str) -> None:
        self.app, self.name = app, name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, path = time.perf_counter(), scope["path"]
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else ""
        status = 500

        async def sign(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = cache_policy(path, status)
                headers["X-Served-By"] = self.name
                # A file's time follows from its content, for its ETag, and is no date.
                if "Last-Modified" in headers:
                    del headers["Last-Modified"]
                if request_id:
                    headers["X-Request-Id"] = request_id
            await send(message)

        try:
            await self.app(scope, receive, sign)
        finally:
            duration_ms = (time.perf_counter() - started) * 1000
            print(
                f"{self.name} {scope['method']} {path!a} {status} {duration_ms:.1f} ms"
                f" id={request_id or '-'}",
                flush=True,
            )
