"""A program that detects motion in an RTSP stream as a plain use of OpenCV's MOG2 does: every picture, 320 wide."""

import sys

import av
import cv2

from agent.adapters.camera_feed_pyav.picture_analysis import luma_plane
from tests.bench.plain_motion import Mog2Motion


def detect(url: str) -> None:
    """Detect until killed."""
    cv2.setNumThreads(1)
    motion = Mog2Motion()
    with av.open(url, options={"rtsp_transport": "tcp"}) as source:
        video = source.streams.video[0]
        video.codec_context.thread_count = 1
        for frame in source.decode(video):
            motion.see(luma_plane(frame))


if __name__ == "__main__":
    detect(sys.argv[1])
