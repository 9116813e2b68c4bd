"""Posters of clips and photos, decoded and scaled by PyAV in a thread, one at a time."""

import asyncio
import io
from itertools import islice
from pathlib import Path

import av
from av.video.frame import VideoFrame

WIDEST = 640
JPEG_QUALITY = "5"  # FFmpeg's qscale: 2 is best, 31 worst
MOST_PACKETS = 400
MOST_PACKETS_SEEN = 1500
MOST_PIXELS = 64_000_000


class PyavPosters:
    """Posters by PyAV; a picture that cannot be decoded is `None`, never an error."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Semaphore(1)

    async def poster(self, path: Path) -> bytes | None:
        async with self._one_at_a_time:
            return await asyncio.to_thread(_poster, path)


def _poster(path: Path) -> bytes | None:
    try:
        frame = _middle_picture(path) or _first_picture(path)
        return None if frame is None else _to_jpeg(frame)
    except (av.FFmpegError, OSError, ValueError):
        return None


def _middle_picture(path: Path) -> VideoFrame | None:
    """Return the keyframe nearest the middle: a clip begins before anything moves, and ends after it."""
    with path.open("rb") as file, av.open(file, "r", metadata_errors="ignore") as media:
        if not media.streams.video:
            return None
        seen = [
            (packet.pts, packet.is_keyframe)
            for packet in islice(media.demux(media.streams.video[0]), MOST_PACKETS_SEEN)
            if packet.pts is not None
        ]
    keyframes = [pts for pts, is_keyframe in seen if is_keyframe]
    if len(keyframes) < 2:  # noqa: PLR2004 - one keyframe is the first picture
        return None
    middle = (seen[0][0] + seen[-1][0]) / 2
    return _picture_at(path, min(keyframes, key=lambda pts: abs(pts - middle)))


def _picture_at(path: Path, wanted_pts: int) -> VideoFrame | None:
    with path.open("rb") as file, av.open(file, "r", metadata_errors="ignore") as media:
        stream = media.streams.video[0]
        if stream.codec_context.width * stream.codec_context.height > MOST_PIXELS:
            return None
        stream.codec_context.thread_count = 1
        for packet in media.demux(stream):
            if packet.pts == wanted_pts:
                try:
                    return next(iter([*stream.decode(packet), *stream.decode(None)]), None)
                except av.FFmpegError:
                    return None
    return None


def _first_picture(path: Path) -> VideoFrame | None:
    with path.open("rb") as file, av.open(file, "r", metadata_errors="ignore") as media:
        if not media.streams.video:
            return None
        stream = media.streams.video[0]
        if stream.codec_context.width * stream.codec_context.height > MOST_PIXELS:
            return None
        stream.codec_context.thread_count = 1
        for number, packet in enumerate(media.demux(stream)):
            if number >= MOST_PACKETS:
                return None
            for frame in packet.decode():
                if isinstance(frame, VideoFrame):
                    return frame
    return None


def _to_jpeg(frame: VideoFrame) -> bytes:
    width = min(frame.width, WIDEST)
    height = max(2, round(frame.height * width / frame.width))
    small = frame.reformat(width=width - width % 2, height=height - height % 2, format="yuvj420p")
    small.pts = 0
    target = io.BytesIO()
    with av.open(target, "w", format="mjpeg") as out:
        stream = out.add_stream("mjpeg", rate=1, options={"qscale": JPEG_QUALITY, "flags": "+qscale"})
        stream.width, stream.height, stream.pix_fmt = small.width, small.height, "yuvj420p"
        for packet in (*stream.encode(small), *stream.encode(None)):
            out.mux(packet)
    return target.getvalue()
