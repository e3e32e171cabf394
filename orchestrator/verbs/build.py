"""Build the images that are missing or have changed."""

from __future__ import annotations

from orchestrator.runtime.engine.client import connect
from orchestrator.runtime.engine.images import Progress, build_images, images_folder

# A step of a build may be silent for as long as a large package takes to unpack.
_SILENT_FOR_S = 600


def build(progress: Progress) -> None:
    """Build every image of Clicklab that this Docker has not got as it is now."""
    build_images(connect(timeout_s=_SILENT_FOR_S), images_folder(), progress)
