"""A live view's decision: how long it may last, whether it may be saved, when it asks to be continued, when it ends."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from agent.domain.lease import Cover, Lease, LeaseState, lease_state

EXTENDED_FEATURE: Final = "extended_live_view"
SAVING_FEATURE: Final = "live_view_recording"
NORMAL_LIMIT_S: Final = 300.0
EXTENDED_LIMIT_S: Final = 5400.0
CONTINUE_EVERY_S: Final = 30.0
ANSWER_WITHIN_S: Final = 10.0


class LiveKind(StrEnum):
    """Whether a view has the normal limit or the extended one."""

    NORMAL = "normal"
    EXTENDED = "extended"


class LiveReason(StrEnum):
    """Why something beyond a normal view is granted, or what stands against it."""

    ALLOWED = "allowed"
    NOT_ASKED = "not_asked"
    NO_LEASE = "no_lease"
    LEASE_OVER = "lease_over"
    CAMERA_NOT_CONFIRMED = "camera_not_confirmed"
    MODEL_NOT_ELIGIBLE = "model_not_eligible"
    NOT_ENTITLED = "not_entitled"
    EXTENDED_NOT_SAVED = "extended_not_saved"


class LiveEnd(StrEnum):
    """Why a view ended."""

    LIMIT = "limit"
    NOT_ANSWERED = "not_answered"
    LEFT = "left"
    STOPPED = "stopped"
    LOGGED_OUT = "logged_out"
    REVOKED = "revoked"


class LiveDue(StrEnum):
    """What is due in a running view."""

    NOTHING = "nothing"
    ASK = "ask"
    END_LIMIT = "end_limit"
    END_NOT_ANSWERED = "end_not_answered"


@dataclass(frozen=True, slots=True)
class LiveGrant:
    """What a viewer gets. The view itself is always granted (R010); `extended` and `saving` say why they are or not."""

    kind: LiveKind
    limit_s: float
    extended: LiveReason
    saving: LiveReason

    @property
    def saved(self) -> bool:
        """Say whether this view becomes a clip."""
        return self.saving is LiveReason.ALLOWED


@dataclass(frozen=True, slots=True)
class LiveClock:
    """A running view in monotonic seconds; `asked_s` is set while "continue?" waits for its answer.

    An extended view asks nothing: it is for whoever wants to look for long.
    """

    ends_s: float
    next_ask_s: float
    asked_s: float | None = None

    def due(self, now_s: float) -> LiveDue:
        """Say what is due at `now_s`; the limit comes before a question."""
        if now_s >= self.ends_s:
            return LiveDue.END_LIMIT
        if self.asked_s is not None:
            return LiveDue.END_NOT_ANSWERED if now_s >= self.asked_s + ANSWER_WITHIN_S else LiveDue.NOTHING
        return LiveDue.ASK if now_s >= self.next_ask_s else LiveDue.NOTHING

    def next_s(self) -> float:
        """Return when something is due next."""
        waits_until_s = self.next_ask_s if self.asked_s is None else self.asked_s + ANSWER_WITHIN_S
        return min(self.ends_s, waits_until_s)

    def asked(self) -> "LiveClock":
        """Return the view after its question; the next one comes a whole period later."""
        return replace(self, asked_s=self.next_ask_s, next_ask_s=self.next_ask_s + CONTINUE_EVERY_S)

    def answered(self) -> "LiveClock":
        """Return the view after an answer; one that nobody asked for changes nothing."""
        return replace(self, asked_s=None)


def begin_view(grant: LiveGrant, now_s: float) -> LiveClock:
    """Return the clock of a view that begins at `now_s` (monotonic seconds)."""
    ends_s = now_s + grant.limit_s
    return LiveClock(ends_s, now_s + CONTINUE_EVERY_S if grant.kind is LiveKind.NORMAL else ends_s)


def grant_view(lease: Lease | None, camera_id: str, now_s: float, *, extended: bool, save: bool) -> LiveGrant:
    """Decide what a viewer gets at civil time `now_s` (POSIX seconds).

    Extended (R079, R092) and saved (R091) where the lease has the feature for this camera; an extended view that is
    refused is granted at normal length, and an extended one is never saved.
    """
    longer = _reason(lease, camera_id, now_s, EXTENDED_FEATURE) if extended else LiveReason.NOT_ASKED
    kind = LiveKind.EXTENDED if longer is LiveReason.ALLOWED else LiveKind.NORMAL
    saving = LiveReason.NOT_ASKED
    if save:
        is_extended = kind is LiveKind.EXTENDED
        saving = LiveReason.EXTENDED_NOT_SAVED if is_extended else _reason(lease, camera_id, now_s, SAVING_FEATURE)
    return LiveGrant(kind, EXTENDED_LIMIT_S if kind is LiveKind.EXTENDED else NORMAL_LIMIT_S, longer, saving)


def _reason(lease: Lease | None, camera_id: str, now_s: float, feature: str) -> LiveReason:
    """Name what fails. A covered camera without the feature is of a model, or in a region, whose plan has it not."""
    if lease is None:
        return LiveReason.NO_LEASE
    if lease_state(lease, now_s) is LeaseState.OVER:
        return LiveReason.LEASE_OVER
    camera = lease.cameras.get(camera_id)
    if camera is None or camera.why is Cover.CAMERA_NOT_CONFIRMED:
        return LiveReason.CAMERA_NOT_CONFIRMED
    if feature in camera.features:
        return LiveReason.ALLOWED
    by_model = feature == EXTENDED_FEATURE and camera.why in {Cover.PLAN, Cover.TRIAL}
    if by_model or camera.why is Cover.MODEL_NOT_ELIGIBLE:
        return LiveReason.MODEL_NOT_ELIGIBLE
    return LiveReason.NOT_ENTITLED
