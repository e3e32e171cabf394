"""The shop's pages: a request in, a question to the database, a page out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import stock
from headers import SignedAnswers
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

HERE = Path(__file__).parent
TEMPLATES = Jinja2Templates(HERE / "templates")
MONTH_S = 30 * 86400


def price(cents: int) -> str:
    """Cents as people read them: 1450 → "14.50 €"."""
    return f"{cents // 100}.{cents % 100:02d} €"


TEMPLATES.env.filters["price"] = price


def shop(name: str, database: dict[str, Any]) -> Starlette:
    """The application. It starts without its database, and says so on /healthz."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.pool = stock.create_pool(database)
        await app.state.pool.open()
        yield
        await app.state.pool.close(timeout=1)

    unreachable = dict.fromkeys(stock.UNREACHABLE, database_gone)
    return Starlette(
        routes=[
            Route("/", home),
            Route("/product/{number}", product),
            Route("/cart", cart),
            Route("/api/buy", buy, methods=["POST"]),
            Route("/healthz", health),
            Mount("/static", StaticFiles(directory=HERE.parent / "static")),
        ],
        exception_handlers={HTTPException: refusal, **unreachable},
        middleware=[Middleware(SignedAnswers, name)],
        lifespan=lifespan,
    )


async def home(request: Request) -> Response:
    shelves = await stock.shelves(request.app.state.pool)
    return TEMPLATES.TemplateResponse(request, "home.html", {"shelves": shelves})


async def product(request: Request) -> Response:
    number = product_number(request.path_params["number"])
    found = await stock.product(request.app.state.pool, number)
    if found is None:
        raise HTTPException(404, "There is no such product.")
    return TEMPLATES.TemplateResponse(request, "product.html", {"product": found})


async def cart(request: Request) -> Response:
    lines = await stock.cart_lines(request.app.state.pool, cart_of(request))
    total = sum(line["price_cents"] * line["quantity"] for line in lines)
    return TEMPLATES.TemplateResponse(request, "cart.html", {"lines": lines, "total": total})


async def buy(request: Request) -> Response:
    """Takes {"product": 3}; answers {"stock": pieces left}, or 409 when sold out."""
    try:
        number = product_number(str((await request.json())["product"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return JSONResponse({"error": 'send {"product": number}'}, 400)
    buyer = cart_of(request)
    sold = await stock.buy(request.app.state.pool, buyer, number)
    if sold is None:
        return JSONResponse({"error": "sold out"}, 409)
    answer = JSONResponse({"stock": sold["stock"]})
    answer.set_cookie("cart", str(buyer), max_age=MONTH_S, httponly=True, samesite="lax")
    return answer


async def health(request: Request) -> Response:
    await stock.rows_of(request.app.state.pool, "SELECT 1")
    return PlainTextResponse("ok\n")


async def refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem_page(request, error.status_code, error.detail)


async def database_gone(request: Request, error: Exception) -> Response:
    return problem_page(request, 503, "The stock room does not answer. Please try again soon.")


def problem_page(request: Request, status: int, detail: str) -> Response:
    context = {"status": status, "detail": detail}
    return TEMPLATES.TemplateResponse(request, "problem.html", context, status_code=status)


def product_number(text: str) -> int:
    """The number in a URL or an order. Raises HTTPException 404 for what cannot be one."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise HTTPException(404, "There is no such product.")
    return int(text)


def cart_of(request: Request) -> UUID:
    """The visitor's cart by its cookie, or a new one."""
    try:
        return UUID(request.cookies["cart"])
    except (KeyError, ValueError):
        return uuid4()
