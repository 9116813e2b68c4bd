"""Which moment of one stream of a camera is which of its other: told by when their packets arrive."""

from collections import deque

WINDOW_S = 10.0
ALIGNED_WITHIN_S = 0.5
"""A camera's two encoders and the network delay their streams differently, by less than this."""


class ArrivalOffset:
    """Follows the monotonic time of arrival less the media time, of the packets that were delayed least; pure.

    Both clocks run at their own rate: only the last `WINDOW_S` to twice that count.
    """

    def __init__(self) -> None:
        self._least: deque[tuple[float, float]] = deque(maxlen=2)

    def follow(self, media_s: float, arrived_s: float) -> float:
        """Take a packet shown at `media_s` that came at `arrived_s`; return the offset."""
        offset = arrived_s - media_s
        if not self._least or arrived_s - self._least[-1][0] >= WINDOW_S:
            self._least.append((arrived_s, offset))
        else:
            began_s, least = self._least[-1]
            self._least[-1] = began_s, min(least, offset)
        return self.offset_s

    @property
    def offset_s(self) -> float:
        """What to add to a media time; 0 before the first packet."""
        return min((offset for _, offset in self._least), default=0.0)
