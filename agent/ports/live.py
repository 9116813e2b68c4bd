"""Ports of live view: packets to fragments for a viewer, the line to a viewer in the cloud, and the speaker."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from hardware.camera import EncodedPacket

LiveMessage = bytes | Mapping[str, object]
"""A binary message (a kind byte, then its bytes) or a document (docs/wire.md, live view)."""


class LiveFragments(Protocol):
    """Packets in, whole fragments of an MP4 out; the head comes with the first of them."""

    def mux(self, packets: Sequence[EncodedPacket]) -> None:
        """Append packets; raises OSError when they do not fit into an MP4."""

    def take_whole(self, timescale: int) -> tuple[bytes, int, int, int]:
        """Return (whole fragments so far, their count, their ticks, the timescale) and forget them."""


class LiveLine(Protocol):
    """A line to a viewer who sits in the cloud; made by `LiveLines.dial`."""

    async def send(self, message: LiveMessage) -> None:
        """Send one message, waiting for a slow line; raises TryLater when the line is gone."""

    def received(self) -> AsyncIterator[LiveMessage]:
        """Yield what the viewer's side sends, until the line is closed."""

    async def close(self) -> None:
        """Close the line. Idempotent."""


class LiveLines(Protocol):
    """Where lines come from."""

    async def dial(self, view_id: str) -> LiveLine:
        """Connect to a view that the cloud has announced; raises TryLater or Refused."""


class Speaker(Protocol):
    """A speaker near a camera. 16-bit little-endian PCM, 16,000 samples a second, one channel."""

    async def play(self, pcm: bytes) -> None:
        """Play what follows; a speaker that is behind drops it. Raises OSError when the speaker is gone."""

    async def close(self) -> None:
        """Play what is left and let the speaker go. Idempotent."""
