"""Arming on the diagnostics page: its part of the status document, and the HTML of its controls and of the lock."""

from collections.abc import Mapping
from datetime import UTC, datetime

from agent.domain.arming import ArmingReason
from agent.domain.schedule import DAYS, STEP_MINUTES, schedule_document
from agent.domain.snooze import SnoozeReason, snooze_reason, snoozed_until
from agent.flow.status_board import StatusBoard
from agent.web import arming_patterns as pattern
from agent.web.documents import (
    ArmingDocument,
    CameraArmingDocument,
    CameraDocument,
    ScheduleStepDocument,
    StatusDocument,
)
from agent.web.languages import Language, msg
from agent.web.markup import Html, attribute, fill, join

REASONS: Mapping[ArmingReason, str] = {
    ArmingReason.SCHEDULE: msg("By its schedule."),
    ArmingReason.BY_HAND: msg("By hand."),
    ArmingReason.FROM_THE_START: msg("Nobody has said otherwise yet."),
    ArmingReason.TIME_UNKNOWN: msg("The schedule waits: this module does not know the time yet."),
}
SNOOZE_REFUSALS: Mapping[SnoozeReason, str] = {
    SnoozeReason.NO_LEASE: msg("No snooze: this module has no lease yet."),
    SnoozeReason.LEASE_OVER: msg("No snooze: the lease is over."),
    SnoozeReason.CAMERA_NOT_CONFIRMED: msg("No snooze: confirm this camera on the owner's page first."),
    SnoozeReason.MODEL_NOT_ELIGIBLE: msg("No snooze: no plan of this region covers a camera of this model."),
    SnoozeReason.NOT_ENTITLED: msg("No snooze: this camera's plan has none in this region."),
}
REFUSED: Mapping[str, str] = {
    "wrong_key": msg("This is not the key of this module."),
    "too_many_attempts": msg("Too many wrong keys: wait a minute."),
    "locked": msg("The page is locked again."),
    "not_entitled": msg("The plan does not allow it."),
    "bad_arguments": msg("This cannot be taken: two steps at the same time, or a time zone that does not exist."),
    "failed": msg("The module could not do it; its log says why."),
}
DAY_NAMES: Mapping[str, str] = {
    "mon": msg("Monday"),
    "tue": msg("Tuesday"),
    "wed": msg("Wednesday"),
    "thu": msg("Thursday"),
    "fri": msg("Friday"),
    "sat": msg("Saturday"),
    "sun": msg("Sunday"),
}
SNOOZE_MINUTES = (30, 60, 120, 480, 1440)


def arming_document(board: StatusBoard, say: Language) -> ArmingDocument:
    """Say what is armed and why, and what changes it next."""
    now = board.arming.now
    schedule = schedule_document(board.arming.schedule)
    then = now.then
    next_text = "" if then is None else say.say(msg("Arms at")) if then.armed else say.say(msg("Disarms at"))
    steps = [] if board.arming.schedule is None or schedule is None else schedule["steps"]
    return ArmingDocument(
        reason=now.reason.value,
        text=say.say(REASONS[now.reason]),
        next_at=None if then is None else _rfc3339(then.at),
        next_text=next_text,
        time_zone=None if board.arming.schedule is None else board.arming.schedule.time_zone,
        steps=[ScheduleStepDocument(**step) for step in steps] if isinstance(steps, list) else [],
    )


def camera_arming(board: StatusBoard, camera_id: str, now: datetime, say: Language) -> CameraArmingDocument:
    """Say whether a camera's switch is on, until when it is snoozed, and what stands against a snooze."""
    until = snoozed_until(board.arming.snoozed.get(camera_id), now)
    reason = snooze_reason(board.link.lease, camera_id, now.timestamp())
    return CameraArmingDocument(
        motion_on=camera_id not in board.arming.switched_off,
        snoozed_until=None if until is None else _rfc3339(until),
        may_snooze=reason is SnoozeReason.ALLOWED,
        snooze_refused=say.say(SNOOZE_REFUSALS[reason]) if reason in SNOOZE_REFUSALS else "",
    )


def lock_html(say: Language) -> Html:
    """Write the bar that unlocks the page and locks it again."""
    return fill(
        pattern.LOCK,
        locked=say.say("This page only shows. To change things, run `veilleur-agent unlock` on the module."),
        key=say.say("Key of the module"),
        unlock=say.say("Unlock"),
        unlocked=say.say("Unlocked: you can change things here."),
        lock=say.say("Lock again"),
        refused=join(fill(pattern.REFUSED, code=code, text=say.say(text)) for code, text in REFUSED.items()),
    )


def arming_html(status: StatusDocument, say: Language) -> Html:
    """Write the card of the module's arming, snooze and schedule."""
    quarters = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(0, 24 * 60, STEP_MINUTES)]
    return fill(
        pattern.ARMING,
        title=say.say("Arming"),
        armed=attribute("hidden", on=status.armed),
        disarmed=attribute("hidden", on=not status.armed),
        armed_text=say.say("Armed"),
        disarmed_text=say.say("Disarmed: nothing is recorded"),
        arm=say.say("Arm"),
        disarm=say.say("Disarm"),
        reason=status.arming.text,
        next_text=status.arming.next_text,
        snooze=snooze_html(say.say("Snooze every camera"), say.say("Snooze every camera"), say),
        schedule=say.say("Weekly schedule"),
        time_zone=say.say("Time zone"),
        zone=status.arming.time_zone or "",
        no_steps=say.say("No steps: the module stays as it was set by hand."),
        add=say.say("Add a step"),
        save=say.say("Save the schedule"),
        day=say.say("Day"),
        days=join(fill(pattern.OPTION, value=day, text=say.say(DAY_NAMES[day])) for day in DAYS),
        at=say.say("Time"),
        times=join(fill(pattern.OPTION, value=quarter, text=quarter) for quarter in quarters),
        act=say.say("What to do"),
        remove=say.say("Remove this step"),
        saved=say.say("Saved."),
    )


def camera_arming_html(camera: CameraDocument, say: Language) -> Html:
    """Write one camera's switch and snooze."""
    return fill(
        pattern.CAMERA,
        motion=say.say("Records motion"),
        on=attribute("checked", on=camera.arming.motion_on),
        snooze=snooze_html(say.say("Snooze %(name)s", name=camera.name), say.say("Snooze"), say),
        snoozed_text=say.say("Motion alerts nobody until"),
        awake=attribute("hidden", on=not camera.arming.snoozed_until),
        refused=camera.arming.snooze_refused,
    )


def snooze_html(label: str, choose: str, say: Language) -> Html:
    """Write the choice of a snooze."""
    choices = [
        fill(pattern.OPTION, value=str(minutes), text=say.say("Snooze for %(span)s", span=say.span(minutes * 60)))
        for minutes in SNOOZE_MINUTES
    ]
    wake = fill(pattern.OPTION, value="0", text=say.say("End the snooze"))
    return fill(pattern.SNOOZE, label=label, choose=choose, choices=join([*choices, wake]))


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
