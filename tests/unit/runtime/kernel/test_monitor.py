"""How the monitor reads its socket, without one; what it hears of real ones is in the e2e tests."""

from __future__ import annotations

import errno
import struct

import pytest

from orchestrator.runtime.kernel.monitor import received

SOL_NETLINK, LISTEN_ALL_NSID = 270, 8


class Socket:
    """Gives out what it was made with, then has nothing more."""

    def __init__(self, *answers: tuple[bytes, int] | OSError) -> None:
        self.answers = list(answers)

    def recvmsg(
        self, bufsize: int, ancbufsize: int, /
    ) -> tuple[bytes, list[tuple[int, int, bytes]], int, tuple[int, int]]:
        answer = self.answers.pop(0) if self.answers else BlockingIOError()
        if isinstance(answer, OSError):
            raise answer
        data, number = answer
        return data, [(SOL_NETLINK, LISTEN_ALL_NSID, struct.pack("=i", number))], 0, (0, 1)


def test_each_datagram_comes_with_the_number_of_its_namespace() -> None:
    heard = list(received(Socket((b"one", 7), (b"two", 8))))
    assert [(number, data) for _, number, data in heard] == [(7, b"one"), (8, b"two")]
    assert heard[0][0] <= heard[1][0]


def test_a_loss_is_told_and_reading_goes_on() -> None:
    lost = OSError(errno.ENOBUFS, "no buffer space")
    heard = list(received(Socket((b"one", 7), lost, (b"two", 7))))
    assert [(number, data) for _, number, data in heard] == [(7, b"one"), (None, b""), (7, b"two")]


def test_another_error_is_not_swallowed() -> None:
    with pytest.raises(OSError, match="bad"):
        list(received(Socket(OSError(errno.EBADF, "bad descriptor"))))
