"""The videos that one camera is measured with: drawn places, encoded as real cameras do, as seamless loops."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from hardware.cameras.scene_pictures import ScenePainter
from hardware.cameras.scenes import SCENES

FPS = 25.0
LOOP_S = 16.0
"""As long as the busy scene's cycle, and a whole number of keyframe gaps: the end joins the begin."""
KEYFRAME_EVERY = round(2 * FPS)
SIZES: Mapping[str, tuple[int, int]] = {"720p": (1280, 720), "1080p": (1920, 1080), "2160p": (3840, 2160)}
CODECS: Mapping[str, str] = {"h264": "libx264", "hevc": "libx265"}
SCENE_NAMES = ("quiet", "noisy", "idle", "busy")
IDLE = frozenset({"quiet", "noisy", "idle"})
"""The scenes in which nothing moves."""
NOISE_LEVELS: Mapping[str, float] = {"quiet": 0.0, "noisy": 4.0, "idle": 2.0, "busy": 2.0}
"""Sigma of the sensor's noise, after the camera's own cleaning, in grey levels; new in each picture."""
CLEAN_QUALITY = "24"
MBIT_PER_S: Mapping[str, float] = {"noisy": 6.5, "idle": 3.0, "busy": 3.0}
"""What cameras are set to for 1080p25 in H.264; the clean picture takes what it needs."""
SIZE_EXPONENT = 0.75
"""Four times the pixels take less than three times the bits: noise and edges grow softer with them."""
HEVC_SHARE = 0.6
GRAINS = 4


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """One video: a scene of `NOISE_LEVELS`, a size of `SIZES` and a codec of `CODECS`, by name."""

    scene: str
    size: str
    codec: str
    seconds: float = LOOP_S

    @property
    def name(self) -> str:
        """What it is called in tables and files."""
        return f"{self.scene}-{self.size}-{self.codec}"

    @property
    def mbit_per_s(self) -> float | None:
        """The bit rate that is asked for; `None` for a constant quality."""
        if self.scene not in MBIT_PER_S:
            return None
        width, height = SIZES[self.size]
        larger = float((width * height / (1920 * 1080)) ** SIZE_EXPONENT)
        return MBIT_PER_S[self.scene] * larger * (HEVC_SHARE if self.codec == "hevc" else 1.0)


def write_camera_video(path: Path, settings: VideoSettings) -> None:
    """Draw and encode it as MP4: a keyframe every two seconds, no B-frames, deblocked as cameras do."""
    width, height = SIZES[settings.size]
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream(CODECS[settings.codec], rate=round(FPS), options=_options(settings))
        if not isinstance(stream, VideoStream):
            raise TypeError(f"{CODECS[settings.codec]} encodes no video")
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number, picture in enumerate(_pictures(settings)):
            frame = VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, round(FPS))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _options(settings: VideoSettings) -> dict[str, str]:
    common = f"keyint={KEYFRAME_EVERY}:min-keyint={KEYFRAME_EVERY}:scenecut=0:bframes=0"
    rate = settings.mbit_per_s
    wished = {"crf": CLEAN_QUALITY} if rate is None else {"b": str(round(rate * 1e6))}
    limit = "" if rate is None else f":vbv-maxrate={round(rate * 1500)}:vbv-bufsize={round(rate * 2000)}"
    if settings.codec == "hevc":
        return {"preset": "ultrafast", "x265-params": f"{common}{limit}:sao=1:log-level=error", **wished}
    return {"preset": "veryfast", "x264-params": f"{common}{limit}:rc-lookahead=0:threads=1:sliced-threads=0", **wished}


def _pictures(settings: VideoSettings) -> Iterator[NDArray[np.uint8]]:
    """Yield yuv420p arrays (height * 3/2 rows): the painted scene on a surface of its own, with new noise each time."""
    width, height = SIZES[settings.size]
    dice = np.random.default_rng(1)
    scene = "busy" if settings.scene == "busy" else "quiet"
    painter = ScenePainter(SCENES[scene], seed=1, width=width, height=height, fps=FPS)
    levels = NOISE_LEVELS[settings.scene]
    surface = _surface(dice, width, height)
    grains = [_grain(dice, width, height, levels) for _ in range(GRAINS)] if levels else []
    for number in range(round(settings.seconds * FPS)):
        picture = painter.paint(number, 0)
        if grains:
            shift = tuple(int(pixels) for pixels in dice.integers(0, (height, width)))
            grain = np.roll(grains[number % GRAINS], shift, axis=(0, 1))
            luma = cv2.add(picture[:height], surface + grain, dtype=cv2.CV_8U)
            picture[:height] = luma
        yield picture


def _surface(dice: np.random.Generator, width: int, height: int) -> NDArray[np.int16]:
    """Return what a wall, a road or a lawn has of its own, a few grey levels, fine and coarse."""
    total = np.zeros((height, width), np.float32)
    for pixels, strength in ((3, 3.0), (12, 4.0), (60, 5.0)):
        coarse = dice.uniform(-1, 1, (height // pixels, width // pixels)).astype(np.float32)
        total += strength * np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    return total.astype(np.int16)


def _grain(dice: np.random.Generator, width: int, height: int, levels: float) -> NDArray[np.int16]:
    """Return one picture of noise, a little alike from pixel to pixel."""
    fine = dice.standard_normal((height, width), dtype=np.float32)
    soft = np.asarray(cv2.GaussianBlur(fine, (3, 3), 0.6), np.float32)
    return np.asarray(np.rint(soft * (levels / float(soft.std()))), np.int16)
