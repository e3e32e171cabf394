"""Files that are there whole, or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

# Of the name, in that of the unfinished file: file systems take 255 octets.
_LONGEST = 40


def replace_file(
    path: Path, content: bytes | str, mode: int = 0o644, durable: bool = False
) -> None:
    """Write a file that appears under its name when it is whole; text is UTF-8.

    Readers see the old one or the new one, and whoever writes at the same time disturbs nobody;
    after a power cut they do if it is ``durable``. What stands under that name is replaced, not
    followed: a link of a stranger's leads nowhere.
    Raises OSError, and then nothing is left behind.
    """
    data = content.encode() if isinstance(content, str) else content
    descriptor, unfinished = tempfile.mkstemp(".new", f".{path.name[:_LONGEST]}.", path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(descriptor, mode)
            if durable:
                file.flush()
                os.fsync(descriptor)
        Path(unfinished).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(unfinished).unlink()
        raise


def replace_json(path: Path, value: Any, durable: bool = False) -> None:
    """The same with a value as one JSON document."""
    replace_file(path, json.dumps(value, indent=1, ensure_ascii=False), durable=durable)
