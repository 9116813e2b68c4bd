"""The port of a speaker near a camera: what a viewer says during a live view comes out of it."""

from typing import Final, Protocol

SAMPLES_PER_S: Final = 16_000
SAMPLE_BYTES: Final = 2


class Speaker(Protocol):
    """16-bit little-endian PCM, 16,000 samples a second, one channel. All calls may block; OSError when it is gone."""

    def play(self, pcm: bytes) -> None:
        """Play what follows."""

    def close(self) -> None:
        """Play what is left and let the speaker go. Idempotent."""
