"""Small encoded videos with a known scene, for tests of everything that takes a camera's packets."""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from hardware.camera import EncodedPacket, StreamInfo

TIME_BASE = Fraction(1, 90000)
Scene = Callable[[float], NDArray[np.uint8]]


def street(width: int = 320, height: int = 240, *, seed: int = 1) -> NDArray[np.uint8]:
    """Return a textured background."""
    generator = np.random.default_rng(seed)
    blocks = generator.integers(60, 180, size=(height // 8, width // 8), dtype=np.uint8)
    return np.kron(blocks, np.ones((8, 8), dtype=np.uint8)).astype(np.uint8)


def walker(from_s: float, to_s: float, *, noise: float = 2.0, width: int = 320, height: int = 240) -> Scene:
    """Return a scene: noise on a street, and a bright box that crosses it from `from_s` to `to_s`."""
    background = street(width, height).astype(np.float32)

    def picture(at_s: float) -> NDArray[np.uint8]:
        generator = np.random.default_rng(int(at_s * 1000))
        shown = background + generator.normal(0.0, noise, background.shape).astype(np.float32)
        if from_s <= at_s < to_s:
            left = int((at_s - from_s) / (to_s - from_s) * (width - width // 10))
            shown[height // 3 : height * 2 // 3, left : left + width // 10] = 235.0
        return np.clip(shown, 0, 255).astype(np.uint8)

    return picture


def encode(
    scene: Scene,
    seconds: float,
    codec: str = "h264",
    fps: int = 10,
    keyframe_every_s: float = 1.0,
    b_frames: int = 0,
    *,
    constant_quality: bool = False,
) -> tuple[StreamInfo, list[EncodedPacket]]:
    """Encode a scene as a camera would: Annex B, parameter sets in band, times from 0, 1 Mbit/s unless told."""
    encoder: Any = av.CodecContext.create({"h264": "libx264", "hevc": "libx265"}[codec], "w")
    assert isinstance(encoder, VideoCodecContext)
    height, width = scene(0.0).shape
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(fps), Fraction(1, fps)
    encoder.thread_count = 1
    gop = max(1, round(keyframe_every_s * fps))
    encoder.options = {
        "preset": "ultrafast",
        "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={b_frames}:repeat-headers=1:threads=1",
        "x265-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={b_frames}:repeat-headers=1:log-level=none",
    }
    if constant_quality:
        encoder.bit_rate, encoder.options = 0, {**encoder.options, "crf": "26"}
    encoded = []
    for index in range(round(seconds * fps)):
        frame = av.VideoFrame.from_ndarray(scene(index / fps), format="gray").reformat(format="yuv420p")
        frame.pts, frame.time_base = index, Fraction(1, fps)
        encoded.extend(encoder.encode(frame))
    encoded.extend(encoder.encode(None))
    first = min(packet.dts for packet in encoded if packet.dts is not None)
    unit = round(Fraction(1, fps) / TIME_BASE)
    packets = [
        EncodedPacket(
            data=bytes(packet),
            pts=((packet.pts or 0) - first) * unit,
            dts=((packet.dts or 0) - first) * unit,
            duration=unit,
            is_keyframe=packet.is_keyframe,
            arrived_s=((packet.dts or 0) - first) / fps,
        )
        for packet in encoded
    ]
    return StreamInfo(codec, width, height, TIME_BASE, float(fps), b""), packets


@cache
def quiet_then_walker(codec: str = "h264") -> tuple[StreamInfo, tuple[EncodedPacket, ...]]:
    """Return 12 s at 10 pictures a second in which something moves from 4 s to 7 s."""
    stream, packets = encode(walker(4.0, 7.0), 12.0, codec)
    return stream, tuple(packets)


def placeholder_packets(
    seconds: float, *, fps: int = 10, keyframe_every_s: float = 1.0, size: int = 100, start_s: float = 0.0
) -> list[EncodedPacket]:
    """Return packets with times and keyframes but no real video, for rules that never decode."""
    unit = round(Fraction(1, fps) / TIME_BASE)
    gop = max(1, round(keyframe_every_s * fps))
    first = round(start_s * fps)
    return [
        EncodedPacket(bytes(size), index * unit, index * unit, unit, (index - first) % gop == 0, index / fps)
        for index in range(first, first + round(seconds * fps))
    ]
