"""The picture that `veilleur-agent detect --timeline` makes: how much moved over time, and what counted."""

from collections.abc import Sequence
from math import sqrt
from pathlib import Path

import cv2
import numpy as np

from agent.errors import BadInput
from agent.vision.motion import MotionReading
from agent.vision.motion_events import MotionEvent

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 1200, 340, 60, 40, 60
INK, GRID, MOTION, LIGHT, LIMIT = (33, 35, 28), (225, 228, 223), (88, 107, 29), (40, 150, 220), (42, 50, 168)
"""Blue, green and red, as OpenCV has them."""
HIGHEST = 16.0
"""Scores above this many times the threshold are drawn as this; the height is the root, so that 1 is a quarter."""
MOST_MARKS = 12
STEPS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200)


def draw_timeline(
    path: Path, readings: Sequence[MotionReading], events: Sequence[MotionEvent], duration_s: float
) -> None:
    """Write the PNG; raises BadInput when it cannot be written there."""
    picture = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    span_s = max(duration_s, 0.1)

    def across(at_s: float) -> int:
        return LEFT + round((WIDTH - LEFT - 20) * min(1.0, max(0.0, at_s / span_s)))

    def down(ratio: float) -> int:
        return HEIGHT - BOTTOM - round((HEIGHT - TOP - BOTTOM) * sqrt(min(ratio, HIGHEST) / HIGHEST))

    for event in events:
        colour = LIGHT if event.light_change else MOTION
        left, right = across(event.start_s), max(across(event.start_s) + 2, across(event.end_s))
        cv2.rectangle(picture, (left, HEIGHT - BOTTOM + 4), (right, HEIGHT - BOTTOM + 16), colour, -1)
        _write(picture, f"{event.start_s:.1f} s", (left, TOP - 12))
    step_s = next((step for step in STEPS_S if span_s / step <= MOST_MARKS), STEPS_S[-1])
    for mark in range(int(span_s // step_s) + 1):
        at_s = float(mark * step_s)
        cv2.line(picture, (across(at_s), TOP), (across(at_s), HEIGHT - BOTTOM), GRID, 1)
        _write(picture, f"{at_s:.0f}", (across(at_s) - 6, HEIGHT - BOTTOM + 36))
    ratios = [(reading.at_s, reading.score / max(reading.threshold, 1e-6)) for reading in readings]
    points = np.array([(across(at_s), down(ratio)) for at_s, ratio in ratios], np.int32)
    if len(points):
        cv2.polylines(picture, [points.reshape(-1, 1, 2)], isClosed=False, color=MOTION, thickness=2)
    cv2.line(picture, (LEFT, down(1.0)), (WIDTH - 20, down(1.0)), LIMIT, 1)
    for times in (1, 4, 16):
        _write(picture, f"x{times}", (14, down(times) + 5))
    _write(picture, "score over threshold; bars: motion (green), light change (orange); seconds", (LEFT, HEIGHT - 8))
    try:
        path.write_bytes(bytes(cv2.imencode(".png", picture)[1]))
    except OSError as error:
        raise BadInput(f"The timeline cannot be written to {path}: {error.strerror}.") from error


def _write(picture: np.ndarray, text: str, at: tuple[int, int]) -> None:
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, INK, 1, cv2.LINE_AA)
