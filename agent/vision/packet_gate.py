"""When a camera's pictures need not be decoded: learnt from what its packets said before the motions that were seen."""

from collections import deque
from dataclasses import dataclass
from math import log2

from agent.vision.motion import MotionReading

MOTIONS_TO_TRUST = 10
"""Motions in a row that the packets told of, in light like now's, before anything is slept through."""
MOTIONS_KEPT = 30
LIKE_NOW_OCTAVES = 0.5
"""At night noise fills packets and motion shows less: motions count only where quiet packets were about as large."""
LEAST_MARGIN_OCTAVES = 0.3
"""Packets a fifth smaller than before the least motion still wake; more where motions differ among each other."""
LEAST_BYTES = 128
"""A picture whose blocks are all taken over from the last one has less, and how much less says nothing."""
LEAST_THRESHOLD_OCTAVES = 0.2
STILL_GROUPS_KEPT = 30
STILL_SHARE = 0.9
"""Woken by one still group of pictures in ten at most, where motions allow: the smaller a signal wakes, the better."""
SIGNAL_S = 0.1
"""Time constant: one odd packet (a scene's refresh, a lost one) is no motion, and three pictures of one are."""
QUIET_OCTAVES_PER_S = 0.1
"""How fast the size of quiet packets is followed: dusk takes half an hour, an object a second."""
FALLEN_OCTAVES = 1.0
FALLEN_FOR_S = 1.0
"""Packets half as large for a second come from another scene: the lens is covered, the light is off."""
SETTLE_S = 5.0
"""Awake after each opening; in the very first seconds the size of quiet packets is their mean."""
HOLD_S = 2.0
"""Awake for so long after anything was told, by packets or by a picture."""
SUSPICIOUS = 0.5
"""Of the threshold: a picture with this score is looked at more closely."""
AUDIT_EVERY_S = 300.0
AUDIT_S = 30.0
"""A tenth of the time all is decoded whatever the packets say, so that what they miss is found out."""
MOST_WAKING_S = 0.2
"""CPU seconds to decode what was slept through since the last keyframe."""
MOST_ASLEEP_S = 4.0
"""Between two keyframes; with less often a picture the camera would count as blind."""


@dataclass(frozen=True, slots=True)
class GateReport:
    """What a gate did: seconds of video heard and slept through, motions that prove it now, and missed ones.

    A missed motion is one that pictures showed and packets did not tell of; `trusted` says that it may sleep.
    `possible` is false where every picture is needed anyway, or comes in another order than its packet.
    """

    heard_s: float
    asleep_s: float
    motions: int
    missed: int
    trusted: bool
    possible: bool = True


@dataclass(frozen=True, slots=True)
class _Evidence:
    """The largest signal between the last still look and the decision, and how large quiet packets were then."""

    peak: float
    quiet: float


class PacketGate:
    """Decides for each packet of one camera whether its picture is decoded; pure, no clock, kept over its openings.

    The signal is how much larger packets are than quiet ones, in octaves. While the gate is awake every motion that
    the detector decides is held against it. After `MOTIONS_TO_TRUST` of them it sleeps: keyframes alone are decoded,
    until packets grow beyond what still pictures have, and at the latest to what the least of those motions showed
    (less a margin), until a keyframe shows anything, or pictures are asked for. One motion that the packets did not
    tell of ends the trust.
    """

    def __init__(self) -> None:
        self._evidence: deque[_Evidence] = deque(maxlen=MOTIONS_KEPT)
        self._still_highs: deque[float] = deque(maxlen=STILL_GROUPS_KEPT)
        self._missed = 0
        self._heard_s = self._asleep_s = 0.0
        self._quiet: float | None = None
        self._asked = False
        self.begin()

    def begin(self) -> None:
        """Take a new opening of the camera: its times start anew, what was learnt stays."""
        self._first_s: float | None = None
        self._last_s = 0.0
        self._signal = self._lately = 0.0
        self._signals: deque[tuple[float, float]] = deque()
        self._still_s = float("-inf")
        self._was_moving = False
        self._awake_until_s = float("-inf")
        self._group_pictures = self._pictures = 0
        self._group_high, self._group_still = float("-inf"), False
        self._keyframe_s: float | None = None
        self._group_s = float("inf")
        self._threshold: float | None = None
        self._possible = True

    def stand_down(self) -> None:
        """Note that every picture of this opening is decoded, whatever the packets say."""
        self._possible = False

    def ask(self) -> None:
        """Wake for somebody who wants pictures; callable from any thread."""
        self._asked = True

    def awake(self, at_s: float, size_bytes: int, *, is_keyframe: bool, decode_s: float) -> bool:
        """Take the next packet, shown at `at_s` (media seconds, rising): say whether pictures are decoded now.

        If so, what was slept through since the newest keyframe comes first; a keyframe is decoded in any case.
        `decode_s` is what decoding one picture costs at present, in CPU seconds.
        """
        step_s = 0.0 if self._first_s is None else min(1.0, max(0.0, at_s - self._last_s))
        self._first_s = at_s if self._first_s is None else self._first_s
        self._last_s = at_s
        if is_keyframe:
            self._begin_group(at_s)
        else:
            self._pictures += 1
            self._hear(log2(max(LEAST_BYTES, size_bytes)), at_s, step_s)
        awake = self._must_wake(at_s, decode_s)
        self._group_still = self._group_still and awake
        self._heard_s += step_s
        self._asleep_s += 0.0 if awake else step_s
        return awake

    def saw(self, reading: MotionReading) -> None:
        """Take what the detector said of a picture."""
        if reading.score >= SUSPICIOUS * reading.threshold or reading.moving or reading.light_change:
            self._group_still = False
            self._awake_until_s = max(self._awake_until_s, reading.at_s + HOLD_S)
        if reading.moving and not self._was_moving:
            self._hold_against(reading.at_s)
        self._was_moving = reading.moving
        if not reading.moving and reading.score < reading.threshold:
            self._still_s = reading.at_s

    def report(self) -> GateReport:
        """Say what was done so far; callable from any thread."""
        return GateReport(
            round(self._heard_s, 3),
            round(self._asleep_s, 3),
            len(self._evidence),
            self._missed,
            self._threshold is not None,
            self._possible,
        )

    def _begin_group(self, at_s: float) -> None:
        if self._keyframe_s is not None:
            self._group_pictures, self._group_s = self._pictures, at_s - self._keyframe_s
        if self._group_still:
            self._still_highs.append(self._group_high)
        self._group_high, self._group_still = float("-inf"), True
        self._keyframe_s, self._pictures = at_s, 0
        self._threshold = self._learnt()
        while self._signals and self._signals[0][0] < at_s - 2 * MOST_ASLEEP_S:
            self._signals.popleft()

    def _hear(self, octaves: float, at_s: float, step_s: float) -> None:
        if self._quiet is None:
            self._quiet = octaves
        excess = octaves - self._quiet
        self._signal += (excess - self._signal) * min(1.0, step_s / SIGNAL_S)
        self._lately += (excess - self._lately) * min(1.0, step_s / FALLEN_FOR_S)
        self._signals.append((at_s, self._signal))
        self._group_high = max(self._group_high, self._signal)
        if self._heard_s < SETTLE_S:
            self._quiet += excess * min(1.0, step_s / max(step_s, self._heard_s, 1e-3))
        elif not self._was_moving:
            self._quiet += min(step_s * QUIET_OCTAVES_PER_S, abs(excess)) * (1 if excess > 0 else -1)

    def _must_wake(self, at_s: float, decode_s: float) -> bool:
        if self._asked:
            self._asked = False
            self._awake_until_s = max(self._awake_until_s, at_s + HOLD_S)
        threshold, since_s = self._threshold, at_s - (self._first_s or 0.0)
        if threshold is None or since_s < SETTLE_S or since_s % AUDIT_EVERY_S < AUDIT_S:
            return True
        if self._signal > threshold or self._lately < -FALLEN_OCTAVES:
            self._awake_until_s = max(self._awake_until_s, at_s + HOLD_S)
        pictures = max(self._group_pictures, self._pictures)
        too_long = self._group_s > MOST_ASLEEP_S or pictures * decode_s > MOST_WAKING_S
        return at_s < self._awake_until_s or too_long

    def _hold_against(self, decided_s: float) -> None:
        """Keep what the packets said of a motion that was just decided; mistrust them if it was too little."""
        if self._quiet is None:
            return
        said = (signal for at_s, signal in self._signals if self._still_s < at_s <= decided_s)
        peak = max(said, default=self._signal)
        if self._threshold is not None and peak <= self._threshold:
            self._missed += 1
            self._evidence.clear()
        self._evidence.append(_Evidence(peak, self._quiet))
        self._threshold = self._learnt()

    def _learnt(self) -> float | None:
        """Return the signal that wakes, or `None` while too little is known, or motion shows no more than quiet."""
        if self._quiet is None:
            return None
        quiet = self._quiet
        peaks = sorted(each.peak for each in self._evidence if abs(each.quiet - quiet) <= LIKE_NOW_OCTAVES)
        if len(peaks) < MOTIONS_TO_TRUST:
            return None
        least, middle = peaks[0], peaks[len(peaks) // 2]
        threshold = least - max(LEAST_MARGIN_OCTAVES, (middle - least) / 2)
        if self._still_highs:
            highs = sorted(self._still_highs)
            still = highs[round(STILL_SHARE * (len(highs) - 1))]
            threshold = min(threshold, max(LEAST_THRESHOLD_OCTAVES, still))
        return threshold if threshold > 0.0 else None
