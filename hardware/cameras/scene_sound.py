"""The emulated camera's sound: tones that follow the frame counter, so that a test can lay sound beside picture.

The frames of each second (rounded to whole frames) are one beat: its first half sounds, its second half is silent, and
the pitch says which of eight beats it is.
"""

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

from hardware.camera import AudioInfo, EncodedPacket

RATE = 16_000
AAC_SAMPLES = 1024
BIT_RATE = 48_000
BEATS = 8
LOWEST_HZ, STEP_HZ = 400, 200
LOUDNESS = 0.5


class SceneSound:
    """Sounds one run of frames, AAC, mono."""

    def __init__(self, fps: float, ticks_per_s: int) -> None:
        encoder = av.CodecContext.create("aac", "w")
        assert isinstance(encoder, AudioCodecContext)  # noqa: S101 - narrows the type: this is sound
        encoder.sample_rate, encoder.layout, encoder.format = RATE, "mono", "fltp"
        encoder.bit_rate, encoder.time_base = BIT_RATE, Fraction(1, RATE)
        encoder.open()
        self._encoder = encoder
        self._fps = fps
        self._ticks_per_sample = Fraction(ticks_per_s, RATE)
        self.info = AudioInfo("aac", RATE, 1, bytes(encoder.extradata or b""))

    def during(self, frame: int) -> Iterator[EncodedPacket]:
        """Yield the sound packets that are whole when this frame is over; frames come one after the other."""
        begin, end = round(frame * RATE / self._fps), round((frame + 1) * RATE / self._fps)
        tone = LOUDNESS * np.sin(2 * np.pi * pitch_hz(frame, self._fps) * np.arange(begin, end) / RATE)
        heard = AudioFrame.from_ndarray(tone.astype(np.float32).reshape(1, -1), format="fltp", layout="mono")
        heard.sample_rate, heard.pts, heard.time_base = RATE, begin, Fraction(1, RATE)
        for packet in self._encoder.encode(heard):
            at = round((packet.pts or 0) * self._ticks_per_sample)
            lasts = round(AAC_SAMPLES * self._ticks_per_sample)
            if at >= 0:
                yield EncodedPacket(bytes(packet), at, at, lasts, False, 0.0, is_audio=True)  # noqa: FBT003 - the field's order


def pitch_hz(frame: int, fps: float) -> float:
    """Return what sounds during a frame, in Hz; 0 is silence."""
    frames = max(2, round(fps))
    beat, place = divmod(frame, frames)
    return float(LOWEST_HZ + STEP_HZ * (beat % BEATS)) if place < frames // 2 else 0.0
