"""What a clip is called as a file: its camera, its time in UTC, and enough of its id to be unique."""

import re
from datetime import UTC
from typing import Final

from cloud_stub.domain.clip_metadata import PHOTO
from cloud_stub.domain.records import Clip

LONGEST_NAME: Final = 60
_UNFIT: Final = re.compile(r"[^\w-]+")


def clip_file_name(clip: Clip, camera_name: str) -> str:
    """Return a name that every file system takes; a camera that is not known any more leaves its place empty."""
    suffix = "jpg" if clip.kind == PHOTO else "mp4"
    camera = _UNFIT.sub("_", camera_name).strip("_")[:LONGEST_NAME]
    when = f"{clip.captured_at.astimezone(UTC):%Y-%m-%d_%H-%M-%SZ}"
    return f"{'_'.join(part for part in (camera, when, clip.clip_id[:8]) if part)}.{suffix}"
