"""Encodes pictures to H.264 exactly once: in hardware where probing finds an encoder, else with libx264."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange

from hardware.camera import CameraRefused

ENCODERS = ("h264_v4l2m2m", "libx264")
"""In order of preference. The first is the encoder block of a Pi 4 and older; a Pi 5 has none."""

KEYFRAME_EVERY_S = 2.0
BITS_PER_PIXEL = 0.08
"""For encoders that only know a bit rate: 1280x720 at 15 gives 1.1 Mbit/s."""

MOST_BITS_PER_PIXEL = 0.2
"""What libx264 may use over two seconds when the picture is noisy: 2.8 Mbit/s for 1280x720 at 15."""


class PictureEncoder:
    """One H.264 encoder without B-frames; every keyframe carries its parameter sets in band (Annex B)."""

    def __init__(
        self,
        *,
        width: int,
        height: int,
        time_base: Fraction,
        fps: float,
        keyframe_every_s: float = KEYFRAME_EVERY_S,
        quality: int = 24,
        candidates: Sequence[str] = ENCODERS,
    ) -> None:
        """`quality` is x264's constant rate factor (18 is near lossless, 30 is rough). Odd sizes lose a line.

        Raises CameraRefused when no candidate opens.
        """
        self.width = width // 2 * 2
        self.height = height // 2 * 2
        self.time_base = time_base
        self._fps = fps
        self._keyframe_every = max(1, round(fps * keyframe_every_s))
        self._quality = quality
        self.name, self._codec = self._probe(candidates)

    def encode(self, picture: VideoFrame, *, keyframe: bool = False) -> Iterator[tuple[bytes, int, bool]]:
        """Encode one picture, whose `pts` is in our time base; yield (data, pts, is_keyframe) of what is ready.

        `keyframe` asks for one before it would be due.
        """
        same_size = (picture.width, picture.height) == (self.width, self.height)
        if picture.format.name != "yuv420p" or picture.color_range == ColorRange.JPEG or not same_size:
            stamp = picture.pts  # a webcam's JPEGs use 0 to 255, and players take H.264 that says nothing as 16 to 235
            picture = picture.reformat(self.width, self.height, "yuv420p", dst_color_range=ColorRange.MPEG)
            picture.pts = stamp
        picture.time_base = self.time_base
        kinds = av.video.frame.PictureType
        picture.pict_type = kinds.I if keyframe else kinds.NONE  # a decoded picture says its own: it would be taken up
        for packet in self._codec.encode(picture):
            yield bytes(packet), packet.pts or 0, packet.is_keyframe

    def finish(self) -> Iterator[tuple[bytes, int, bool]]:
        """Yield what the encoder still holds; it takes no picture any more."""
        for packet in self._codec.encode(None):
            yield bytes(packet), packet.pts or 0, packet.is_keyframe

    def _probe(self, candidates: Sequence[str]) -> tuple[str, VideoCodecContext]:
        for name in candidates:
            try:
                codec = av.CodecContext.create(name, "w")
                assert isinstance(codec, VideoCodecContext)  # noqa: S101 - narrows the type: these are video encoders
                self._configure(codec, name)
                codec.open()
            except (av.FFmpegError, ValueError):  # ValueError: this FFmpeg was built without that encoder
                continue
            return name, codec
        raise CameraRefused(f"No H.264 encoder works here ({', '.join(candidates)}); use a camera that sends H.264.")

    def _configure(self, codec: VideoCodecContext, name: str) -> None:
        codec.width, codec.height, codec.pix_fmt = self.width, self.height, "yuv420p"
        codec.time_base = self.time_base
        codec.framerate = Fraction(self._fps).limit_denominator(1001)
        codec.gop_size = self._keyframe_every
        codec.thread_count = 1
        if name == "libx264":
            most_kbit = max(200, int(self.width * self.height * self._fps * MOST_BITS_PER_PIXEL / 1000))
            every = self._keyframe_every
            codec.options = {
                "preset": "ultrafast",
                "tune": "zerolatency",
                "crf": str(self._quality),
                "x264-params": f"keyint={every}:min-keyint={every}:scenecut=0:"
                f"vbv-maxrate={most_kbit}:vbv-bufsize={2 * most_kbit}",
            }
        else:
            codec.bit_rate = int(self.width * self.height * self._fps * BITS_PER_PIXEL)
