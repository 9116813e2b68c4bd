"""The life cycle of a motion clip: one table, its deadlines in media time, and its diagram."""

from dataclasses import dataclass, replace
from enum import StrEnum


class ClipPhase(StrEnum):
    """Where a camera is; the word stands in `state.cameras.*.phase`."""

    IDLE = "idle"
    RECORDING = "recording"
    POST_ROLL = "post_roll"
    WAITING = "waiting"
    WAITING_IN_MOTION = "waiting_in_motion"


class Signal(StrEnum):
    """What can happen to a camera's clip."""

    MOTION_STARTED = "motion_started"
    MOTION_STOPPED = "motion_stopped"
    POST_ROLL_OVER = "post_roll_over"
    LONGEST_REACHED = "longest_reached"
    WAIT_OVER = "wait_over"
    CAMERA_LOST = "camera_lost"
    DISARMED = "disarmed"
    LIVE_VIEW = "live_view"
    STOP = "stop"


class Act(StrEnum):
    """What the recorder must do on a step."""

    NOTHING = "nothing"
    OPEN = "open"
    CLOSE = "close"


_P, _S, _A = ClipPhase, Signal, Act

TABLE: dict[tuple[ClipPhase, Signal], tuple[ClipPhase, Act]] = {
    (_P.IDLE, _S.MOTION_STARTED): (_P.RECORDING, _A.OPEN),
    (_P.RECORDING, _S.MOTION_STOPPED): (_P.POST_ROLL, _A.NOTHING),
    (_P.RECORDING, _S.LONGEST_REACHED): (_P.WAITING_IN_MOTION, _A.CLOSE),
    (_P.RECORDING, _S.CAMERA_LOST): (_P.IDLE, _A.CLOSE),
    (_P.RECORDING, _S.DISARMED): (_P.IDLE, _A.CLOSE),
    (_P.RECORDING, _S.LIVE_VIEW): (_P.WAITING_IN_MOTION, _A.CLOSE),
    (_P.RECORDING, _S.STOP): (_P.IDLE, _A.CLOSE),
    (_P.POST_ROLL, _S.MOTION_STARTED): (_P.RECORDING, _A.NOTHING),
    (_P.POST_ROLL, _S.POST_ROLL_OVER): (_P.WAITING, _A.CLOSE),
    (_P.POST_ROLL, _S.LONGEST_REACHED): (_P.WAITING, _A.CLOSE),
    (_P.POST_ROLL, _S.CAMERA_LOST): (_P.IDLE, _A.CLOSE),
    (_P.POST_ROLL, _S.DISARMED): (_P.IDLE, _A.CLOSE),
    (_P.POST_ROLL, _S.LIVE_VIEW): (_P.WAITING, _A.CLOSE),
    (_P.POST_ROLL, _S.STOP): (_P.IDLE, _A.CLOSE),
    (_P.WAITING, _S.MOTION_STARTED): (_P.WAITING_IN_MOTION, _A.NOTHING),
    (_P.WAITING, _S.WAIT_OVER): (_P.IDLE, _A.NOTHING),
    (_P.WAITING, _S.CAMERA_LOST): (_P.IDLE, _A.NOTHING),
    (_P.WAITING, _S.DISARMED): (_P.IDLE, _A.NOTHING),
    (_P.WAITING, _S.STOP): (_P.IDLE, _A.NOTHING),
    (_P.WAITING_IN_MOTION, _S.MOTION_STOPPED): (_P.WAITING, _A.NOTHING),
    (_P.WAITING_IN_MOTION, _S.WAIT_OVER): (_P.RECORDING, _A.OPEN),
    (_P.WAITING_IN_MOTION, _S.CAMERA_LOST): (_P.IDLE, _A.NOTHING),
    (_P.WAITING_IN_MOTION, _S.DISARMED): (_P.IDLE, _A.NOTHING),
    (_P.WAITING_IN_MOTION, _S.STOP): (_P.IDLE, _A.NOTHING),
}
"""Every pair that is not here changes nothing: a signal that comes twice, or a timer that is no longer wanted."""


@dataclass(frozen=True, slots=True)
class ClipTimes:
    """Seconds of media time. `longest_clip_s` counts the pre-roll (the cloud measures the whole file).

    Without `end_early` a clip lasts that long whatever moves; with it, it ends a post-roll after the motion.
    """

    pre_roll_s: float = 3.0
    post_roll_s: float = 5.0
    longest_clip_s: float = 60.0
    retrigger_wait_s: float = 10.0
    end_early: bool = True

    def capped(self, longest_clip_s: float | None) -> "ClipTimes":
        """Return these times under a lease's own longest clip, if it states one."""
        if longest_clip_s is None or longest_clip_s >= self.longest_clip_s:
            return self
        return replace(self, longest_clip_s=longest_clip_s)


LEAST_TO_COME_S = 3.0
"""What a clip that opens must still have room for; it would be over at once otherwise, and begun again."""


@dataclass(frozen=True, slots=True)
class ClipLife:
    """One camera's phase and its deadlines in media seconds; `None` where the phase has no such deadline."""

    phase: ClipPhase = ClipPhase.IDLE
    first_picture_s: float | None = None
    deadline_s: float | None = None

    def step(self, signal: Signal, at_s: float, times: ClipTimes) -> tuple["ClipLife", Act]:
        """Return the life after `signal` at media time `at_s`, and what to do now.

        After `Act.OPEN` the caller says with `opened` where the clip's first picture lies.
        """
        phase, act = TABLE.get((self.phase, signal), (self.phase, Act.NOTHING))
        if phase is self.phase:
            return self, act
        if phase is ClipPhase.POST_ROLL:
            ends_s = at_s + times.post_roll_s if times.end_early else None
            return ClipLife(phase, self.first_picture_s, ends_s), act
        if phase is ClipPhase.RECORDING:
            first_picture_s = at_s if act is Act.OPEN else self.first_picture_s
            return ClipLife(phase, first_picture_s), act
        if act is Act.CLOSE and phase in {ClipPhase.WAITING, ClipPhase.WAITING_IN_MOTION}:
            return ClipLife(phase, None, at_s + times.retrigger_wait_s), act
        if phase is ClipPhase.IDLE:
            return ClipLife(), act
        return ClipLife(phase, None, self.deadline_s), act

    def opened(self, first_picture_s: float) -> "ClipLife":
        """Return this life with the true start of its clip (the pre-roll's keyframe)."""
        return replace(self, first_picture_s=first_picture_s)

    def begins_at(
        self, first_s: float, until_s: float, times: ClipTimes, lease_longest_s: float | None
    ) -> float | None:
        """Return from where the length of a clip counts whose first keyframe lies at `first_s`; `None`: not yet.

        A camera may send one keyframe in 20 s, and a clip can only begin with one. Where that alone is longer than the
        longest clip, the length counts from the pre-roll that was asked for; the lease's own limit, which the cloud
        holds against the whole file, is never exceeded: then the clip waits for the next keyframe.
        """
        most_s = times.longest_clip_s - min(LEAST_TO_COME_S, times.longest_clip_s / 2)
        if until_s - first_s <= most_s:
            return first_s
        wanted_s = max(first_s, until_s - min(times.pre_roll_s, most_s))
        if lease_longest_s is None:
            return wanted_s
        latest_s = first_s + lease_longest_s - times.longest_clip_s
        begin_s = min(wanted_s, latest_s)
        return begin_s if until_s - begin_s <= most_s else None

    def due(self, until_s: float, times: ClipTimes) -> Signal | None:
        """Return the timer that a picture lasting until media time `until_s` would overrun, the longest clip first."""
        if self.first_picture_s is not None and until_s - self.first_picture_s > times.longest_clip_s:
            return Signal.LONGEST_REACHED
        if self.deadline_s is None or until_s <= self.deadline_s:
            return None
        return Signal.POST_ROLL_OVER if self.phase is ClipPhase.POST_ROLL else Signal.WAIT_OVER


def mermaid_diagram() -> str:
    """Draw the table as a Mermaid state diagram, in the table's order."""
    lines = ["stateDiagram-v2", "    [*] --> idle"]
    for (phase, signal), (after, act) in TABLE.items():
        label = signal.value if act is Act.NOTHING else f"{signal.value} / {act.value}"
        lines.append(f"    {phase.value} --> {after.value}: {label}")
    return "\n".join(lines) + "\n"


def clip_life_page() -> str:
    """Return docs/clip_life.md; a test holds the file to it."""
    times = ClipTimes()
    return f"""# The life of a motion clip

One table in `agent/domain/clip_life.py`; this page is written from it (`clip_life_page()`), and a test compares them.
A signal that is not drawn at a phase changes nothing there. Times are media time, all of them settings: pre-roll
{times.pre_roll_s:g} s, post-roll {times.post_roll_s:g} s, longest clip {times.longest_clip_s:g} s with its pre-roll \
(a lease may state less), retrigger wait {times.retrigger_wait_s:g} s.

```mermaid
{mermaid_diagram()}```
"""
