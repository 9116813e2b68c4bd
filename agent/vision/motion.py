"""What a motion detector says about one small picture."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class MotionReading:
    """One analysed picture. Areas are shares of the picture (0..1), the box is (x, y, width, height) in shares.

    `moving` is the debounced decision; `light_change` says that the whole picture changed at once (the alert is
    suppressed, the evidence is not); `score` over `threshold` is what made it fire; `follows` says that it is near
    where something was at the look before, without which it neither begins a motion nor keeps one going. `onset_s`
    (where something begins), `still_s` (the look before it), `picture` (a small JPEG, while it lasts) and
    `sensitivity` (1 to 9, where one is set) are the words of who feeds the detector.
    """

    at_s: float
    moving: bool
    light_change: bool
    area: float
    box: tuple[float, float, float, float] | None
    score: float
    threshold: float
    follows: bool = True
    onset_s: float | None = None
    still_s: float | None = None
    picture: bytes | None = None
    sensitivity: int | None = None


def merged(earlier: MotionReading | None, later: MotionReading) -> MotionReading:
    """Return one reading for two looks: the later one, or the earlier where only that moves; a begin is kept."""
    if earlier is None:
        return later
    kept = earlier if earlier.moving and not later.moving else later
    if kept.onset_s is not None or earlier.onset_s is None:
        return kept
    return replace(kept, onset_s=earlier.onset_s, still_s=earlier.still_s)
