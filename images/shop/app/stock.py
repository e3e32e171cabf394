"""What the shop asks its database. One question, one function, one round trip."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

Pool = AsyncConnectionPool[psycopg.AsyncConnection[dict[str, Any]]]
Row = dict[str, Any]

PATIENCE_S = 2.0

UNREACHABLE = (psycopg.OperationalError, PoolTimeout, TimeoutError)
"""What a question raises when the database is gone rather than wrong."""


def create_pool(database: dict[str, Any]) -> Pool:
    """Connections to the database, checked before use so that its restart costs no error.

    A dead host sends no reset, so connecting and unacknowledged segments
    (TCP_USER_TIMEOUT, RFC 5482) are bounded.
    """
    return AsyncConnectionPool(
        kwargs={
            "host": database["host"],
            "port": database["port"],
            "dbname": database["name"],
            "user": database["user"],
            "connect_timeout": 2,
            "tcp_user_timeout": 2000,
            # The lab's own network is the boundary, and the query should be readable in it.
            "sslmode": "disable",
            "gssencmode": "disable",
            "autocommit": True,
            "row_factory": dict_row,
        },
        min_size=1,
        max_size=4,
        timeout=PATIENCE_S,
        reconnect_timeout=PATIENCE_S,
        check=AsyncConnectionPool.check_connection,
        open=False,
    )


async def rows_of(pool: Pool, query: str, *values: object) -> list[Row]:
    """Every row of one query. Raises one of UNREACHABLE within about two seconds.

    A late question is left behind, not cancelled: psycopg answers a cancellation by
    asking the server to stop, and waits for the very server that does not answer.
    """
    question = asyncio.create_task(_ask(pool, query, values))
    await asyncio.wait({question}, timeout=PATIENCE_S)
    if not question.done():
        question.add_done_callback(asyncio.Task.exception)
        raise TimeoutError
    return question.result()


async def _ask(pool: Pool, query: str, values: tuple[object, ...]) -> list[Row]:
    async with pool.connection() as connection:
        return await (await connection.execute(query, values)).fetchall()


async def shelves(pool: Pool) -> list[Row]:
    """Every shelf with its products, in the order of the shop."""
    return await rows_of(
        pool,
        """
        SELECT shelf.slug, shelf.title, shelf.blurb,
               json_agg(json_build_object('id', product.id, 'name', product.name,
                        'price_cents', product.price_cents, 'stock', product.stock)
                        ORDER BY product.id) AS products
        FROM shelf JOIN product ON product.shelf = shelf.id
        GROUP BY shelf.id ORDER BY shelf.id
        """,
    )


async def product(pool: Pool, number: int) -> Row | None:
    """One product with its shelf and its reviews, or None."""
    found = await rows_of(
        pool,
        """
        SELECT product.*, shelf.slug, shelf.title AS shelf_title,
               (SELECT coalesce(json_agg(review ORDER BY review.written_on DESC), '[]')
                FROM review WHERE review.product = product.id) AS reviews
        FROM product JOIN shelf ON shelf.id = product.shelf
        WHERE product.id = %s
        """,
        number,
    )
    return found[0] if found else None


async def cart_lines(pool: Pool, cart: UUID) -> list[Row]:
    """What is in a cart: id, name, price_cents and quantity of each product."""
    return await rows_of(
        pool,
        """
        SELECT product.id, product.name, product.price_cents, cart_line.quantity
        FROM cart_line JOIN product ON product.id = cart_line.product
        WHERE cart_line.cart = %s ORDER BY product.id
        """,
        cart,
    )


async def buy(pool: Pool, cart: UUID, number: int) -> Row | None:
    """Move one piece from the stock to the cart, both or neither; None when sold out."""
    sold = await rows_of(
        pool,
        """
        WITH sold AS (
            UPDATE product SET stock = stock - 1 WHERE id = %s AND stock > 0
            RETURNING id, stock
        ), line AS (
            INSERT INTO cart_line (cart, product, quantity) SELECT %s, id, 1 FROM sold
            ON CONFLICT (cart, product) DO UPDATE SET quantity = cart_line.quantity + 1
        )
        SELECT stock FROM sold
        """,
        number,
        cart,
    )
    return sold[0] if sold else None
