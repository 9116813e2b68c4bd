"""Repairs a camera's timestamps: pure arithmetic on ticks, so that decoding times rise strictly whatever was sent."""

from dataclasses import dataclass
from fractions import Fraction

LONGEST_LEAD_S = 1.0
"""How far repaired stamps may run ahead of the camera's before its clock is believed to have jumped."""

LONGEST_SKEW_S = 2.0
"""How far sound may stand from the newest picture before its own stamps are not believed."""

LONGEST_REORDER_S = 2.0
"""How far presentation may lie after decoding (16 frames at 8 per second); more is a broken stamp."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """The repaired times of one packet, in ticks of the stream's time base; `dts` counts from the first packet's 0."""

    pts: int
    dts: int
    duration: int


class StampRepair:
    """Repairs one opening of a stream, packet by packet, in decoding order.

    Small faults (a stamp that is missing, repeated or goes back by less than a second) are bridged by the nominal
    frame interval and caught up with as soon as the camera's own stamps allow, so that a clip keeps its true length.
    Large ones (a clock set, a counter that wraps, a gap longer than `longest_gap_s`) cost exactly one nominal interval.
    `first` is what a very first packet without a stamp is taken to say.
    """

    def __init__(
        self, *, time_base: Fraction, nominal_fps: float, longest_gap_s: float, first: int | None = None
    ) -> None:
        self._first = first
        self._interval = max(1, round(1 / (nominal_fps * time_base)))
        self._longest_gap = max(self._interval, int(longest_gap_s / time_base))
        self._longest_lead = max(self._interval, int(LONGEST_LEAD_S / time_base))
        self._longest_reorder = int(LONGEST_REORDER_S / time_base)
        self._offset = 0
        self._camera_dts: int | None = None
        self._last_dts = -1

    @property
    def newest_dts(self) -> int:
        """Return the repaired decoding time of the newest packet, -1 before the first."""
        return self._last_dts

    def at(self, camera_ticks: int) -> int:
        """Return where a stamp of the same clock lies after the repair: sound goes along with its picture."""
        return camera_ticks + self._offset

    def restart(self) -> None:
        """Say that the next packet follows a cut (a looped file): it is placed one nominal interval later."""
        self._camera_dts = None

    def step(self, pts: int | None, dts: int | None, duration: int | None = None) -> Stamp:
        """Repair the stamps of the next packet. `None` is a stamp that the camera did not give."""
        given = dts if dts is not None else pts
        if given is None:
            given = self._first
        self._first = None
        repaired = self._place(given)
        reorder = pts - dts if pts is not None and dts is not None else 0
        if not 0 <= reorder <= self._longest_reorder:
            reorder = 0
        self._last_dts = repaired
        lasts = duration if duration is not None and 0 < duration <= self._longest_gap else self._interval
        return Stamp(repaired + reorder, repaired, lasts)

    def _place(self, given: int | None) -> int:
        previous = self._camera_dts
        if previous is None:
            if given is not None:
                self._camera_dts = given
                self._offset = self._next_nominal() - given
            return self._next_nominal()
        camera = previous + self._interval if given is None else given
        self._camera_dts = camera
        moved = camera - previous
        ideal = camera + self._offset
        lead = self._last_dts - ideal
        if moved > self._longest_gap or lead > self._longest_lead:
            self._offset = self._next_nominal() - camera
            return self._next_nominal()
        if moved <= 0:
            return self._next_nominal()
        return max(ideal, self._last_dts + 1)

    def _next_nominal(self) -> int:
        return 0 if self._last_dts < 0 else self._last_dts + self._interval


class SoundPlacement:
    """Places sound beside repaired pictures: on the pictures' clock, and strictly rising.

    Sound whose stamps are missing, or lie far from the newest picture (its clock jumped, or the pictures' did and its
    own will follow), is joined to the sound before it, and to the newest picture when that is far away too.
    """

    def __init__(self, pictures: StampRepair, *, time_base: Fraction) -> None:
        self._pictures = pictures
        self._longest_skew = int(LONGEST_SKEW_S / time_base)
        self._last = -1
        self._next = -1

    def step(self, given: int | None, lasts: int) -> int:
        """Return the place of the next sound, which lasts `lasts` ticks; `given` is the camera's stamp in ticks."""
        place = self._next if given is None else self._pictures.at(given)
        if not self._near(place):
            place = self._next if self._near(self._next) else max(0, self._pictures.newest_dts)
        self._last = max(place, self._last + 1)
        self._next = self._last + lasts
        return self._last

    def _near(self, ticks: int) -> bool:
        return ticks >= 0 and abs(ticks - self._pictures.newest_dts) <= self._longest_skew
