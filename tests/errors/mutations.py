"""Topologies broken at random, from a seed: whatever is written, only LabError may come of it."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import yaml

ODD_VALUES: tuple[Any, ...] = (
    *(None, True, [], {}, [[]], [None], {"as": None}, "", "x" * 70, "..", "*", "isp", "com"),
    *(-1, 0, 1, 65, 10**30, 0.5, float("nan"), float("inf"), [200, 400], "NO", "é", "a:b", '"'),
    *("198.18.0.0/30", "0.0.0.0/0", "10.0.0.0/8", "192.168.0.0/16", "::/0", "10.0.0.1/24"),
    *("203.0.113.0/24", "3fff:1::/32", "9 s", "tiers", "both", "validate", "dns", False, 64599),
)
Place = tuple[Any, Any]  # a container, and a key or index in it


def mutated_values(source: bytes, random: Random) -> bytes:
    """One to four changes of values, keys or shape; still YAML."""
    data = yaml.safe_load(source)
    for _ in range(random.randint(1, 4)):
        places = list(_places(data))
        if places:
            random.choice(_CHANGES)(random, places)
    return yaml.safe_dump(data, sort_keys=False).encode()


def mutated_text(source: bytes, random: Random) -> bytes:
    """One to six changes of characters; YAML by luck."""
    text = source.decode()
    for _ in range(random.randint(1, 6)):
        at, size = random.randrange(len(text)), random.choice((0, 1, 1, 5, 40))
        text = (
            text[:at]
            + random.choice(("", "", *"\"'{}[]:,&*!|>#%@-\n\t ", "as", "é"))
            + text[at + size :]
        )
    return text.encode()


def _places(value: Any) -> list[Place]:
    if not isinstance(value, dict | list):
        return []
    keys = list(value) if isinstance(value, dict) else range(len(value))
    return [place for key in keys for place in ((value, key), *_places(value[key]))]


def _drop(random: Random, places: list[Place]) -> None:
    container, key = random.choice(places)
    del container[key]


def _replace(random: Random, places: list[Place]) -> None:
    container, key = random.choice(places)
    container[key] = copy.deepcopy(random.choice(ODD_VALUES))


def _swap(random: Random, places: list[Place]) -> None:
    (a, key_a), (b, key_b) = random.choice(places), random.choice(places)
    a[key_a], b[key_b] = copy.deepcopy(b[key_b]), copy.deepcopy(a[key_a])


def _borrow(random: Random, places: list[Place]) -> None:
    """A text from one place, or a key from there, in the place of another text."""
    texts = [place for place in places if isinstance(place[0][place[1]], str)]
    if texts:
        (a, key_a), (b, key_b) = random.choice(texts), random.choice(places)
        a[key_a] = key_b if isinstance(b, dict) else copy.deepcopy(b[key_b])


def _rename(random: Random, places: list[Place]) -> None:
    mappings = [place for place in places if isinstance(place[0], dict)]
    if mappings:
        (container, key), (other, name) = random.choice(mappings), random.choice(mappings)
        container[name if other is not container else f"{key}s"] = container.pop(key)


def _repeat(random: Random, places: list[Place]) -> None:
    lists = [container for container, _ in places if isinstance(container, list)]
    if lists:
        chosen = random.choice(lists)
        chosen.append(copy.deepcopy(random.choice(chosen)) if chosen else "isp")


_CHANGES = (_drop, _replace, _replace, _swap, _borrow, _rename, _repeat)
