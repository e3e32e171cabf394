from __future__ import annotations

import struct

from orchestrator.runtime.engine.exec import STDERR, STDOUT, split_frames


def frame(stream: int, payload: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(payload)) + payload


def test_frames_are_taken_off_the_front() -> None:
    buffer = bytearray(frame(STDOUT, b"one") + frame(STDERR, b"two") + frame(STDOUT, b"rest")[:9])
    assert split_frames(buffer) == [(STDOUT, b"one"), (STDERR, b"two")]
    assert buffer == frame(STDOUT, b"rest")[:9]


def test_a_frame_may_come_octet_by_octet() -> None:
    buffer, found = bytearray(), []
    for octet in frame(STDOUT, b"") + frame(STDOUT, b"slow"):
        buffer.append(octet)
        found += split_frames(buffer)
    assert found == [(STDOUT, b""), (STDOUT, b"slow")]
