"""A clip that its owner wants on the module's own drive: the words of the command, read strictly, and its result."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from agent.domain.clip import ClipReason, ClipRow, MediaKind, RowPhase, Sink, SinkChoice, SinkReason

LARGEST_BYTES = 1 << 30
_CLIP_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class SavedClip:
    """What the drive gave back when the clip was read from it."""

    sha256: str


def read_clip(arguments: Mapping[str, object]) -> ClipRow:
    """Return the clip that the arguments name, as a row that no ledger holds; ValueError names what is wrong.

    Every word may end in a file's name, so nothing but the exact shapes of docs/wire.md is taken.
    """
    kind = _text(arguments, "kind", re.compile("clip|photo"))
    size = arguments.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= LARGEST_BYTES:
        raise ValueError("`size` is a number of bytes, 1 GiB at most.")
    return ClipRow(
        clip_id=_text(arguments, "clip_id", _CLIP_ID),
        camera_id=_text(arguments, "camera_id", re.compile(r"[!-~]{1,64}")),
        kind=MediaKind(kind),
        clip_reason=ClipReason.PHOTOS if kind == MediaKind.PHOTO.value else ClipReason.MOTION,
        phase=RowPhase.STORED_CLOUD,
        choice=SinkChoice(Sink.CLOUD, SinkReason.PLAN, None, None, None),
        captured_at=_text(arguments, "captured_at", _TIME),
        clock_trusted=True,
        path=None,
        size_bytes=size,
        sha256=_text(arguments, "sha256", _SHA256),
    )


def _text(arguments: Mapping[str, object], key: str, shape: re.Pattern[str]) -> str:
    value = arguments.get(key)
    if not isinstance(value, str) or shape.fullmatch(value) is None:
        raise ValueError(f"`{key}` is not what docs/wire.md says.")
    return value
