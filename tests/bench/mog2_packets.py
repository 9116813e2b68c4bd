"""A program that detects motion in an RTSP stream as a plain use of OpenCV's MOG2 does: every picture, 320 wide."""

import sys

import av
import cv2
import numpy as np

WIDTH = 320
LEAST_AREA = 0.0015
HISTORY, VARIANCE_THRESHOLD = 500, 16
CROSS = np.ones((3, 3), np.uint8)


def detect(url: str) -> None:
    """Detect until killed."""
    cv2.setNumThreads(1)
    model = cv2.createBackgroundSubtractorMOG2(HISTORY, VARIANCE_THRESHOLD, detectShadows=False)
    with av.open(url, options={"rtsp_transport": "tcp"}) as source:
        video = source.streams.video[0]
        video.codec_context.thread_count = 1
        for frame in source.decode(video):
            plane = frame.planes[0]
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(frame.height, plane.line_size)
            size = (WIDTH, WIDTH * frame.height // frame.width)
            small = cv2.resize(rows[:, : frame.width], size, interpolation=cv2.INTER_AREA)
            mask = cv2.morphologyEx(model.apply(small), cv2.MORPH_OPEN, CROSS)
            _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
            any(area >= LEAST_AREA * mask.size for area in stats[1:, cv2.CC_STAT_AREA])


if __name__ == "__main__":
    detect(sys.argv[1])
