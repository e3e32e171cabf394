"""Where the files are that come with Clicklab."""

from __future__ import annotations

from pathlib import Path


def shipped_topologies() -> Path:
    """The folder of the topologies that come with Clicklab."""
    package = Path(__file__).resolve().parent
    packaged = package / "_topologies"
    return packaged if packaged.is_dir() else package.parent / "topologies"


def shipped_scenarios() -> dict[str, Path]:
    """The scenarios that come with Clicklab, by name."""
    return {path.stem: path for path in sorted((shipped_topologies() / "scenarios").glob("*.yaml"))}
