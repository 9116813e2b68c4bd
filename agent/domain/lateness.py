"""How long before a decision motion may have begun: what a pre-roll must reach back to."""

from dataclasses import dataclass

SURE_AFTER_S = 1.0
"""What the detector takes at most, from the first moving frame on, until it is sure."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """Seconds of video from the first moving frame to the decision: `sure_s` at most while pictures are looked at.

    Where none is looked at for `asleep_s` at most, motion may have begun right after the last still one. `aligned_s` is
    how well the times of the pictures are known, where they are those of another stream.
    """

    sure_s: float
    asleep_s: float = 0.0
    aligned_s: float = 0.0

    @property
    def longest_s(self) -> float:
        """How long before the decision motion may have begun."""
        return self.sure_s + self.asleep_s + self.aligned_s

    def began_s(self, decided_s: float, still_s: float | None) -> float:
        """Return the media second before which nothing moved; `still_s` is the last picture that showed nothing."""
        began_s = decided_s - self.sure_s
        return (began_s if still_s is None else min(began_s, still_s)) - self.aligned_s


NOT_LATE = Lateness(0.0)
