"""What the camera itself does to drawn footage: it shakes, and its encoder pumps."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np

from tests.kinds.footage import HEIGHT, PICTURES_PER_S, WIDTH, Luma, Shades, Touch

KEYFRAME_EVERY = 2 * PICTURES_PER_S


def shake(dice: np.random.Generator) -> Touch:
    """Return wind at the pole: bouts of a few seconds, in fractions of pixels and up to five, also turned a little."""
    far, beats_hz = dice.uniform(0.8, 4.0), dice.uniform(1.5, 7)
    bouts_s, phase, turn = dice.uniform(3, 9), dice.uniform(0, 6), dice.uniform(0, 0.25)

    def touch(picture: Shades, at_s: float) -> Shades:
        now = far * max(0.0, np.sin(2 * np.pi * at_s / bouts_s + phase)) * (0.6 + 0.4 * dice.random())
        x, y = now * np.sin(2 * np.pi * beats_hz * at_s), 0.6 * now * np.sin(2 * np.pi * 1.7 * beats_hz * at_s + 1)
        turned = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), float(turn * x / far), 1.0)
        turned[:, 2] += (x, y)
        shown = cv2.warpAffine(picture, turned, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(shown, np.float32)

    return touch


def coded(pictures: Iterable[tuple[float, Luma]], kbit_per_s: int) -> Iterator[tuple[float, Luma]]:
    """Send pictures through a real H.264 encoder of few bits and back: soft at once, sharp at the next keyframe."""
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(PICTURES_PER_S), Fraction(1, PICTURES_PER_S)
    encoder.bit_rate, encoder.thread_count = kbit_per_s * 1000, 1
    encoder.options = {
        "preset": "veryfast",
        "tune": "zerolatency",
        "x264-params": f"keyint={KEYFRAME_EVERY}:min-keyint={KEYFRAME_EVERY}:scenecut=0:bframes=0:threads=1"
        f":vbv-maxrate={kbit_per_s}:vbv-bufsize={kbit_per_s}",
    }
    decoder: Any = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    times: list[float] = []
    for number, (at_s, luma) in enumerate(pictures):
        times.append(at_s)
        frame = av.VideoFrame.from_ndarray(luma, format="gray").reformat(format="yuv420p")
        frame.pts = number
        for packet in encoder.encode(frame):
            yield from _shown(decoder.decode(packet), times)
    for packet in encoder.encode(None):
        yield from _shown(decoder.decode(packet), times)
    yield from _shown(decoder.decode(None), times)


def _shown(frames: Iterable[Any], times: list[float]) -> Iterator[tuple[float, Luma]]:
    for frame in frames:
        plane = frame.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(HEIGHT, plane.line_size)
        yield times[frame.pts], rows[:, :WIDTH].copy()
