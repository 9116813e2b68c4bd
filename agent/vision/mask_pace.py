"""How many pictures of a masked camera are encoded, when encoding all of them takes longer than they last."""

MEMORY_S = 4.0
"""Media seconds over which the load is averaged: longer than a keyframe, shorter than what a camera buffers."""
TOO_MUCH = 0.9
ENOUGH_ROOM = 0.6
"""Of the time that a picture lasts. Fewer pictures are dropped again only where that would leave this much room."""
SETTLE_S = 4.0
"""Media seconds between two changes: the load of before is forgotten by then."""
MOST_EVERY = 15


class MaskPace:
    """Encodes every `every`-th picture, evenly. `every` rises while work takes over 90 % of the time there is."""

    def __init__(self) -> None:
        self.every = 1
        self._skip_s = self._encode_s = self._picture_s = 0.0
        self._settled_s = SETTLE_S
        self._passed: int | None = None

    def due(self) -> bool:
        """Say whether the next picture is encoded."""
        passed = self.every if self._passed is None else self._passed + 1
        stored = passed >= self.every
        self._passed = 0 if stored else passed
        return stored

    def took(self, work_s: float, picture_s: float, *, encoded: bool) -> bool:
        """Note how long one picture took and how long it lasts (seconds); say whether `every` changed."""
        weight = min(1.0, max(0.001, picture_s) / MEMORY_S)
        first = not self._picture_s
        self._picture_s = picture_s if first else self._picture_s + (picture_s - self._picture_s) * weight
        if encoded:
            weight = min(1.0, weight * self.every)
            self._encode_s = work_s if not self._encode_s else self._encode_s + (work_s - self._encode_s) * weight
        else:
            self._skip_s = work_s if not self._skip_s else self._skip_s + (work_s - self._skip_s) * weight
        self._settled_s -= picture_s
        if self._settled_s > 0:
            return False
        wanted = self.every
        if self._load(self.every) > TOO_MUCH:
            wanted = min(MOST_EVERY, self.every + 1)
        elif self.every > 1 and self._load(self.every - 1) < ENOUGH_ROOM:
            wanted = self.every - 1
        changed, self.every = wanted != self.every, wanted
        if changed:
            self._settled_s = SETTLE_S
        return changed

    def _load(self, every: int) -> float:
        """Return the share of the time that work takes when every n-th picture is encoded."""
        work_s = self._encode_s + (every - 1) * self._skip_s
        return work_s / max(1e-6, every * self._picture_s)
