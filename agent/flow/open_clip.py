"""The seam between recording and keeping: who records asks for a clip, who keeps decides where it goes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from agent.domain.clip import ClipReason, SinkChoice
from hardware.camera import EncodedPacket, StreamInfo


class OpenClip(Protocol):
    """One clip being recorded. With sink `none` nothing is written anywhere and the row says why."""

    @property
    def clip_id(self) -> str:
        """The clip's UUID."""

    @property
    def choice(self) -> SinkChoice:
        """Where it goes and why; never changes while the clip lives."""

    async def write(self, packets: Sequence[EncodedPacket]) -> None:
        """Append packets (the first is a keyframe). A full or failed disk ends the clip early: reported, not raised."""

    async def close(self, ended_early: str | None = None) -> None:
        """End the clip; from here on the ledger row moves by itself to its sink.

        `ended_early` is the row's word where it did not end of itself: `stop`, `camera_lost`, `disarmed`, `live_view`.
        """


class ClipIntake(Protocol):
    """Opens clips: decides the sink from the lease in force, commits the ledger row, then makes the file."""

    async def open(
        self, camera_id: str, reason: ClipReason, captured_at: datetime, stream: StreamInfo, *, clock_trusted: bool
    ) -> OpenClip:
        """Open a clip whose first picture was taken at `captured_at` (civil UTC)."""

    async def keep_photo(
        self, camera_id: str, jpeg: bytes, captured_at: datetime, *, clock_trusted: bool
    ) -> str | None:
        """Keep one JPEG and return its id, `None` when it was not kept; to the cloud or nowhere (DESIGN §5)."""

    def current_choice(self, camera_id: str) -> SinkChoice:
        """Say where a clip of this camera would go now, for pages and the state document."""
