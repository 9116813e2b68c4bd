"""The small picture of the moment at which motion was decided, its region outlined: encoded once for each motion."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from agent.vision.motion import MotionReading

WIDTH = 320
OUTLINE = (235, 30, 150)
"""Luma, blue and red: a yellow that stands out by day and by night."""
EDGE_PIXELS = 2
PICTURE_EVERY_S = 2.0
JPEG_QUANTISER = "4"
ONSET_QUANTISER = "7"


class OnsetPictures:
    """Follows one stream's readings; where motion or a light change begins, the reading gets its onset and picture.

    While it lasts every reading holds the newest picture, one in two seconds: a clip may begin in the midst of it.
    Without `pictures` there are onsets only.
    """

    def __init__(self, *, pictures: bool = True) -> None:
        self._pictures = pictures
        self._rising_s: float | None = None
        self._still_s: float | None = None
        self._told = ""
        self._picture: bytes | None = None
        self._taken_s = 0.0

    def anew(self) -> "OnsetPictures":
        """Return one for the next stream."""
        return OnsetPictures(pictures=self._pictures)

    def noted(self, reading: MotionReading, frame: av.VideoFrame) -> MotionReading:
        """Return the reading, with `onset_s` and `picture` where something begins."""
        firing = reading.score >= reading.threshold
        if not firing:
            self._rising_s, self._still_s = None, reading.at_s
        elif self._rising_s is None:
            self._rising_s = reading.at_s
        said = "object" if reading.moving else "light" if reading.light_change else ""
        begins = said not in {"", self._told}
        self._told = said
        if not said:
            self._picture = None
            return reading
        if self._pictures and (begins or reading.at_s - self._taken_s >= PICTURE_EVERY_S):
            self._picture, self._taken_s = _outlined_jpeg(frame, reading), reading.at_s
        if not begins:
            return replace(reading, picture=self._picture)
        onset_s = reading.at_s if self._rising_s is None else self._rising_s
        return replace(reading, onset_s=onset_s, still_s=self._still_s, picture=self._picture)


def scaled(frame: av.VideoFrame, max_width: int) -> av.VideoFrame:
    """Scale a picture down to at most `max_width`, in even sizes, as a JPEG holds it."""
    width = max(2, min(frame.width, max_width) // 2 * 2)
    height = max(2, round(frame.height * width / frame.width) // 2 * 2)
    return frame.reformat(width=width, height=height, format="yuvj420p", threads=1)


def jpeg(picture: av.VideoFrame, quantiser: str = JPEG_QUANTISER) -> bytes:
    """Encode a picture that `scaled` made."""
    encoder = av.CodecContext.create("mjpeg", "w")
    if not isinstance(encoder, VideoCodecContext):  # pragma: no cover - mjpeg is video
        raise TypeError("mjpeg is not a video codec")
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, "yuvj420p"
    encoder.framerate = Fraction(25)
    encoder.thread_count = 1  # else FFmpeg makes an encoder for each core: 7 MB for one picture
    encoder.options = {"qmin": quantiser, "qmax": quantiser}
    picture.pts = None
    return b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)])


def _outlined_jpeg(frame: av.VideoFrame, reading: MotionReading) -> bytes | None:
    """Return the picture, `None` where it cannot be encoded: a reading without one is still a reading."""
    try:
        small = scaled(frame, WIDTH)
        if small is frame:  # small already: the decoder predicts later pictures from its own
            small = av.VideoFrame.from_ndarray(frame.to_ndarray(), format=frame.format.name)
        if reading.box is not None:
            _outline(small, reading.box)
        return jpeg(small, ONSET_QUANTISER)
    except (av.FFmpegError, ValueError):
        return None


def _outline(picture: av.VideoFrame, box: tuple[float, float, float, float]) -> None:
    x, y, width, height = box
    for plane, value, edge in zip(picture.planes, OUTLINE, (EDGE_PIXELS, 1, 1), strict=True):
        pixels = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        left, top = int(x * plane.width), int(y * plane.height)
        right = max(left + edge, min(plane.width, round((x + width) * plane.width)))
        bottom = max(top + edge, min(plane.height, round((y + height) * plane.height)))
        for rows, columns in (
            (slice(top, top + edge), slice(left, right)),
            (slice(bottom - edge, bottom), slice(left, right)),
            (slice(top, bottom), slice(left, left + edge)),
            (slice(top, bottom), slice(right - edge, right)),
        ):
            pixels[rows, columns] = value
