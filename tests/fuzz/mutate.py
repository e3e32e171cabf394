"""Values and octets, changed at random: here and there, and not beyond recognition."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

_DEEP: Any = [[[[[[[[{"a": [None]}]]]]]]]]
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    7.5,
    -0.001,
    65536,
    2**31,
    2**63,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "0",
    "-1",
    "a" * 70_000,
    "größer",
    "\ud800",
    "\x1b[31m\x07\r\n\0",
    "[/red]",
    "../../etc/passwd",
    "http://[::1",
    "http://a:b:c/",
    "https://www.example.com/ü?q=[/]",
    "127.0.0.1",
    "::1",
    "999.0.0.1",
    "10.0.0.0/8",
    "2026-01-01T00:00:00",
    "9999-12-31T23:59:59.999999+00:00",
    "0001-01-01T00:00:00Z",
    [],
    {},
    [[]],
    [None],
    {"kind": "HostSettings"},
    {"a": 1},
    _DEEP,
)

_FLOATS_END = 10**300  # larger integers are no floats


def change(random: random.Random, plain: Any) -> Any:
    """A copy of a plain value with one to three places changed; what is unchanged is shared."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        plain = _change(random, plain, plain)
    return plain


def _change(random: random.Random, plain: Any, whole: Any) -> Any:
    """Deeper most of the time: what is at the top is few values of many."""
    if isinstance(plain, dict) and plain and random.random() < 0.9:
        key = random.choice(list(plain))
        return _change_object(random, plain, key, whole)
    if isinstance(plain, list) and plain and random.random() < 0.9:
        return _change_list(random, plain, random.randrange(len(plain)), whole)
    if isinstance(plain, str) and plain and random.random() < 0.3:
        place = random.randrange(len(plain))
        return plain[:place] + random.choice(("", "\0", "/", "é", "9", "-")) + plain[place + 1 :]
    if isinstance(plain, int | float) and not isinstance(plain, bool) and random.random() < 0.4:
        half = 0.5 if abs(plain) < _FLOATS_END else 1
        return plain * random.choice((-1, half, 2, 1000, 10**9)) + random.choice((0, 1, -1))
    return random.choice(ODD) if random.random() < 0.8 else _somewhere(random, whole)


def _change_object(
    random: random.Random, plain: dict[str, Any], key: str, whole: Any
) -> dict[str, Any]:
    done = random.random()
    if done < 0.1:
        return {name: value for name, value in plain.items() if name != key}
    if done < 0.15:
        renamed = random.choice((f"{key}x", "", "\ud800", "kind"))
        return {(renamed if name == key else name): value for name, value in plain.items()}
    return {**plain, key: _change(random, plain[key], whole)}


def _change_list(random: random.Random, plain: list[Any], place: int, whole: Any) -> list[Any]:
    done = random.random()
    if done < 0.06:
        return plain[:place] + plain[place + 1 :]
    if done < 0.12:
        return [*plain, plain[place]]
    if done < 0.15:
        return plain[::-1]
    return [*plain[:place], _change(random, plain[place], whole), *plain[place + 1 :]]


def _somewhere(random: random.Random, whole: Any) -> Any:
    """Another value of the same document."""
    while isinstance(whole, dict | list) and whole and random.random() < 0.8:
        whole = random.choice(list(whole.values()) if isinstance(whole, dict) else whole)
    return whole


def spoil(random: random.Random, data: bytes) -> bytes:
    """The octets cut off, with some overwritten, removed, doubled or put in elsewhere."""
    spoiled = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 3, 8))):
        _spoil(random, spoiled)
    return bytes(spoiled)


_WORDS: Sequence[bytes] = (
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x0a\x0d\x0d\x0a",
    b"\x06\0\0\0",
    b"\x01\0\0\0",
    b"\x03\0\0\0",
    b"\x05\0\0\0",
    b"\x1e\x1f",
    b"\r\n\x1b[2J",
)


def _spoil(random: random.Random, data: bytearray) -> None:
    place = random.randrange(len(data) + 1)
    length = random.choice((1, 2, 4, 4, 8, 64))
    kind = random.randrange(6)
    if kind == 0:
        del data[place:]
    elif kind == 1:
        data[place : place + length] = random.randbytes(len(data[place : place + length]))
    elif kind == 2:
        word = random.choice(_WORDS)
        place &= ~3
        data[place : place + len(word)] = word
    elif kind == 3:
        del data[place : place + length]
    elif kind == 4:
        data[place:place] = data[place : place + length]
    elif place < len(data):
        data[place] ^= 1 << random.randrange(8)
