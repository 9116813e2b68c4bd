"""Whether a motion is mailed to its owner: read from `event_motion_v1.json`, decided from settings and the clock."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cloud_stub.domain.alert_records import Alert, AlertMail, AlertSettings, AlertVerdict, MailState

NEWS_FOR: Final = timedelta(minutes=10)
"""A motion that reaches the cloud later is no news: it stood in a module that was cut off."""
AHEAD: Final = timedelta(minutes=2)
"""Further in the future a module's clock is wrong."""
SAME_MOTION_WITHIN: Final = timedelta(seconds=60)
"""So long a person belongs to the motion before, where no clip says so."""
SENT_WITHIN: Final = timedelta(hours=1)
"""A mail that no server took by then is not sent any more."""
LONGEST_ID: Final = 64
NEVER_LISTED: Final = frozenset({AlertVerdict.SNOOZED, AlertVerdict.LIGHT_CHANGE, AlertVerdict.TOLD_ALREADY})


@dataclass(frozen=True, slots=True)
class MotionTold:
    """What a module says of a motion; `is_person` is its later word that somebody was seen."""

    event_id: str
    camera_id: str
    clip_id: str | None
    at: datetime
    clock_trusted: bool
    is_person: bool
    person: bool
    light_change: bool
    snoozed_until: datetime | None


def read_motion(payload: bytes) -> MotionTold | None:
    """Return the motion of a `started` or `person` event; `None` for any other and for one that says too little."""
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("phase") not in ("started", "person"):
        return None
    event_id, camera_id, at = _id(said, "event_id"), _id(said, "camera_id"), _moment(said.get("at"))
    if not event_id or not camera_id or at is None:
        return None
    persons = said.get("persons")
    return MotionTold(
        event_id=event_id,
        camera_id=camera_id,
        clip_id=_id(said, "clip_id") or None,
        at=at,
        clock_trusted=said.get("clock_trusted") is True,
        is_person=said["phase"] == "person",
        person=said["phase"] == "person" or (isinstance(persons, list) and bool(persons)),
        light_change=said.get("light_change") is True,
        snoozed_until=_moment(said.get("snoozed_until")),
    )


def decide(
    told: MotionTold, settings: AlertSettings, earlier: Alert | None, mailed_at: datetime | None, now: datetime
) -> AlertVerdict:
    """Return what becomes of a motion that arrives at `now` (civil time).

    `earlier` is the alert of the same motion, if there is one; `mailed_at` when this camera was mailed of last. The
    first reason that stands against a mail counts: the motion's own, then its age, then the owner's wishes.
    """
    snoozed = told.snoozed_until is not None and told.snoozed_until > told.at
    next_at = mailed_at and mailed_at + timedelta(minutes=settings.every_minutes)
    stands_against = (
        (told.light_change, AlertVerdict.LIGHT_CHANGE),
        (snoozed, AlertVerdict.SNOOZED),
        (earlier is not None and earlier.mail_state is not MailState.NONE, AlertVerdict.TOLD_ALREADY),
        (not told.clock_trusted or told.at > now + AHEAD, AlertVerdict.TIME_UNKNOWN),
        (told.at < now - NEWS_FOR, AlertVerdict.STALE),
        (settings.mail is AlertMail.OFF, AlertVerdict.MAIL_OFF),
        (settings.mail is AlertMail.PERSONS and not told.person, AlertVerdict.NO_PERSON),
        (mailed_at is not None and next_at is not None and mailed_at <= now < next_at, AlertVerdict.TOO_SOON),
    )
    return next((verdict for holds, verdict in stands_against if holds), AlertVerdict.MAIL)


def still_wanted(alert: Alert, settings: AlertSettings, state: str | None, now: datetime) -> AlertVerdict:
    """Return `MAIL`, or why a mail that waits is not sent any more: too old, switched off, or snoozed since."""
    if now > alert.received_at + SENT_WITHIN:
        return AlertVerdict.STALE
    if settings.mail is AlertMail.OFF:
        return AlertVerdict.MAIL_OFF
    until = snoozed_until(state, alert.camera_id)
    return AlertVerdict.SNOOZED if until is not None and until > now else AlertVerdict.MAIL


def snoozed_until(state: str | None, camera_id: str) -> datetime | None:
    """Return until when the last state of a module says that a camera is snoozed."""
    try:
        said = json.loads(state or "{}")
    except (ValueError, RecursionError):
        return None
    cameras = said.get("cameras") if isinstance(said, dict) else None
    camera = cameras.get(camera_id) if isinstance(cameras, dict) else None
    return _moment(camera.get("snoozed_until")) if isinstance(camera, dict) else None


def _id(document: Mapping[str, object], key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable() else ""


def _moment(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None
