"""The motion detector: from small luma pictures of one fixed camera to debounced readings."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.vision.clutter import ALIKE_IN_SIZE, SETTLED_LOOKS, Blob, Clutter
from agent.vision.median import median, quantile
from agent.vision.motion import MotionReading
from agent.vision.shake import Shake, unexplained
from agent.vision.stir import STIR_LEVELS, Stir
from agent.vision.texture import GLARE, objects
from agent.vision.zones import WATCH_ALL, WatchedParts

cv2.setNumThreads(1)

Luma = NDArray[np.uint8]

MODEL_MEMORY_S = 20.0
"""What stands still for a tenth of this is background as well (MOG2 takes what is there nine tenths of the time for
it), and what it hid stays known for all of this: a car that parks or leaves is over when it stands or is gone."""
SIGMAS_SQUARED = 16.0
"""A pixel is foreground beyond 4 sigma of its own model: one in 16,000 of pure noise."""
SMALLEST_VARIANCE = 4.0
"""Two grey levels squared: what 8-bit rounding and video coding leave of a still surface."""
MINIMUM_AREA = 0.003
"""Share of the picture, after the mask is dilated: an object of about 0.1 % with its dilated edge."""
FLOOD_SHARE = 0.5
"""More of the picture than this, at once, is light or the camera being moved, not an object."""
FLOOD_SHARE_IN_A_STEP = 0.4
"""While the median steps, less is enough: an infra-red filter that moves leaves half a picture alike."""
PLAIN_SHARE = 0.3
PLAIN_SIGMAS = 0.3853
"""Noise is told by the pixels that step least, which in a shaken picture are the plain ones: that share of pure noise
lies within so many sigmas."""
LIGHT_STEP_SIGMAS = 12.0
LIGHT_STEP_LEVELS = 12.0
"""A step of the median this large (grey levels, and noise sigmas) within a second is a light change."""
LIGHT_HOLD_S = 1.0
"""Time for a camera's automatic exposure to settle, and for the model to take the new light."""
WARM_UP_PICTURES = SETTLED_LOOKS
"""The model learns from this many pictures before its word counts: about a second."""
PICTURES_TO_START = 2
"""One picture can be a broken one; two in a row are not. Where insects fly, what is as small needs one more."""
WORTH_COMPARING = 0.2
"""Of the smallest area: less than this changed is nothing, dilated or not, and patterns are not compared."""
MOST_BLOBS = 24
"""More say nothing more about a place than so many."""
HOLD_S = 0.5
"""Motion is over after this long without a blob: three looks, and an object passes behind a post in less."""


class MotionDetector:
    """Background model, noise floor, clutter floor, light changes, shake and debounce for one camera; pure, no clock.

    Feed it 5 to 8 pictures a second of constant size, about 320 wide; a change of size starts it anew. What moves
    outside the watched parts is not seen; light is judged by the whole picture.
    """

    def __init__(self, minimum_area: float = MINIMUM_AREA, watched: WatchedParts = WATCH_ALL) -> None:
        self._minimum_area = minimum_area
        self._parts = watched
        self._start(None)

    def _start(self, shape: tuple[int, ...] | None) -> None:
        self._shape = shape
        self._watched = None if shape is None else self._parts.mask(shape)
        self._model = cv2.createBackgroundSubtractorMOG2(500, SIGMAS_SQUARED, detectShadows=False)
        self._model.setVarMin(SMALLEST_VARIANCE)
        self._pictures = 0
        self._last_at_s: float | None = None
        self._previous: Luma | None = None
        self._noise = 1.0
        self._first_median = 0.0
        self._slow_median = 0.0
        self._offset = 0.0
        self._clutter = Clutter()
        self._shake = Shake()
        self._shake_pixels = 0
        self._stir = Stir()
        self._rested_s = 0.0
        self._light_until_s = float("-inf")
        self._in_a_row = 0
        self._moving = False
        self._last_blob_s = float("-inf")

    def ask_for(self, minimum_area: float) -> None:
        """Take another smallest area (a share of the picture) from the next picture on; what was learnt stays."""
        self._minimum_area = minimum_area
        self._clutter.ask_for(minimum_area)

    def see(self, luma: Luma, at_s: float) -> MotionReading:
        """Analyse one picture (height x width, 0..255) shown at `at_s` (media seconds, rising)."""
        if luma.shape != self._shape:
            self._start(luma.shape)
        step_s = min(1.0, max(0.01, at_s - self._last_at_s)) if self._last_at_s is not None else 0.2
        self._last_at_s = at_s
        self._pictures += 1
        smooth = np.asarray(cv2.GaussianBlur(luma, (3, 3), 0), dtype=np.uint8)
        self._measure_noise(smooth, step_s)
        stepped = self._follow_light(smooth, step_s)
        share, blobs = self._stirred(smooth, step_s, at_s)
        flooded = share > (FLOOD_SHARE_IN_A_STEP if stepped else FLOOD_SHARE) and self._pictures > WARM_UP_PICTURES
        if flooded and at_s >= self._light_until_s:
            self._light_until_s = at_s + LIGHT_HOLD_S
        lit = at_s < self._light_until_s
        area, box = (blobs[0].area, blobs[0].box) if blobs else (0.0, None)
        score, threshold = area / self._minimum_area, self._clutter.threshold(self._minimum_area)
        follows = self._clutter.follows(blobs)
        fired = score >= threshold and not lit and self._pictures > WARM_UP_PICTURES
        self._debounce(at_s, self._clutter.looks_more(score), fired=fired, follows=follows)
        self._clutter.learn(blobs, step_s, self._minimum_area, moving=self._moving)
        return MotionReading(
            at_s, self._moving, lit or stepped, area, box, round(score, 3), round(threshold, 3), follows
        )

    def _measure_noise(self, smooth: Luma, step_s: float) -> None:
        """Follow the sensor's noise (sigma, grey levels): the lesser steps between pictures are nobody's motion.

        What all pixels share is light, not noise, and is taken out first.
        """
        if self._previous is not None:
            steps = smooth[::3, ::3].astype(np.int16) - self._previous[::3, ::3]
            halves = np.abs(2 * steps - round(2 * median(steps)))  # a median may lie half-way between two levels
            sigma = quantile(halves, PLAIN_SHARE) / 2 / PLAIN_SIGMAS / 1.4142
            self._noise += (max(0.5, sigma) - self._noise) * min(1.0, step_s / 2.0)
            self._model.setVarMin(max(SMALLEST_VARIANCE, self._noise * self._noise))
        self._previous = smooth

    def _follow_light(self, smooth: Luma, step_s: float) -> bool:
        """Track the picture's median brightness; say whether it just stepped."""
        level = median(smooth[::2, ::2])
        if self._pictures == 1:
            self._first_median = self._slow_median = level
        jump = abs(level - self._slow_median)
        self._slow_median += (level - self._slow_median) * min(1.0, step_s / LIGHT_HOLD_S)
        self._offset = self._first_median - level
        return self._pictures > WARM_UP_PICTURES and jump > max(LIGHT_STEP_LEVELS, LIGHT_STEP_SIGMAS * self._noise)

    def _stirred(self, smooth: Luma, step_s: float, at_s: float) -> tuple[float, Sequence[Blob]]:
        """Ask for the foreground where anything stirs; say nothing of the rest, at a tenth of the cost."""
        level = np.asarray(cv2.addWeighted(smooth, 1.0, smooth, 0.0, self._offset), np.uint8)
        limit = STIR_LEVELS * min(1.0, self._minimum_area / MINIMUM_AREA)
        if self._pictures > WARM_UP_PICTURES and not self._stir.anything(level, at_s, limit):
            self._rested_s += step_s
            return 0.0, ()
        step_s, self._rested_s = step_s + self._rested_s, 0.0
        self._shake_pixels = self._shake.follow(smooth, step_s)
        share, blobs = self._foreground(level, step_s, at_s)
        if share:
            self._stir.unsettle()
        else:
            self._stir.settle(self._background(), at_s)
        return share, blobs

    def _foreground(self, level: Luma, step_s: float, at_s: float) -> tuple[float, Sequence[Blob]]:
        """Return the share of changed pixels and the blobs of what may be objects, light taken out."""
        rate = max(step_s / MODEL_MEMORY_S, 0.5 / self._pictures if self._pictures <= 5 * WARM_UP_PICTURES else 0.0)
        if at_s < self._light_until_s:
            rate = 0.5
        mask = np.asarray(self._model.apply(level, learningRate=rate), np.uint8)
        if mask.shape[1] > 200:  # noqa: PLR2004 - on a thermal camera's 160 pixels an object is too thin for opening
            mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
        if self._shake_pixels:
            mask = unexplained(mask, level, self._background(), self._shake_pixels)
        share = cv2.countNonZero(mask) / mask.size
        if not share:
            return 0.0, ()  # the usual case, and labelling nothing would cost a third of the detector
        if self._watched is not None:
            mask = np.asarray(cv2.bitwise_and(mask, self._watched), np.uint8)
        if share >= WORTH_COMPARING * self._minimum_area:
            mask = objects(mask, level, self._background(), self._noise, GLARE + self._offset)
        return share, _blobs(mask)

    def _background(self) -> Luma:
        return np.asarray(self._model.getBackgroundImage(), np.uint8)

    def _debounce(self, at_s: float, looks_more: int, *, fired: bool, follows: bool) -> None:
        self._in_a_row = (self._in_a_row + 1 if follows else 1) if fired else 0
        if fired and follows:
            self._last_blob_s = at_s
        if self._in_a_row >= PICTURES_TO_START + looks_more:
            self._moving = True
        elif at_s - self._last_blob_s > HOLD_S:
            self._moving = False


def _blobs(mask: Luma) -> Sequence[Blob]:
    """Return the largest patch of a mask, grown to join its parts, and those about as large, the largest first."""
    height, width = mask.shape
    grown = cv2.dilate(mask, np.ones((5, 5), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(grown)
    patches = stats[1:]  # the first is the background
    order = np.argsort(-patches[:, cv2.CC_STAT_AREA])[:MOST_BLOBS]
    return [
        Blob(
            round(pixels / mask.size, 5),
            (round(x / width, 4), round(y / height, 4), round(wide / width, 4), round(high / height, 4)),
        )
        for x, y, wide, high, pixels in patches[order].tolist()
        if pixels >= ALIKE_IN_SIZE * patches[order[0], cv2.CC_STAT_AREA]
    ]
