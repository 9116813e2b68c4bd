"""Streams as odd cameras send them, each picture with its number in it: what must be recorded, frame by frame."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from io import BytesIO
from itertools import pairwise

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from agent.adapters.clip_files_pyav import FragmentMuxer
from hardware.camera import EncodedPacket, StreamInfo
from hardware.cameras.frame_mark import FrameMark, draw_mark
from hardware.cameras.scene_pictures import ScenePainter
from hardware.cameras.scenes import SCENES
from tests.hardware.decoded import frame_mark

NONCE = 0xC0FFEE
RTP_CLOCK = 90_000
FPS = 15.0


@dataclass(frozen=True, slots=True)
class OddStream:
    """Access units in sending order, their RTP times, and what a clip of them must hold.

    `shown` are the marks that a player reads, `lasts_s` how long the stream is from its first to its last picture.
    """

    units: tuple[bytes, ...]
    stamps: tuple[int, ...]
    shown: tuple[int, ...]
    lasts_s: float
    fps: float = FPS
    codec: str = "h264"


def encoded(
    pictures: Iterable[VideoFrame],
    *,
    codec: str = "h264",
    fps: float = FPS,
    keyframe_every: int = 15,
    b_frames: int = 0,
) -> list[tuple[bytes, int]]:
    """Return (access unit, number of its picture) in decoding order."""
    encoder = av.CodecContext.create({"h264": "libx264", "hevc": "libx265"}[codec], "w")
    assert isinstance(encoder, VideoCodecContext)
    every = f"keyint={keyframe_every}:min-keyint={keyframe_every}:scenecut=0:bframes={b_frames}:repeat-headers=1"
    encoder.options = {
        "preset": "ultrafast",
        "x264-params": f"{every}:threads=1:annexb=1",
        "x265-params": f"{every}:log-level=none:pools=1:frame-threads=1",
    }
    units: list[tuple[bytes, int]] = []
    for number, picture in enumerate(pictures):
        if number == 0:
            encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, "yuv420p"
            encoder.framerate, encoder.time_base = Fraction(fps), Fraction(1, round(fps))
            encoder.thread_count = 1
        picture.pts, picture.time_base = number, Fraction(1, round(fps))
        units += [(bytes(packet), packet.pts or 0) for packet in encoder.encode(picture)]
    return [*units, *((bytes(packet), packet.pts or 0) for packet in encoder.encode(None))]


def busy_street(frames: int, *, first: int = 0, width: int = 320, height: int = 180) -> Iterator[VideoFrame]:
    painter = ScenePainter(SCENES["busy"], seed=1, width=width, height=height, fps=FPS)
    for number in range(first, first + frames):
        yield VideoFrame.from_ndarray(painter.paint(number, NONCE), format="yuv420p")


def black(frames: int) -> Iterator[VideoFrame]:
    """Paint a lens that is covered: nothing but the mark, which is colour without brightness."""
    for number in range(frames):
        luma, blue, red = (
            np.full(size, level, np.uint8) for size, level in (((180, 320), 16), ((90, 160), 128), ((90, 160), 128))
        )
        draw_mark(luma, blue, red, FrameMark(NONCE, number))
        planes = np.concatenate([plane.reshape(-1) for plane in (luma, blue, red)]).reshape(270, 320)
        yield VideoFrame.from_ndarray(planes, format="yuv420p")


def plain(frames: int = 60, *, fps: float = FPS, start: int = 1_000_000, **encoding: int | str) -> OddStream:
    units = encoded(busy_street(frames), **encoding)  # type: ignore[arg-type] # the keywords of `encoded`
    stamps = tuple(start + round(number * RTP_CLOCK / fps) for _, number in units)
    codec = str(encoding.get("codec", "h264"))
    return OddStream(tuple(unit for unit, _ in units), stamps, tuple(range(frames)), (frames - 1) / fps, fps, codec)


def no_keyframe_for_20_s() -> OddStream:
    return plain(330, keyframe_every=300)


def variable_frame_rate() -> OddStream:
    """Save pictures as some cameras do while nothing moves: 1 s, 0.04 s and 0.2 s between them."""
    stream = plain(60)
    gaps = [round(RTP_CLOCK * (1.0, 0.04, 0.2, 0.04)[number % 4]) for number in range(60)]
    times = [sum(gaps[:number]) for number in range(60)]
    return replace(stream, stamps=tuple(1_000_000 + at for at in times), lasts_s=times[-1] / RTP_CLOCK)


def jumps_back() -> OddStream:
    stream = plain(60)
    return replace(stream, stamps=tuple(at - 5 * RTP_CLOCK * (number >= 30) for number, at in enumerate(stream.stamps)))


def wraps() -> OddStream:
    return plain(60, start=(1 << 32) - 2 * RTP_CLOCK)


def b_frames() -> OddStream:
    return plain(60, b_frames=2)


def h265() -> OddStream:
    return plain(60, codec="hevc")


def one_frame_a_second() -> OddStream:
    return plain(20, fps=1.0, keyframe_every=4)


def endless_black() -> OddStream:
    units = encoded(black(60))
    stamps = tuple(1_000_000 + round(number * RTP_CLOCK / FPS) for _, number in units)
    return OddStream(tuple(unit for unit, _ in units), stamps, tuple(range(60)), 59 / FPS)


def corrupted() -> OddStream:
    """Every seventh picture that is no keyframe has 20 wrong bytes behind its slice's head.

    All of them are stored; `shown` are the pictures that lean on no spoilt one.
    """
    stream, chance = plain(60), random.Random(1)  # noqa: S311 - the same faults in every run
    units, spoilt_ones = list(stream.units), [number for number in range(3, 60, 7) if number % 15]
    for number in spoilt_ones:
        spoilt = bytearray(units[number])
        for _ in range(20):
            spoilt[chance.randrange(min(30, len(spoilt) // 2), len(spoilt))] ^= 0x55
        units[number] = bytes(spoilt)
    sound = (
        number for number in range(60) if not any(number - number % 15 <= spoilt <= number for spoilt in spoilt_ones)
    )
    return replace(stream, units=tuple(units), shown=tuple(sound))


def other_size_in_mid_stream() -> OddStream:
    first, second = encoded(busy_street(30)), encoded(busy_street(30, first=30, width=640, height=360))
    units = [unit for unit, _ in [*first, *second]]
    stamps = tuple(1_000_000 + round(number * RTP_CLOCK / FPS) for number in range(60))
    return OddStream(tuple(units), stamps, tuple(range(60)), 59 / FPS)


MAKERS: tuple[Callable[[], OddStream], ...] = (
    no_keyframe_for_20_s,
    variable_frame_rate,
    jumps_back,
    wraps,
    b_frames,
    h265,
    one_frame_a_second,
    endless_black,
    corrupted,
    other_size_in_mid_stream,
)


@cache
def odd_stream(name: str) -> OddStream:
    """Return one stream by its maker's name."""
    return next(make for make in MAKERS if make.__name__ == name)()


def clips_of(info: StreamInfo, packets: Sequence[EncodedPacket]) -> list[bytes]:
    """Mux packets as the recorder does: one clip, and another where the pictures are described anew."""
    clips: list[bytes] = []
    begins = [0, *(at for at, packet in enumerate(packets) if at and packet.stream is not None), len(packets)]
    for begin, end in pairwise(begins):
        info = packets[begin].stream or info
        muxer = FragmentMuxer(info, packets[begin], 1.0)
        muxer.mux(packets[begin:end])
        muxer.finish()
        clips.append(muxer.take_whole(0)[0])
    return clips


def seen_in(clip: bytes) -> list[tuple[int | None, float, int]]:
    """Decode a whole clip as a player does: (mark, seconds, width) of each picture."""
    with av.open(BytesIO(clip), "r") as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        pictures = list(container.decode(stream))
    found = ((frame_mark(picture), picture.time, picture.width) for picture in pictures)
    return [(None if mark is None else mark.counter, float(at or 0.0), width) for mark, at, width in found]
