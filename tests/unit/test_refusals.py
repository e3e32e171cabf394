"""What the machine refuses is told with its path and what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from docker.errors import APIError
from pyroute2.netlink.exceptions import NetlinkError

from orchestrator.errors import HostError, UsageError
from orchestrator.refusals import cannot_write, refusal, why, writing
from orchestrator.runtime.engine.client import explained

RUNS = Path("/somewhere/captures")


def refused(number: int, name: str | None = None) -> OSError:
    return OSError(number, os.strerror(number), name)


def test_a_full_disk_says_where_and_what_to_free() -> None:
    """`write(2)` names no file: whoever writes knows where."""
    with pytest.raises(HostError) as caught, writing(RUNS, "--captures"):
        raise refused(errno.ENOSPC)
    assert caught.value.message == "cannot write to /somewhere/captures: the disk is full"
    assert "du -sh /somewhere/captures/*" in caught.value.hint
    assert "--captures" in caught.value.hint
    assert caught.value.exit_code == 4


def test_the_file_that_was_refused_is_the_one_that_is_told() -> None:
    with pytest.raises(HostError) as caught, writing(RUNS):
        raise refused(errno.EROFS, "/elsewhere/x")
    assert caught.value.message == "cannot write to /elsewhere/x: its disk is read-only"


@pytest.mark.parametrize("error", [refused(errno.EPERM), refused(errno.ENOENT), KeyError("x")])
def test_what_is_not_the_disks_doing_is_left_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, writing(RUNS):
        raise error
    assert caught.value is error


def test_a_folder_that_cannot_be_made_is_told_whatever_the_reason() -> None:
    told = cannot_write(RUNS, refused(errno.ENOTDIR, str(RUNS)), "--captures")
    assert told.message == "cannot write to /somewhere/captures: Not a directory"
    assert told.hint == "choose another with --captures"


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (refused(errno.ENOSPC, "/var/x"), "cannot write to /var/x: the disk is full", "du -sh"),
        (refused(errno.ENOSPC), "the disk is full", ""),
        (refused(errno.EACCES, "/var/x"), "/var/x: permission denied", ""),
        (refused(errno.EMFILE), "too many files are open", "ulimit -n"),
        (refused(errno.ENOMEM), "there is no memory left", "lab doctor"),
    ],
)
def test_what_nobody_expected_is_told_all_the_same(error: OSError, message: str, hint: str) -> None:
    told = refusal(error)
    assert isinstance(told, HostError)
    assert told.message == message
    assert hint in told.hint


def test_a_path_that_can_be_none_is_a_mistake() -> None:
    told = refusal(refused(errno.ENAMETOOLONG, "a" * 300))
    assert isinstance(told, UsageError)
    assert told.message == f"no file is called '{'a' * 40}…': the name is too long"


def test_our_own_mistakes_are_no_refusals() -> None:
    assert refusal(refused(errno.EBADF)) is None
    assert refusal(OSError("said by a library")) is None


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (refused(errno.ENOENT, "/run/x"), "/run/x: No such file or directory"),
        (refused(errno.ECONNREFUSED), "Connection refused"),
        (OSError(errno.EINVAL, "in our words"), "in our words"),
        (NetlinkError(errno.EEXIST, "File exists"), "File exists"),
        (TimeoutError("timed out"), "no answer in time"),
        (TimeoutError(), "no answer in time"),
        (TimeoutError("in our words"), "in our words"),
    ],
)
def test_why_is_said_without_pythons_way_of_writing_it(error: Exception, said: str) -> None:
    assert why(error) == said


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, None), "No space left on device"),
        (OSError(errno.ENOSPC, None, "/var/x"), "/var/x: No space left on device"),
        (OSError(), "no reason is known"),
        (ValueError(""), "no reason is known"),
        (OSError("gone"), "gone"),
    ],
)
def test_no_error_is_told_as_none(error: Exception, told: str) -> None:
    """`disk is full: None` was."""
    assert why(error) == told
    if isinstance(error, OSError):
        assert "None" not in str(cannot_write(RUNS, error))


class Answer:
    status_code, url, reason = 500, "http+docker://localhost/v1.47/containers/create", None


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (APIError("", Answer(), None), f"Docker refused: 500 Server Error for {Answer.url}"),
        (APIError(""), "Docker refused: it gave no reason"),
        (APIError("None"), "Docker refused: it gave no reason"),
        (APIError("no space left on device: None"), "the disk is full: no space left on device"),
    ],
)
def test_what_docker_does_not_say_is_not_told_as_none(error: APIError, told: str) -> None:
    assert explained(error).message == told
