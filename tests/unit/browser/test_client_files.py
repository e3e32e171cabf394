"""What a client's files become on their way out of its container."""

from __future__ import annotations

import io
import tarfile

from orchestrator.browser.client import unpack


def archive(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("keys.log")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/shadow"
        tar.addfile(link)
    return packed.getvalue()


def test_files_by_name_and_no_links() -> None:
    assert unpack(archive(netlog=b"{}", empty=b"")) == {"netlog": b"{}", "empty": b""}


def test_a_client_that_wrote_nothing_or_went_meanwhile() -> None:
    assert unpack(b"") == {}
    assert unpack(archive(netlog=bytes(4096))[:700]) == {}
