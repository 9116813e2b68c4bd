"""Small real clips for the tests: fragmented MP4 made by PyAV, H.264 or H.265, with any keyframe gap."""

import io
from functools import cache

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream


@cache
def make_clip(
    *,
    seconds: int = 3,
    codec: str = "libx264",
    keyframe_every: int = 10,
    width: int = 160,
    height: int = 96,
    rate: int = 10,
) -> bytes:
    """Return a fragmented MP4 with fragments of one second; `keyframe_every` is in frames."""
    target = io.BytesIO()
    movflags = "+empty_moov+default_base_moof"
    options = {"movflags": movflags, "frag_duration": "1000000", "flush_packets": "1"}
    with av.open(target, "w", format="mp4", options=options) as out:
        gap = str(keyframe_every)
        x265 = {"x265-params": f"keyint={gap}:min-keyint={gap}:log-level=none:bframes=0"}
        x264 = {"g": gap, "keyint_min": gap, "sc_threshold": "0", "bf": "0", "preset": "ultrafast"}
        stream = out.add_stream(codec, rate=rate, options=x265 if codec == "libx265" else x264)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(seconds * rate):
            picture = np.full((height, width, 3), (number * 7) % 255, dtype=np.uint8)
            picture[10:40, (number * 3) % 100 : (number * 3) % 100 + 30] = 255
            frame = VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return target.getvalue()


@cache
def make_photo(width: int = 320, height: int = 180) -> bytes:
    """Return a JPEG."""
    target = io.BytesIO()
    with av.open(target, "w", format="mjpeg") as out:
        stream = out.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
        frame = VideoFrame.from_ndarray(np.full((height, width, 3), 120, dtype=np.uint8), format="rgb24")
        frame.pts = 0
        out.mux(stream.encode(frame.reformat(format="yuvj420p")))
        out.mux(stream.encode(None))
    return target.getvalue()
