"""What weather and small life draw here: how large it is, and whether a blob comes from where one was before."""

from collections.abc import Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Blob:
    """A patch of changed pixels: `area` a share of the picture, `box` (x, y, width, height) in shares of it."""

    area: float
    box: Box


MARGIN = 2.0
"""A real object must be this many times larger than what rain and leaves usually draw here."""
MOST = 10.0
"""Clutter raises the threshold to this multiple at most, or a busy street would blind the camera."""
MOST_QUIET = 5.0
"""Multiple of the smallest area that one quiet picture can teach: a person whom it missed is not clutter."""
MEMORY_S = 10.0
"""A shower is learnt, and forgotten, in about this time."""
SMALL_AREA = 0.01
"""Share of the picture: flakes, drops, glints and insects draw nothing larger."""
SMALL_STEP = 0.5
LARGE_STEP = 2.0
"""From look to look, in its own lengths: what is small since it is far goes slowly, what is near may rush."""
ALIKE_IN_SIZE = 0.5
"""Blobs at least this share of the largest one are those that could be taken for it."""
CROWD = 4
"""So many blobs of about one size at once are flakes or waves, unless they stay where they were, as people do."""
CROWD_ELSEWHERE = 1 / 3
SAME_PLACE = 0.1
"""Overlap of two boxes, as a share of what both cover."""
RESTLESS = 0.25
"""Share of the looks that are odd where it snows; where fast cars come one by one it is less."""
ODD_LATELY = 0.02
"""One odd look in the last ten seconds or so: an insect flies in and out, and the next one looks the same at first."""
UNSURE = 2.5
"""Multiple of what is enough below which somebody may also be an insect."""
FIRST_LOOKS = 2
"""Nothing can come from nowhere before there was a look."""
SETTLED_LOOKS = 6
"""About a second, until which the background model draws what is not there."""


class Clutter:
    """Learns from each look's blobs, largest first, and those at least half as large; pure, no clock.

    A look is odd when its largest blob is small and comes from nowhere, or is one of a crowd that is elsewhere at each
    look. Odd looks are learnt from at any time, what is drawn in one place only while nothing moves.
    """

    def __init__(self) -> None:
        self._looks = 0
        self._odd_share = 0.0
        self._odd_area = 0.0
        self._quiet_area = 0.0
        self._before: Sequence[Blob] = ()

    def threshold(self, minimum_area: float) -> float:
        """Return how many times the smallest area a blob must have here: 1 to `MOST`."""
        restless = min(1.0, self._odd_share / RESTLESS) ** 2
        usual = max(self._quiet_area, self._odd_area * restless)
        return max(1.0, min(MOST, MARGIN * usual / minimum_area))

    def looks_more(self, score: float) -> int:
        """Return how many looks more a blob must be seen, 0 or 1, by how many times the smallest area it has."""
        return int(self._odd_share > ODD_LATELY and score < UNSURE)

    def ask_for(self, minimum_area: float) -> None:
        """Take another smallest area: of what was passed over before no more counts than it could teach from now on."""
        self._quiet_area = min(self._quiet_area, MOST_QUIET * minimum_area)

    def follows(self, blobs: Sequence[Blob]) -> bool:
        """Say whether the largest blob comes from where one was at the look before."""
        return bool(blobs) and any(_near(blobs[0], blob) for blob in self._before)

    def learn(self, blobs: Sequence[Blob], step_s: float, minimum_area: float, *, moving: bool) -> None:
        """Take one look's blobs, `step_s` after the look before."""
        self._looks += 1
        weight = min(1.0, step_s / MEMORY_S)
        area = blobs[0].area if blobs else 0.0
        if self._looks > FIRST_LOOKS:
            odd = minimum_area / 2 <= area <= SMALL_AREA and (not self.follows(blobs) or self._is_crowd(blobs))
            self._odd_share += (odd - self._odd_share) * max(weight, 1 / self._looks)
            if odd:
                self._odd_area += (area - self._odd_area) * max(3 * weight, 1 / self._looks)
        if not moving and self._looks > SETTLED_LOOKS:
            self._quiet_area += (min(area, MOST_QUIET * minimum_area) - self._quiet_area) * weight
        self._before = blobs

    def _is_crowd(self, blobs: Sequence[Blob]) -> bool:
        elsewhere = sum(not any(_overlap(blob.box, one.box) >= SAME_PLACE for one in self._before) for blob in blobs)
        return len(blobs) >= CROWD and elsewhere >= CROWD_ELSEWHERE * len(blobs)


def _near(blob: Blob, before: Blob) -> bool:
    """Say whether two boxes touch when one is widened by the way that a thing may go between two looks."""
    step = SMALL_STEP if blob.area < SMALL_AREA else LARGE_STEP
    (x0, y0, wide0, high0), (x1, y1, wide1, high1) = blob.box, before.box
    across, down = step * max(wide0, wide1), step * max(high0, high1)
    return x0 - across < x1 + wide1 and x1 - across < x0 + wide0 and y0 - down < y1 + high1 and y1 - down < y0 + high0


def _overlap(one: Box, other: Box) -> float:
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    both = max(0.0, across) * max(0.0, down)
    return both / (one[2] * one[3] + other[2] * other[3] - both)
