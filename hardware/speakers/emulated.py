"""The emulated twin of a speaker: a WAV file that holds what was said."""

import wave
from pathlib import Path

from hardware.speaker import SAMPLE_BYTES, SAMPLES_PER_S


class EmulatedSpeaker:
    """A WAV file to which every conversation is appended; whole after each `close`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._said = bytearray()
        self._closed = False

    def play(self, pcm: bytes) -> None:
        """Keep the sound."""
        self._said += pcm

    def close(self) -> None:
        """Write the file."""
        if self._closed:
            return
        self._closed = True
        before = b""
        if self._path.exists():
            with wave.open(str(self._path), "rb") as file:
                before = file.readframes(file.getnframes())
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(self._path), "wb") as file:
            file.setparams((1, SAMPLE_BYTES, SAMPLES_PER_S, 0, "NONE", "not compressed"))
            file.writeframes(before + bytes(self._said))
