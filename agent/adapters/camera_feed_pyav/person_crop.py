"""Cuts the part of a decoded picture that the person model is shown, without converting the rest of it."""

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from agent.vision.person import Area, Box, Crop, area_around

PLANAR_420 = frozenset({"yuv420p", "yuvj420p"})
LARGEST_SIDE = 640
"""More than this the model never sees: a larger crop is shrunk plane by plane before it becomes RGB."""


def crop_around(frame: av.VideoFrame, box: Box) -> Crop:
    """Return the crop of a picture around a motion box (shares of the picture)."""
    area = area_around(box, frame.width, frame.height)
    where = (
        area.left / frame.width,
        area.top / frame.height,
        area.width / frame.width,
        area.height / frame.height,
    )
    if frame.format.name in PLANAR_420:
        return Crop(_from_planes(frame, area), where)
    whole = np.asarray(
        frame.to_ndarray(format="rgb24"), np.uint8
    )  # 10-bit H.265 and 4:2:2: rare, and at most a few times a second
    return Crop(whole[area.top : area.top + area.height, area.left : area.left + area.width].copy(), where)


def _from_planes(frame: av.VideoFrame, area: Area) -> NDArray[np.uint8]:
    scale = min(1.0, LARGEST_SIDE / max(area.width, area.height))
    width, height = (max(2, round(side * scale) // 2 * 2) for side in (area.width, area.height))
    planes = []
    for number, half in ((0, 1), (1, 2), (2, 2)):
        plane = frame.planes[number]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        part = rows[
            area.top // half : (area.top + area.height) // half, area.left // half : (area.left + area.width) // half
        ]
        shrunk = cv2.resize(part, (width // half, height // half), interpolation=cv2.INTER_AREA)
        planes.append(shrunk.ravel())
    yuv = np.concatenate(planes).reshape(height * 3 // 2, width)
    return np.asarray(cv2.cvtColor(yuv, cv2.COLOR_YUV2RGB_I420), np.uint8)
