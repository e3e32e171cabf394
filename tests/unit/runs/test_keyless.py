"""TLS connections of which the keys are missing, whole or in part."""

from __future__ import annotations

import pytest

from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.packets.frames import TCP
from orchestrator.runs.keyless import find_keyless, tell_keyless
from tests.unit.analysis.builders import Recording

RANDOM = "ab" * 32
SECRET = "cd" * 32
LABELS = (
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "CLIENT_TRAFFIC_SECRET_0",
    "SERVER_TRAFFIC_SECRET_0",
)


def keylog(*labels: str, of: str = RANDOM) -> str:
    return "".join(f"{label} {of} {SECRET}\n" for label in labels)


def shake(run: Recording, *, finished: bool = True) -> tuple[Dissection, ...]:
    """A handshake of the laptop's with 198.18.0.1, as far as it got."""
    laptop, server = "192.168.1.100", "198.18.0.1"
    there = {"source": laptop, "target": server, "protocol": TCP, "ports": (40000, 443)}
    back = {"source": server, "target": laptop, "protocol": TCP, "ports": (443, 40000)}
    hello = {"tls.handshake.type": "1", "tls.handshake.random": ":".join(["ab"] * 32)}
    run.saw("laptop", 1, hello, layers="tls", out=True, **there)
    run.saw("laptop", 2, {"tls.handshake.type": "2"}, layers="tls", out=False, **back)
    if finished:
        run.saw("laptop", 3, {"tls.handshake.type": "20"}, layers="tls", out=True, **there)
    return run.story().evidence.dissections["laptop"]


@pytest.mark.parametrize(
    ("keys", "finished", "lacking"),
    [
        (keylog(*LABELS), True, 0),
        (keylog("CLIENT_RANDOM"), True, 0),
        (keylog(*LABELS[:2]), False, 0),
        (keylog(*LABELS[:3]), True, 1),
        (keylog(*LABELS[:2]), True, 1),
        (keylog(*LABELS)[:-70], True, 1),
        (keylog(*LABELS, of="12" * 32), True, 1),
        ("", True, 1),
    ],
)
def test_a_part_of_the_keys_is_told_by_connection(keys: str, finished: bool, lacking: int) -> None:
    found = find_keyless(shake(Recording(), finished=finished), keys.encode())
    assert len(found) == lacking
    assert [*tell_keyless(found)] == lacking * [
        "keys.log lacks the keys of a connection: 192.168.1.100:40000 to 198.18.0.1:443. What was "
        "encrypted there stays so"
    ]
