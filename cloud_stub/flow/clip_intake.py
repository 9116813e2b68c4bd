"""Looks at the bytes of clips and photos as they arrive, and refuses them as soon as they cannot be one."""

from cloud_stub.domain.fragments import FragmentIndex
from cloud_stub.errors import CloudError
from cloud_stub.flow.upload_to_blob import JPEG_START


class ClipIntake:
    """Reads the fragments of one run of bytes on a copy of the index; refuses what is no MP4 or lasts too long."""

    def __init__(self, index: FragmentIndex, longest_ms: int | None) -> None:
        self.index = index.fork()
        self._longest_ms = longest_ms

    def saw(self, data: bytes) -> None:
        """Take the next bytes; CloudError 422 `not_playable`, 413 `clip_too_long`."""
        self.index.feed(data)
        if self.index.broken is not None:
            message = f"These bytes are no fragmented MP4 ({self.index.broken}): send the clip as it was recorded."
            raise CloudError("not_playable", 422, message)
        if self._longest_ms is not None and self.index.duration_ms > self._longest_ms:
            message = f"A clip can last at most {self._longest_ms} ms here: end it and begin another."
            raise CloudError("clip_too_long", 413, message)


class PhotoIntake:
    """Refuses a photo whose first bytes are no JPEG's; counts the others."""

    def __init__(self, index: FragmentIndex, offset: int) -> None:
        self.index = index.fork()
        self._at = offset

    def saw(self, data: bytes) -> None:
        """Take the next bytes; CloudError 422 `not_playable`."""
        self.index.feed(data)
        wanted = JPEG_START[self._at :]
        self._at += len(data)
        if not data.startswith(wanted[: len(data)]):
            raise CloudError("not_playable", 422, "This photo is not a JPEG.")
