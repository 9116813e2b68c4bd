"""Where a clip's media and its poster stand in the blob store."""

import re

from cloud_stub.domain.clip_metadata import PHOTO
from cloud_stub.domain.records import Clip

_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KEY = re.compile(rf"({_UUID})/({_UUID})(?:\.mp4|\.jpg|\.poster\.jpg)\Z", re.ASCII)


def media_key(clip: Clip) -> str:
    """Return the key of a clip's or photo's media."""
    return f"{clip.account_id}/{clip.clip_id}{'.jpg' if clip.kind == PHOTO else '.mp4'}"


def poster_key(clip: Clip) -> str:
    """Return the key of the first picture of a clip, or of a photo's small twin."""
    return f"{clip.account_id}/{clip.clip_id}.poster.jpg"


def clip_of_key(key: str) -> tuple[str, str] | None:
    """Return (account_id, clip_id) of a key that this cloud wrote, and `None` for any other."""
    found = _KEY.match(key)
    return None if found is None else (found[1], found[2])
