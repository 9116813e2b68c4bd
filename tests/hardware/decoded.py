"""Decodes packets of a camera source the way a reader of a clip would, and reads the frame marks."""

from collections.abc import Iterable, Iterator

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from hardware.camera import EncodedPacket, StreamInfo
from hardware.cameras.frame_mark import FrameMark, Plane, read_mark


def decoded(info: StreamInfo, packets: Iterable[EncodedPacket]) -> Iterator[VideoFrame]:
    codec = av.CodecContext.create(info.codec, "r")
    assert isinstance(codec, VideoCodecContext)
    if info.extradata:
        codec.extradata = info.extradata
    for packet in packets:
        fed = av.Packet(packet.data)
        fed.pts, fed.dts, fed.time_base = packet.pts, packet.dts, info.time_base
        yield from codec.decode(fed)
    yield from codec.decode(None)


def marks(info: StreamInfo, packets: Iterable[EncodedPacket]) -> list[FrameMark | None]:
    return [frame_mark(frame) for frame in decoded(info, packets)]


def frame_mark(frame: VideoFrame) -> FrameMark | None:
    _, blue, red = planes(frame)
    return read_mark(blue, red, width=frame.width)


def planes(frame: VideoFrame) -> tuple[Plane, Plane, Plane]:
    picture = frame.to_ndarray(format="yuv420p").astype(np.uint8, copy=False)
    height, width = frame.height, frame.width
    chroma, quarter = picture[height:].reshape(-1), height * width // 4
    half = (height // 2, width // 2)
    return picture[:height], chroma[:quarter].reshape(half), chroma[quarter:].reshape(half)
