"""What a motion detector says about one small picture."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MotionReading:
    """One analysed picture. Areas are shares of the picture (0..1), the box is (x, y, width, height) in shares.

    `moving` is the debounced decision; `light_change` says that the whole picture changed at once (the alert is
    suppressed, the evidence is not); `score` over `threshold` is what made it fire; `follows` says that it is near
    where something was at the look before, without which it neither begins a motion nor keeps one going. `onset_s`
    (where something begins), `picture` (a small JPEG, while it lasts) and `sensitivity` (1 to 9, where one is set)
    are the words of who feeds the detector.
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
    picture: bytes | None = None
    sensitivity: int | None = None
