"""What plain uses of OpenCV say of motion, as peers of the detector: MOG2, and the difference of two pictures."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
Span = tuple[float, float, float]

WIDTH = 320
LEAST_AREA = 0.0015
"""Share of the picture that the largest blob must cover."""
HISTORY, VARIANCE_THRESHOLD = 500, 16
STEP_LEVELS = 20
CROSS = np.ones((3, 3), np.uint8)
GAP_S = 2.0
"""Detections that are less apart are one."""


class PlainMotion(Protocol):
    """Takes every picture of a camera in order (luma, any size) and says whether something moves in it."""

    def see(self, luma: Luma) -> bool: ...


class Mog2Motion:
    """OpenCV's background model at 320 wide, opened by 3 pixels, with a large enough blob on three pictures running."""

    def __init__(self) -> None:
        self._model = cv2.createBackgroundSubtractorMOG2(HISTORY, VARIANCE_THRESHOLD, detectShadows=False)
        self._running = 0

    def see(self, luma: Luma) -> bool:
        mask = cv2.morphologyEx(self._model.apply(_small(luma)), cv2.MORPH_OPEN, CROSS)
        self._running = self._running + 1 if _has_blob(np.asarray(mask, np.uint8)) else 0
        return self._running >= 3


class DifferenceMotion:
    """The difference to the picture before at 320 wide, blurred and grown, with a large enough blob on two running."""

    def __init__(self) -> None:
        self._previous: Luma | None = None
        self._running = 0

    def see(self, luma: Luma) -> bool:
        now = np.asarray(cv2.GaussianBlur(_small(luma), (5, 5), 0), np.uint8)
        before, self._previous = self._previous, now
        changed = np.zeros_like(now) if before is None else np.asarray(cv2.absdiff(now, before), np.uint8)
        mask = cv2.dilate((changed > STEP_LEVELS).astype(np.uint8), CROSS)
        self._running = self._running + 1 if _has_blob(np.asarray(mask, np.uint8)) else 0
        return self._running >= 2


def detections(looks: Iterable[tuple[float, bool]], step_s: float) -> Sequence[Span]:
    """Fold looks (second, moves), in order and `step_s` apart, into (start, end, decided) with gaps closed."""
    spans: list[Span] = []
    for at_s, moves in looks:
        if not moves:
            continue
        if spans and at_s - spans[-1][1] <= GAP_S:
            spans[-1] = (spans[-1][0], at_s + step_s, spans[-1][2])
        else:
            spans.append((at_s, at_s + step_s, at_s))
    return spans


def _small(luma: Luma) -> Luma:
    height, width = luma.shape
    return np.asarray(cv2.resize(luma, (WIDTH, WIDTH * height // width), interpolation=cv2.INTER_AREA), np.uint8)


def _has_blob(mask: Luma) -> bool:
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    return any(area >= LEAST_AREA * mask.size for area in stats[1:, cv2.CC_STAT_AREA])
