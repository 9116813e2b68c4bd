"""Where a clip's media and its poster stand in the blob store."""

from cloud_stub.domain.clip_metadata import PHOTO
from cloud_stub.domain.records import Clip


def media_key(clip: Clip) -> str:
    """Return the key of a clip's or photo's media."""
    return f"{clip.account_id}/{clip.clip_id}{'.jpg' if clip.kind == PHOTO else '.mp4'}"


def poster_key(clip: Clip) -> str:
    """Return the key of the first picture of a clip, or of a photo's small twin."""
    return f"{clip.account_id}/{clip.clip_id}.poster.jpg"
