"""Holds stored packets back until they are due, so that a file plays as a camera would send it."""

from collections.abc import Callable

SLICE_S = 0.2
"""The longest single sleep: `close` ends a source within a second."""

LONGEST_DELAY_S = 1.0
"""A reader that fell further behind goes on from where it is instead of rushing to catch up."""


class Pacer:
    """Compares media time with the passed clock; the first packet is due at once."""

    def __init__(self, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._origin: float | None = None

    def wait(self, media_s: float, stopped: Callable[[], bool]) -> None:
        """Sleep until the packet at `media_s` is due or `stopped` says so."""
        now = self._monotonic()
        if self._origin is None or now - (self._origin + media_s) > LONGEST_DELAY_S:
            self._origin = now - media_s
        due = self._origin + media_s
        while not stopped():
            left = due - self._monotonic()
            if left <= 0:
                return
            self._sleep(min(left, SLICE_S))
