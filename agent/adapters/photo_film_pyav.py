"""A film of photos: JPEGs decoded one at a time and encoded to H.264 in a thread of its own."""

import asyncio
import io
from collections.abc import Sequence
from fractions import Fraction

import av
from av.video.frame import VideoFrame

from agent.domain.photo_album import SHOWN_MS
from hardware.camera import CameraRefused, EncodedPacket, StreamInfo
from hardware.cameras.encoder import PictureEncoder

TIME_BASE = Fraction(1, 90_000)
SHOWN_TICKS = 90 * SHOWN_MS
FPS = 1000 / SHOWN_MS


class PyavPhotoFilm:
    """The PhotoFilm port. Every photo is a keyframe: they have little in common, and a viewer may stop at any."""

    async def film(self, jpegs: Sequence[bytes]) -> tuple[StreamInfo, Sequence[EncodedPacket], Sequence[int]]:
        return await asyncio.to_thread(_film, jpegs)


def _film(jpegs: Sequence[bytes]) -> tuple[StreamInfo, Sequence[EncodedPacket], Sequence[int]]:
    encoder: PictureEncoder | None = None
    packets: list[EncodedPacket] = []
    shown: list[int] = []
    for number, jpeg in enumerate(jpegs):
        picture = _decoded(jpeg)
        if picture is None:
            continue
        encoder = encoder or _encoder(picture)
        picture.pts = len(shown) * SHOWN_TICKS
        packets += [_packet(*coded) for coded in encoder.encode(picture, keyframe=True)]
        shown.append(number)
    if encoder is None:
        raise OSError("None of these photos can be read.")
    packets += [_packet(*coded) for coded in encoder.finish()]
    return StreamInfo("h264", encoder.width, encoder.height, TIME_BASE, FPS, b""), packets, shown


def _decoded(jpeg: bytes) -> VideoFrame | None:
    """Decode one photo, or return `None` for what is none."""
    try:
        with av.open(io.BytesIO(jpeg), mode="r", format="jpeg_pipe") as file:
            return next(file.decode(video=0), None)
    except av.FFmpegError:
        return None


def _encoder(picture: VideoFrame) -> PictureEncoder:
    try:
        return PictureEncoder(
            width=picture.width, height=picture.height, time_base=TIME_BASE, fps=FPS, keyframe_every_s=1 / FPS
        )
    except CameraRefused as error:
        raise OSError(str(error)) from None


def _packet(data: bytes, pts: int, is_keyframe: bool) -> EncodedPacket:  # noqa: FBT001 - as the encoder yields it
    return EncodedPacket(data=data, pts=pts, dts=pts, duration=SHOWN_TICKS, is_keyframe=is_keyframe, arrived_s=0.0)
