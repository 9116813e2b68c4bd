"""Counts wrong attempts per source, so that guessing a code costs more time than the code lives."""

from dataclasses import dataclass, field

LIMIT = 100
WINDOW_S = 900.0
SOURCES_KEPT = 10_000


@dataclass(slots=True)
class WrongAttempts:
    """Wrong attempts in windows of 900 s of monotonic time; a source beyond 100 waits for the end of its window.

    Keeps at most `SOURCES_KEPT` sources: the one that began first is forgotten first.
    """

    limit: int = LIMIT
    window_s: float = WINDOW_S
    _windows: dict[str, tuple[float, int]] = field(default_factory=dict)

    def wait_s(self, source: str, monotonic_s: float) -> int | None:
        """Return for how many whole seconds a source must wait, or `None` when it may try."""
        began, count = self._windows.get(source, (monotonic_s, 0))
        left = began + self.window_s - monotonic_s
        if count < self.limit or left <= 0:
            return None
        return int(left) + 1

    def note(self, source: str, monotonic_s: float) -> None:
        """Count one wrong attempt."""
        began, count = self._windows.get(source, (monotonic_s, 0))
        if monotonic_s - began >= self.window_s:
            began, count = monotonic_s, 0
            self._windows.pop(source, None)
        if source not in self._windows and len(self._windows) >= SOURCES_KEPT:
            del self._windows[next(iter(self._windows))]
        self._windows[source] = (began, count + 1)
